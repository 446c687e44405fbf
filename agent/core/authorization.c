/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/authorization.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ipc/base/error.h"

#define SAD_BYTES 16

static void
authorization_free(KysoAuthorization *self)
{
    if (self->expiry != 0)
        g_source_remove(self->expiry);
    g_object_unref(self->login);
    kyso_certificate_unref(self->certificate);
    g_free(self->sad);
    g_free(self);
}

GHashTable *
kyso_authorization_new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                 (GDestroyNotify) authorization_free);
}

static char *
new_sad(void)
{
    guint8 bytes[SAD_BYTES];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        g_error("getrandom: %s", g_strerror(errno));
    GString *text = g_string_sized_new(2 * SAD_BYTES);
    for (gsize i = 0; i < SAD_BYTES; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static gboolean
time_is_over(gpointer user_data)
{
    KysoAuthorization *self = user_data;

    self->expiry = 0;
    g_hash_table_remove(self->table, self->sad);
    return G_SOURCE_REMOVE;
}

const char *
kyso_authorization_add(GHashTable *table, const KysoAuthorizationSpec *spec)
{
    KysoAuthorization *self = g_new0(KysoAuthorization, 1);

    self->sad = new_sad();
    self->login = g_object_ref(spec->login);
    self->certificate = kyso_certificate_ref(spec->certificate);
    self->role = spec->role;
    self->connection = spec->connection;
    self->n_left = spec->n_signatures;
    self->table = table;
    self->expiry = g_timeout_add_seconds(spec->seconds, time_is_over, self);
    g_hash_table_insert(table, self->sad, self);
    return self->sad;
}

KysoAuthorization *
kyso_authorization_spend(GHashTable *table, const char *sad, KysoConnection *connection,
                         const KysoHashRequest *request, GError **error)
{
    KysoAuthorization *self = g_hash_table_lookup(table, sad);
    const char *why = NULL;

    if (self == NULL || self->connection != connection)
        why = "no such authorization on this connection";
    else if (strcmp(kyso_certificate_get_id(self->certificate), request->credential_id) != 0)
        why = "authorized for another credential";
    else if (self->n_left < request->n_signatures)
        why = "fewer signatures left than asked for";
    else if (!kyso_login_is_usable(self->login))
        why = "the token has gone";
    if (why != NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_AUTHORIZATION_INVALID, why);
        return NULL;
    }
    self->n_left -= request->n_signatures;
    return self;
}

void
kyso_authorization_end_if_used_up(KysoAuthorization *self)
{
    if (self->n_left == 0)
        g_hash_table_remove(self->table, self->sad);
}

void
kyso_authorization_forget_connection(KysoSigner *signer, KysoConnection *connection)
{
    GHashTableIter iter;
    KysoAuthorization *authorization;

    g_hash_table_iter_init(&iter, signer->authorizations);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *) &authorization))
        if (authorization->connection == connection)
            g_hash_table_iter_remove(&iter);
}
