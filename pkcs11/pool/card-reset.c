/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/card-reset.h"

#include "ipc/base/child.h"

#define MAX_SECONDS 5

typedef struct {
    KysoChild *child;
    char *reader;
    guint timer;
    KysoCardResetDone done;
    gpointer user_data;
} Reset;

static gboolean
took_too_long(gpointer user_data)
{
    Reset *self = user_data;

    self->timer = 0;
    kyso_child_kill(self->child);
    return G_SOURCE_REMOVE;
}

static void
ended(KysoChild *child, int exit_code, int signal, gpointer user_data)
{
    Reset *self = user_data;

    if (exit_code != 0 || signal != 0)
        g_info("%s: the card was not reset (status %d, signal %d)", self->reader, exit_code,
               signal);
    if (self->timer != 0)
        g_source_remove(self->timer);
    self->done(self->user_data);
    g_object_unref(self->child);
    g_free(self->reader);
    g_free(self);
}

gboolean
kyso_card_reset_start(const char *program, const char *reader, KysoCardResetDone done,
                      gpointer user_data)
{
    const char *const argv[] = {program, reader, NULL};
    KysoChildSpec spec = {.argv = argv};
    g_autoptr(GError) error = NULL;

    Reset *self = g_new0(Reset, 1);
    self->child = kyso_child_start(&spec, ended, self, &error);
    if (self->child == NULL) {
        g_warning("%s", error->message);
        g_free(self);
        return FALSE;
    }
    self->reader = g_strdup(reader);
    self->done = done;
    self->user_data = user_data;
    self->timer = g_timeout_add_seconds(MAX_SECONDS, took_too_long, self);
    return TRUE;
}
