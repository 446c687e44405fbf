/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The signatures of a login: in order of asking, a few at a time in the worker. */

#include "pkcs11/pool/pool.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "pkcs11/pool/login-internal.h"

/* In the worker at once: both its threads busy and the next work there, yet few enough that a
 * deadline, which counts from here, is the token's and not the queue's. */
#define MAX_IN_FLIGHT 4
#define MAX_SIGNATURE 1024 /* bytes */

typedef struct {
    GTask *task; /* NULL: cancelled while the token works on it */
    KysoLogin *login;
    const char *algorithm;
    const char *hash; /* interned */
    GBytes *digest;
    KysoFd pin_fd; /* -1: none was typed for this one */
    guint deadline_ms;
    gboolean is_waiting;
    gulong cancel_handler;
} Signing;

static void signature_made(GObject *source, GAsyncResult *result, gpointer user_data);

static const char *
name_of(KysoSignAlgorithm algorithm)
{
    switch (algorithm) {
    case KYSO_SIGN_RSA_PKCS1:
        return "RSA-PKCS1";
    case KYSO_SIGN_RSA_PSS:
        return "RSA-PSS";
    case KYSO_SIGN_ECDSA:
        return "ECDSA";
    }
    g_return_val_if_reached("");
}

static void
signing_free(Signing *self)
{
    g_bytes_unref(self->digest);
    kyso_fd_close(self->pin_fd);
    g_object_unref(self->login);
    g_free(self);
}

/* The task, owned, after which nothing is told to the caller any more. */
static GTask *
signing_take_task(Signing *self)
{
    GTask *task = g_steal_pointer(&self->task);

    if (self->cancel_handler != 0) /* not g_cancellable_disconnect: may run inside the handler */
        g_signal_handler_disconnect(g_task_get_cancellable(task), self->cancel_handler);
    self->cancel_handler = 0;
    return task;
}

static void
signing_cancelled(GCancellable *cancellable, gpointer user_data)
{
    Signing *self = user_data;
    g_autoptr(GTask) task = signing_take_task(self);

    if (self->is_waiting) {
        g_queue_remove(&self->login->waiting, self);
        signing_free(self);
    }
    g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
}

static void
hand_over(Signing *self)
{
    json_t *params = json_object();

    json_object_set_new_nocheck(params, "login", json_integer(self->login->number));
    json_object_set_new_nocheck(params, "algorithm", json_string_nocheck(self->algorithm));
    json_object_set_new_nocheck(params, "hash", json_string(self->hash));
    json_object_set_new_nocheck(params, "digest", kyso_json_bytes(self->digest));
    if (self->pin_fd >= 0)
        json_object_set_new(params, "pin", json_pack("{s:i}", "fd", 0));
    self->is_waiting = FALSE;
    self->login->n_in_flight++;
    kyso_helper_call_async(self->login->helper, "token.sign", params, &self->pin_fd,
                           self->pin_fd >= 0 ? 1 : 0, self->deadline_ms, NULL, NULL, signature_made,
                           self);
    kyso_fd_clear(&self->pin_fd); /* our end must not keep the pipe open */
}

static void
hand_over_more(KysoLogin *login)
{
    while (login->fault == NULL && login->n_in_flight < MAX_IN_FLIGHT &&
           !g_queue_is_empty(&login->waiting))
        hand_over(g_queue_pop_head(&login->waiting));
}

void
kyso_login_fail_waiting(KysoLogin *login)
{
    while (!g_queue_is_empty(&login->waiting)) {
        Signing *signing = g_queue_pop_head(&login->waiting);
        g_autoptr(GTask) task = signing_take_task(signing);
        g_task_return_error(task, g_error_copy(login->fault));
        signing_free(signing);
    }
}

static GBytes *
read_signature(KysoReply *reply, GError **error)
{
    GBytes *signature = NULL;

    if (!kyso_json_get_bytes(reply->result, "signature", KYSO_JSON_REQUIRED, MAX_SIGNATURE,
                             &signature, error)) {
        (*error)->code = KYSO_ERROR_MODULE_FAILED;
        return NULL;
    }
    return signature;
}

/* Refusals, after which the login stands. */
static gboolean
is_refusal(const KysoLogin *login, const GError *error)
{
    if (error->domain != KYSO_ERROR)
        return FALSE;
    switch (error->code) {
    case KYSO_ERROR_MECHANISM_UNSUPPORTED:
    case KYSO_ERROR_NOT_SUPPORTED:
    case KYSO_ERROR_WRONG_PARAMETERS:
        return TRUE;
    case KYSO_ERROR_PIN_INCORRECT:
    case KYSO_ERROR_PIN_CANCELLED:
    case KYSO_ERROR_PROMPT_FAILED:
        return login->wants_pin_each_time;
    default:
        return FALSE;
    }
}

static void
signature_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Signing *self = user_data;
    g_autoptr(KysoLogin) login = g_object_ref(self->login);
    g_autoptr(GTask) task = self->task != NULL ? signing_take_task(self) : NULL;
    GBytes *signature = NULL;
    GError *error = NULL;

    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);
    if (reply != NULL)
        signature = read_signature(reply, &error);
    signing_free(self);

    login->n_in_flight--;
    if (error != NULL && login->fault == NULL) {
        error = kyso_lane_explain(login->lane, error);
        if (!is_refusal(login, error))
            kyso_login_break(login, error);
    } else if (error != NULL) {
        g_clear_error(&error); /* "killed": the first fault says why */
        error = g_error_copy(login->fault);
    }
    hand_over_more(login);

    if (task == NULL) {
        g_clear_pointer(&signature, g_bytes_unref);
        g_clear_error(&error);
    } else if (error != NULL) {
        g_task_return_error(task, error);
    } else {
        g_task_return_pointer(task, signature, (GDestroyNotify) g_bytes_unref);
    }
}

void
kyso_pool_sign_async(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                     GBytes *digest, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    kyso_pool_sign_with_pin_async(login, algorithm, hash, digest, -1, deadline_ms, cancellable,
                                  done, user_data);
}

void
kyso_pool_sign_with_pin_async(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                              GBytes *digest, int pin_fd, guint deadline_ms,
                              GCancellable *cancellable, GAsyncReadyCallback done,
                              gpointer user_data)
{
    GError *error = NULL;
    g_auto(KysoFd) pin = pin_fd >= 0 ? kyso_fd_dup(pin_fd, &error) : -1;
    g_autoptr(GTask) task = g_task_new(login, cancellable, done, user_data);

    g_task_set_check_cancellable(task, FALSE); /* we answer for cancelling ourselves */
    if (g_cancellable_is_cancelled(cancellable)) {
        g_clear_error(&error);
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
        return;
    }
    if (error == NULL && login->fault != NULL)
        error = g_error_copy(login->fault);
    if (error != NULL) {
        g_task_return_error(task, error);
        return;
    }

    Signing *self = g_new0(Signing, 1);
    self->task = g_steal_pointer(&task);
    self->login = g_object_ref(login);
    self->algorithm = name_of(algorithm);
    self->hash = g_intern_string(hash);
    self->digest = g_bytes_ref(digest);
    self->pin_fd = kyso_fd_steal(&pin);
    self->deadline_ms = deadline_ms;
    self->is_waiting = TRUE;
    if (cancellable != NULL)
        self->cancel_handler =
            g_signal_connect(cancellable, "cancelled", G_CALLBACK(signing_cancelled), self);
    g_queue_push_tail(&login->waiting, self);
    hand_over_more(login);
}

GBytes *
kyso_pool_sign_finish(KysoLogin *login, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, login), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}
