/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/consent.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ipc/base/clock.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* Ask the person -> log in with the PIN. */
static void person_answered(GObject *source, GAsyncResult *result, gpointer user_data);
static void logged_in(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoCredential *credential;
    KysoFd pin; /* read end; -1 with a keypad of the reader's own */
    gboolean is_again;
    GCancellable *cancellable; /* of the window: by the job's, or when the token leaves */
    gulong job_handler;
    KysoPool *pool; /* watched while the window is open */
    GArray *left_out;
} Question;

/* Nobody types a PIN for a token that is not there any more. */
static void
tokens_changed(KysoPool *pool, gpointer user_data)
{
    Question *self = user_data;

    if (!kyso_pool_has(pool, self->credential))
        g_cancellable_cancel(self->cancellable);
}

static void
job_cancelled(GCancellable *cancellable, gpointer user_data)
{
    Question *self = user_data;

    g_cancellable_cancel(self->cancellable);
}

static void
stop_watching(Question *self)
{
    if (self->pool != NULL)
        g_signal_handlers_disconnect_by_data(self->pool, self);
    g_clear_object(&self->pool);
    if (self->job_handler != 0)
        g_signal_handler_disconnect(kyso_job_cancellable(self->job), self->job_handler);
    self->job_handler = 0;
}

static void
start_watching(Question *self, KysoPool *pool)
{
    GCancellable *of_job = kyso_job_cancellable(self->job);

    self->cancellable = g_cancellable_new();
    self->job_handler = g_signal_connect(of_job, "cancelled", G_CALLBACK(job_cancelled), self);
    if (g_cancellable_is_cancelled(of_job))
        g_cancellable_cancel(self->cancellable);
    self->pool = g_object_ref(pool);
    g_signal_connect(pool, "changed", G_CALLBACK(tokens_changed), self);
    tokens_changed(pool, self);
}

static void
question_free(Question *self)
{
    stop_watching(self);
    g_clear_object(&self->cancellable);
    g_object_unref(self->job);
    kyso_credential_unref(self->credential);
    kyso_fd_clear(&self->pin);
    g_clear_pointer(&self->left_out, g_array_unref);
    g_free(self);
}

static KysoAsk
describe(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec, const char *not_after)
{
    KysoPeer *peer = kyso_job_peer(job);
    const KysoToken *token = spec->token;

    return (KysoAsk){
        .caller_executable = kyso_peer_executable(peer),
        .caller_unit = kyso_peer_unit(peer),
        .caller_pid = kyso_peer_pid(peer),
        .purpose = spec->purpose,
        .is_agency = spec->is_agency,
        .common_name = kyso_certificate_get_common_name(spec->certificate),
        .organization = kyso_certificate_get_organization(spec->certificate),
        .issuer = kyso_certificate_get_issuer_common_name(spec->certificate),
        .not_after = not_after,
        .token_label = token->label,
        .token_serial = token->serial,
        .tries_left = -1,
        .pin_count_low = (token->flags & KYSO_TOKEN_PIN_COUNT_LOW) != 0,
        .pin_final_try = (token->flags & KYSO_TOKEN_PIN_FINAL_TRY) != 0,
        .protected_path = (token->flags & KYSO_TOKEN_PROTECTED_PATH) != 0,
        .documents = spec->documents,
        .n_documents = spec->n_documents,
        .shows_each = spec->shows_each && spec->total == 0,
        .number = spec->number,
        .total = spec->total,
        .language = agent->configuration->language,
    };
}

static void
start_asking(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec, gboolean is_again,
             GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, kyso_job_cancellable(job), done, user_data);
    Question *question = g_new0(Question, 1);
    gboolean has_keypad = (spec->token->flags & KYSO_TOKEN_PROTECTED_PATH) != 0;
    int ends[2] = {-1, -1};
    GError *error = NULL;

    g_task_set_check_cancellable(task, FALSE);
    question->agent = agent;
    question->job = g_object_ref(job);
    question->credential = kyso_credential_ref(spec->credential);
    question->pin = -1;
    question->is_again = is_again;
    g_task_set_task_data(task, question, (GDestroyNotify) question_free);

    if ((spec->token->flags & KYSO_TOKEN_PIN_LOCKED) != 0) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_PIN_LOCKED, "the token is locked");
        return;
    }
    KysoPool *pool = kyso_agent_get_pool(agent, &error);
    if (pool == NULL) {
        g_task_return_error(task, error);
        return;
    }
    if (!has_keypad && pipe2(ends, O_CLOEXEC) < 0) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_INTERNAL, "pipe: %s",
                                g_strerror(errno));
        return;
    }
    question->pin = ends[0];
    start_watching(question, pool);

    g_autofree char *not_after =
        kyso_clock_to_rfc3339(kyso_certificate_get_not_after(spec->certificate));
    KysoAsk ask = describe(agent, job, spec, not_after);
    guint seconds = MAX(kyso_job_remaining_ms(job) / 1000, 1);
    kyso_prompt_ask_async(kyso_agent_get_prompt(agent), &ask, ends[1], seconds,
                          question->cancellable, person_answered, g_steal_pointer(&task));
    kyso_fd_close(ends[1]);
}

void
kyso_consent_ask_async(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec,
                       GAsyncReadyCallback done, gpointer user_data)
{
    start_asking(agent, job, spec, FALSE, done, user_data);
}

void
kyso_consent_ask_again_async(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec,
                             GAsyncReadyCallback done, gpointer user_data)
{
    start_asking(agent, job, spec, TRUE, done, user_data);
}

static void
person_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Question *question = g_task_get_task_data(task);
    g_autoptr(KysoPool) pool = g_object_ref(question->pool);
    GError *error = NULL;

    stop_watching(question);
    if (!kyso_prompt_ask_finish(KYSO_PROMPT(source), result, &question->left_out, &error)) {
        if (!kyso_pool_has(pool, question->credential)) {
            g_clear_error(&error);
            error = kyso_pool_explain_absence(pool, question->credential);
        }
        g_task_return_error(task, error);
        return;
    }
    if (question->is_again) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    kyso_pool_login_async(pool, question->credential, question->pin,
                          question->agent->configuration->token_ms,
                          kyso_job_cancellable(question->job), logged_in, g_steal_pointer(&task));
    kyso_fd_clear(&question->pin);
}

static void
logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;
    KysoLogin *login = kyso_pool_login_finish(KYSO_POOL(source), result, &error);

    if (login != NULL)
        g_task_return_pointer(task, login, g_object_unref);
    else
        g_task_return_error(task, error);
}

KysoLogin *
kyso_consent_ask_finish(GAsyncResult *result, GArray **ret_left_out, GError **error)
{
    Question *question = g_task_get_task_data(G_TASK(result));

    if (ret_left_out != NULL)
        *ret_left_out = g_steal_pointer(&question->left_out);
    return g_task_propagate_pointer(G_TASK(result), error);
}

gboolean
kyso_consent_ask_again_finish(GAsyncResult *result, KysoFd *ret_pin, GError **error)
{
    Question *question = g_task_get_task_data(G_TASK(result));

    *ret_pin = kyso_fd_steal(&question->pin);
    return g_task_propagate_boolean(G_TASK(result), error);
}
