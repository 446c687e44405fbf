/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/prompt/prompt.h"

#include "agent/prompt/ask.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/wire/helper.h"

#define GRACE_SECONDS 2     /* kyso-prompt gives up after one */
#define NOTICE_SECONDS 3600 /* longer than any request lives */

struct _KysoPrompt {
    GObject parent_instance;

    char *program;
    char *pinentry;
    GQueue waiting; /* GTask of questions not shown yet, oldest first */
    GTask *shown;   /* NULL: none */

    json_t *notice;            /* parameters of prompt.wait; NULL: none wanted */
    KysoHelper *notice_helper; /* while it is shown */
    gboolean has_notice_failed;
    void (*notice_cancelled)(gpointer user_data);
    gpointer notice_data;
};

/* Task data of a question. */
typedef struct {
    json_t *params;
    KysoFd pin_fd; /* -1: none, or sent */
    guint timeout_seconds;
    gulong cancel_handler;
    KysoHelper *helper; /* while it is shown */
    GArray *left_out;   /* guint; of the answer */
} Question;

G_DEFINE_FINAL_TYPE(KysoPrompt, kyso_prompt, G_TYPE_OBJECT)

/* ask -> (wait in line) -> show_next -> question_answered -> show_next ... */
static void question_answered(GObject *source, GAsyncResult *result, gpointer user_data);
static void notice_answered(GObject *source, GAsyncResult *result, gpointer user_data);

static void
question_free(gpointer data)
{
    Question *question = data;

    json_decref(question->params);
    kyso_fd_clear(&question->pin_fd);
    g_clear_object(&question->helper); /* kills */
    g_clear_pointer(&question->left_out, g_array_unref);
    g_free(question);
}

static void
kyso_prompt_finalize(GObject *object)
{
    KysoPrompt *self = KYSO_PROMPT(object);

    /* Each question and each window holds us: none can be left. */
    json_decref(self->notice);
    g_free(self->program);
    g_free(self->pinentry);
    G_OBJECT_CLASS(kyso_prompt_parent_class)->finalize(object);
}

static void
kyso_prompt_class_init(KysoPromptClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_prompt_finalize;
}

static void
kyso_prompt_init(KysoPrompt *self)
{
    g_queue_init(&self->waiting);
}

KysoPrompt *
kyso_prompt_new(const char *program, const char *pinentry)
{
    KysoPrompt *self = g_object_new(KYSO_TYPE_PROMPT, NULL);

    self->program = g_strdup(program);
    self->pinentry = g_strdup(pinentry);
    return self;
}

static void
stop_listening(GTask *task)
{
    Question *question = g_task_get_task_data(task);

    /* Not g_cancellable_disconnect: this may run inside the handler itself. */
    if (question->cancel_handler != 0)
        g_signal_handler_disconnect(g_task_get_cancellable(task), question->cancel_handler);
    question->cancel_handler = 0;
}

static KysoHelper *
new_helper(KysoPrompt *self)
{
    const char *argv[] = {self->program, "--pinentry", self->pinentry, NULL};
    KysoHelperFaults faults = {.crashed = KYSO_ERROR_PROMPT_FAILED,
                               .hung = KYSO_ERROR_PROMPT_TIMED_OUT};

    return kyso_helper_new(argv, faults);
}

static void
take_notice_away(KysoPrompt *self)
{
    g_autoptr(KysoHelper) helper = g_steal_pointer(&self->notice_helper);

    if (helper != NULL)
        kyso_helper_retire(helper);
}

/* Where a question is asked, nothing else may be before the person. */
static void
arrange_notice(KysoPrompt *self)
{
    if (self->shown != NULL || !g_queue_is_empty(&self->waiting) || self->notice == NULL) {
        take_notice_away(self);
        return;
    }
    if (self->notice_helper != NULL || self->has_notice_failed)
        return;
    self->notice_helper = new_helper(self);
    kyso_helper_call_async(self->notice_helper, "prompt.wait", json_incref(self->notice), NULL, 0,
                           (NOTICE_SECONDS + GRACE_SECONDS) * 1000, NULL, NULL, notice_answered,
                           g_object_ref(self));
}

static void
notice_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoPrompt) self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);

    if (KYSO_HELPER(source) != self->notice_helper)
        return; /* taken away */
    g_clear_object(&self->notice_helper);
    self->has_notice_failed = TRUE; /* and is not tried again before there is another one */
    if (reply == NULL)
        g_info("no window asks for the token: %s", error->message);
    else
        self->notice_cancelled(self->notice_data);
}

void
kyso_prompt_set_notice(KysoPrompt *self, const KysoNotice *notice,
                       void (*cancelled)(gpointer user_data), gpointer user_data)
{
    take_notice_away(self);
    g_clear_pointer(&self->notice, json_decref);
    if (notice != NULL)
        self->notice = kyso_ask_notice_to_json(notice, NOTICE_SECONDS);
    self->has_notice_failed = FALSE;
    self->notice_cancelled = cancelled;
    self->notice_data = user_data;
    arrange_notice(self);
}

