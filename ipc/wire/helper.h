/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The agent's side of a helper process: starts it on first use, calls it with a deadline, kills it
 * when the deadline passes, and tells every waiting caller when it dies.
 *
 * After a death or a kill the object is spent: make a new one. Main thread only; nothing polls.
 */

#include <gio/gio.h>

#include "ipc/base/child.h"
#include "ipc/wire/channel.h"

#define KYSO_TYPE_HELPER (kyso_helper_get_type())
G_DECLARE_FINAL_TYPE(KysoHelper, kyso_helper, KYSO, HELPER, GObject)

/* What a call returns: the result object and its descriptors. */
typedef struct {
    json_t *result;
    KysoFdList *fds;
} KysoReply;
void kyso_reply_free(KysoReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoReply, kyso_reply_free)

/* The codes told to callers of this kind of helper. */
typedef struct {
    int crashed; /* KYSO_ERROR_TOKEN_CRASHED ... */
    int hung;    /* KYSO_ERROR_TOKEN_HUNG ... */
} KysoHelperFaults;

/* @argv (copied) starts the program with the service socket as descriptor 3. Not started yet. */
KysoHelper *kyso_helper_new(const char *const *argv, KysoHelperFaults faults);

/* Starts the program ahead of its first call, to have it ready then. A failure shows in that call.
 */
void kyso_helper_start(KysoHelper *self);

typedef void (*KysoHelperProgress)(const json_t *params, gpointer user_data);

/* Calls @method. @params is taken, @fds are borrowed (they are sent, or duplicated, before this
 * returns). Past @deadline_ms the process is killed. A cancelled @cancellable kills the process
 * too: PKCS#11 has no other way to stop a call. The GError of a failed call carries the helper's
 * own code; its details are in kyso_error_details(). */
void kyso_helper_call_async(KysoHelper *self, const char *method, json_t *params, const int *fds,
                            guint n_fds, guint deadline_ms, GCancellable *cancellable,
                            KysoHelperProgress progress, GAsyncReadyCallback done,
                            gpointer user_data);
KysoReply *kyso_helper_call_finish(KysoHelper *self, GAsyncResult *result, GError **error);

/* FALSE once it has died or was killed. TRUE before the first call. */
gboolean kyso_helper_is_usable(KysoHelper *self);
guint kyso_helper_get_pending(KysoHelper *self); /* calls not answered yet */
GPid kyso_helper_get_pid(KysoHelper *self);      /* 0: not running */

/* Closes the socket: an idle program ends by itself; SIGKILL follows after one second. */
void kyso_helper_retire(KysoHelper *self);
void kyso_helper_kill(KysoHelper *self);