static void
show_next(KysoPrompt *self)
{
    arrange_notice(self);
    if (self->shown != NULL || g_queue_is_empty(&self->waiting))
        return;

    GTask *task = g_queue_pop_head(&self->waiting);
    Question *question = g_task_get_task_data(task);

    self->shown = task;
    question->helper = new_helper(self);
    kyso_helper_call_async(question->helper, "prompt.ask", g_steal_pointer(&question->params),
                           &question->pin_fd, question->pin_fd >= 0 ? 1 : 0,
                           (question->timeout_seconds + GRACE_SECONDS) * 1000, NULL, NULL,
                           question_answered, g_object_ref(self));
    kyso_fd_clear(&question->pin_fd);
}

/* The caller branches on these; what else goes wrong is a failed prompt to it. */
static gboolean
is_promised(int code)
{
    switch (code) {
    case KYSO_ERROR_PIN_CANCELLED:
    case KYSO_ERROR_PROMPT_UNAVAILABLE:
    case KYSO_ERROR_PROMPT_TIMED_OUT:
    case KYSO_ERROR_PROMPT_FAILED:
    case KYSO_ERROR_DOCUMENT_NOT_OPENED:
    case KYSO_ERROR_CONFIGURATION:
        return TRUE;
    default:
        return FALSE;
    }
}

static GArray *
read_left_out(const json_t *result)
{
    const json_t *list = json_object_get(result, "left_out");
    GArray *indices = NULL;

    for (size_t i = 0; i < json_array_size(list); i++) {
        guint index = (guint) json_integer_value(json_array_get(list, i));
        if (indices == NULL)
            indices = g_array_new(FALSE, FALSE, sizeof index);
        g_array_append_val(indices, index);
    }
    return indices;
}

static void
question_answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoPrompt) self = user_data;
    g_autoptr(GTask) task = g_steal_pointer(&self->shown);
    Question *question = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);

    stop_listening(task);
    g_clear_object(&question->helper);
    show_next(self);

    int code = reply == NULL ? kyso_error_code(error) : 0;
    if (reply != NULL) {
        question->left_out = read_left_out(reply->result);
        g_task_return_boolean(task, TRUE);
    } else if (g_cancellable_is_cancelled(g_task_get_cancellable(task)))
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
    else if (is_promised(code))
        g_task_return_error(task, g_steal_pointer(&error));
    else
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED, "%s", error->message);
    g_clear_error(&error);
}

/* The socket is closed first: kyso-prompt then ends pinentry with all that it has started, which a
 * SIGKILL to kyso-prompt could not. */
static void
question_cancelled(GCancellable *cancellable, gpointer user_data)
{
    GTask *task = user_data;
    KysoPrompt *self = g_task_get_source_object(task);
    Question *question = g_task_get_task_data(task);

    if (task == self->shown) {
        g_autoptr(KysoHelper) helper = g_object_ref(question->helper); /* answers, which drops it */
        kyso_helper_retire(helper);
        return;
    }

    g_queue_remove(&self->waiting, task);
    stop_listening(task);
    g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
    g_object_unref(task); /* the queue's reference */
}

static GTask *
new_task(KysoPrompt *self, const KysoAsk *ask, int pin_write_fd, guint timeout_seconds,
         GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    GTask *task = g_task_new(self, cancellable, done, user_data);
    Question *question = g_new0(Question, 1);

    g_task_set_source_tag(task, kyso_prompt_ask_async);
    /* A PIN that was typed stays typed: the answer is not turned into "cancelled" on its way. */
    g_task_set_check_cancellable(task, FALSE);
    question->params = kyso_ask_to_json(ask, timeout_seconds, pin_write_fd >= 0);
    question->timeout_seconds = timeout_seconds;
    question->pin_fd = -1;
    g_task_set_task_data(task, question, question_free);
    return task;
}

void
kyso_prompt_ask_async(KysoPrompt *self, const KysoAsk *ask, int pin_write_fd, guint timeout_seconds,
                      GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task =
        new_task(self, ask, pin_write_fd, timeout_seconds, cancellable, done, user_data);
    Question *question = g_task_get_task_data(task);
    GError *error = NULL;

    if (g_cancellable_is_cancelled(cancellable)) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
        return;
    }
    if (pin_write_fd >= 0 && (question->pin_fd = kyso_fd_dup(pin_write_fd, &error)) < 0) {
        g_task_return_error(task, error);
        return;
    }

    if (cancellable != NULL)
        question->cancel_handler =
            g_signal_connect(cancellable, "cancelled", G_CALLBACK(question_cancelled), task);
    g_queue_push_tail(&self->waiting, g_steal_pointer(&task));
    show_next(self);
}

gboolean
kyso_prompt_ask_finish(KysoPrompt *self, GAsyncResult *result, GArray **ret_left_out,
                       GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

    Question *question = g_task_get_task_data(G_TASK(result));
    if (ret_left_out != NULL)
        *ret_left_out = g_steal_pointer(&question->left_out);
    return g_task_propagate_boolean(G_TASK(result), error);
}
