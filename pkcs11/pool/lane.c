/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/lane.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "pkcs11/pool/login-internal.h"
#include "pkcs11/pool/token-listing.h"

#define IDLE_SECONDS 30
#define LOGOUT_MS 5000

typedef enum {
    LANE_FREE,
    LANE_LISTING,
    LANE_LOGGING_IN,
    LANE_LOGGED_IN,
    LANE_LOGGING_OUT,
} LaneState;

struct _KysoLane {
    GObject parent_instance;
    char *path;
    char *program;
    KysoHelper *helper; /* NULL: none, or its end is nobody's business any more */
    LaneState state;
    GQueue waiting; /* Step, oldest first */
    GQueue listers; /* Step: those that the listing under way answers */
    guint idle_timer;
    GPtrArray *tokens; /* of the last listing by this worker; NULL: none */
    GPtrArray *faults;
};

/* One thing asked of the module. */
typedef struct {
    KysoLane *lane; /* the task holds the reference */
    GTask *task;
    GQueue *queue;              /* the one it stands in; NULL: begun */
    KysoCredential *credential; /* NULL: a listing */
    int pin_fd;
    guint deadline_ms;
    gulong cancel_handler;
} Step;

/* Next step -> worker asked -> answered -> next step. */
static void begin_next(KysoLane *self);
static void tokens_listed(GObject *source, GAsyncResult *result, gpointer user_data);
static void logged_in(GObject *source, GAsyncResult *result, gpointer user_data);
static void logged_out(GObject *source, GAsyncResult *result, gpointer user_data);

G_DEFINE_FINAL_TYPE(KysoLane, kyso_lane, G_TYPE_OBJECT)

/* What a listing returns. */
typedef struct {
    GPtrArray *tokens;
    GPtrArray *faults;
} Listing;

static void
listing_free(gpointer data)
{
    Listing *self = data;

    g_ptr_array_unref(self->tokens);
    g_ptr_array_unref(self->faults);
    g_free(self);
}

static void
return_listing(KysoLane *self, GTask *task)
{
    Listing *listing = g_new0(Listing, 1);

    listing->tokens = g_ptr_array_ref(self->tokens);
    listing->faults = g_ptr_array_ref(self->faults);
    g_task_return_pointer(task, listing, listing_free);
}

static void
forget_worker(KysoLane *self)
{
    g_clear_object(&self->helper);
    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
}

static void
kyso_lane_finalize(GObject *object)
{
    KysoLane *self = KYSO_LANE(object);

    if (self->idle_timer != 0)
        g_source_remove(self->idle_timer);
    if (self->helper != NULL)
        kyso_helper_retire(self->helper);
    forget_worker(self);
    g_free(self->path);
    g_free(self->program);
    G_OBJECT_CLASS(kyso_lane_parent_class)->finalize(object);
}

static void
kyso_lane_class_init(KysoLaneClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_lane_finalize;
}

static void
kyso_lane_init(KysoLane *self)
{
    g_queue_init(&self->waiting);
    g_queue_init(&self->listers);
}

KysoLane *
kyso_lane_new(const char *module_path, const char *worker_program)
{
    KysoLane *self = g_object_new(KYSO_TYPE_LANE, NULL);

    self->path = g_strdup(module_path);
    self->program = g_strdup(worker_program);
    return self;
}

const char *
kyso_lane_get_path(KysoLane *self)
{
    return self->path;
}

GPid
kyso_lane_get_worker_pid(KysoLane *self)
{
    return self->helper != NULL ? kyso_helper_get_pid(self->helper) : 0;
}

GError *
kyso_lane_explain(KysoLane *self, GError *error)
{
    g_prefix_error(&error, "%s: ", self->path);
    return error;
}

/* Takes @step out of its queue and drops it. Returns its task, owned. */
static GTask *
step_end(Step *step)
{
    GTask *task = step->task;

    if (step->queue != NULL)
        g_queue_remove(step->queue, step);
    if (step->cancel_handler != 0) /* not g_cancellable_disconnect: may run inside the handler */
        g_signal_handler_disconnect(g_task_get_cancellable(task), step->cancel_handler);
    if (step->credential != NULL)
        kyso_credential_unref(step->credential);
    kyso_fd_close(step->pin_fd);
    g_free(step);
    return task;
}

/* Whoever waits only, goes at once. A listing goes on for the others; a login under way is
 * cancelled by the helper. */
static void
step_cancelled(GCancellable *cancellable, gpointer user_data)
{
    Step *step = user_data;
    g_autoptr(GTask) task = step_end(step);

    g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
}

static void
add_step(KysoLane *self, Step *step, GCancellable *cancellable)
{
    step->lane = self;
    g_task_set_check_cancellable(step->task, FALSE); /* what was done, was done */
    if (g_cancellable_is_cancelled(cancellable)) {
        step_cancelled(cancellable, step);
        return;
    }

    if (cancellable != NULL)
        step->cancel_handler =
            g_signal_connect(cancellable, "cancelled", G_CALLBACK(step_cancelled), step);
    step->queue = &self->waiting;
    g_queue_push_tail(&self->waiting, step);
    begin_next(self);
}

static gboolean
idle_too_long(gpointer user_data)
{
    KysoLane *self = user_data;

    self->idle_timer = 0;
    kyso_helper_retire(self->helper);
    forget_worker(self);
    return G_SOURCE_REMOVE;
}

static void
use_worker(KysoLane *self)
{
    if (self->idle_timer != 0)
        g_source_remove(self->idle_timer);
    self->idle_timer = 0;

    if (self->helper != NULL && !kyso_helper_is_usable(self->helper))
        forget_worker(self);
    if (self->helper == NULL) {
        const char *const argv[] = {self->program, "--module", self->path, NULL};
        KysoHelperFaults faults = {KYSO_ERROR_TOKEN_CRASHED, KYSO_ERROR_TOKEN_HUNG};
        self->helper = kyso_helper_new(argv, faults);
    }
}

static void
kill_worker(KysoLane *self)
{
    if (self->helper != NULL)
        kyso_helper_kill(self->helper);
    forget_worker(self);
}

static void
become_free(KysoLane *self)
{
    self->state = LANE_FREE;
    begin_next(self);
    if (self->state == LANE_FREE && self->helper != NULL && self->idle_timer == 0)
        self->idle_timer = g_timeout_add_seconds(IDLE_SECONDS, idle_too_long, self);
}

/* All listings that wait now are answered by one, as none of them was asked after it. */
static void
begin_listing(KysoLane *self, guint deadline_ms)
{
    GList *next = NULL;

    for (GList *item = self->waiting.head; item != NULL; item = next) {
        Step *step = item->data;
        next = item->next;
        if (step->credential != NULL)
            continue;
        g_queue_delete_link(&self->waiting, item);
        g_queue_push_tail(&self->listers, step);
        step->queue = &self->listers;
    }

    self->state = LANE_LISTING;
    kyso_helper_call_async(self->helper, "token.list", json_object(), NULL, 0, deadline_ms, NULL,
                           NULL, tokens_listed, g_object_ref(self));
}

static void
begin_login(KysoLane *self, Step *step)
{
    json_t *params = json_object();
    json_object_set_new(params, "certificate", json_string(step->credential->id));
    json_object_set_new(params, "serial", json_string(step->credential->token_serial));
    if (step->pin_fd >= 0)
        json_object_set_new(params, "pin", kyso_json_fd(0));

    g_queue_remove(&self->waiting, step);
    step->queue = NULL;
    GCancellable *cancellable = g_task_get_cancellable(step->task);
    if (step->cancel_handler != 0)
        g_signal_handler_disconnect(cancellable, step->cancel_handler);
    step->cancel_handler = 0;

    /* With the PIN in its pipe a login is short, and ended by force it may cost a try untold, or
     * the token: SoftHSM writes its file anew. At a keypad of the reader a person takes time. */
    gboolean has_pin = step->pin_fd >= 0;
    self->state = LANE_LOGGING_IN;
    kyso_helper_call_async(self->helper, "token.login", params, &step->pin_fd, has_pin ? 1 : 0,
                           step->deadline_ms, has_pin ? NULL : cancellable, NULL, logged_in, step);
}

static void
begin_next(KysoLane *self)
{
    if (self->state != LANE_FREE || g_queue_is_empty(&self->waiting))
        return;

    Step *step = g_queue_peek_head(&self->waiting);
    use_worker(self);
    if (step->credential == NULL)
        begin_listing(self, step->deadline_ms);
    else
        begin_login(self, step);
}

static void
tokens_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoLane) self = user_data;
    GError *error = NULL;
    g_autoptr(GPtrArray) tokens = kyso_token_listing_new_tokens();
    g_autoptr(GPtrArray) faults = kyso_token_listing_new_faults();

    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);
    if (reply != NULL)
        (void) kyso_token_listing_read(reply->result, self->path, tokens, faults, &error);

    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
    if (error != NULL) {
        error = kyso_lane_explain(self, error);
        kill_worker(self);
    } else {
        self->tokens = g_ptr_array_ref(tokens);
        self->faults = g_ptr_array_ref(faults);
    }

    while (!g_queue_is_empty(&self->listers)) {
        g_autoptr(GTask) task = step_end(g_queue_peek_head(&self->listers));
        if (error != NULL)
            g_task_return_error(task, g_error_copy(error));
        else
            return_listing(self, task);
    }
    g_clear_error(&error);
    become_free(self);
}

/* After these the worker has not been given a PIN, and its module is in order. */
static gboolean
is_before_pin(const GError *error)
{
    return g_error_matches(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED) ||
           g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TOKEN_CHANGED) ||
           g_error_matches(error, KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL);
}

static void
logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Step *step = user_data;
    g_autoptr(KysoLane) self = g_object_ref(step->lane);
    KysoLogin *login = NULL;
    GError *error = NULL;

    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);
    if (reply != NULL)
        login = kyso_login_new(self, self->helper, step->credential, reply->result, &error);

    g_autoptr(GTask) task = step_end(step);
    if (login != NULL) {
        self->state = LANE_LOGGED_IN;
        if (g_cancellable_set_error_if_cancelled(g_task_get_cancellable(task), &error)) {
            g_object_unref(login); /* logs out */
            g_task_return_error(task, error);
        } else {
            g_task_return_pointer(task, login, g_object_unref);
        }
        return;
    }
    if (!is_before_pin(error))
        kill_worker(self);
    g_task_return_error(task, kyso_lane_explain(self, error));
    become_free(self);
}

void
kyso_lane_log_out(KysoLane *self, gint64 login)
{
    g_return_if_fail(self->state == LANE_LOGGED_IN);

    if (!kyso_helper_is_usable(self->helper)) {
        forget_worker(self);
        become_free(self);
        return;
    }

    json_t *params = json_object();
    json_object_set_new(params, "login", json_integer(login));
    self->state = LANE_LOGGING_OUT;
    kyso_helper_call_async(self->helper, "token.logout", params, NULL, 0, LOGOUT_MS, NULL, NULL,
                           logged_out, g_object_ref(self));
}

/* The module is at rest now, so that the next worker may start while this one ends. */
static void
logged_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoLane) self = user_data;
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);
    if (reply == NULL)
        g_info("%s: logging out: %s", self->path, error->message);

    kyso_helper_retire(KYSO_HELPER(source));
    forget_worker(self);
    become_free(self);
}

void
kyso_lane_list_async(KysoLane *self, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    GTask *task = g_task_new(self, cancellable, done, user_data);

    /* A worker that has somebody's login is not disturbed: what it said before still stands. */
    gboolean is_disturbed = self->state == LANE_LOGGING_IN || self->state == LANE_LOGGED_IN;
    if (is_disturbed && self->tokens != NULL) {
        return_listing(self, task);
        g_object_unref(task);
        return;
    }

    Step *step = g_new0(Step, 1);
    step->task = task;
    step->pin_fd = -1;
    step->deadline_ms = deadline_ms;
    add_step(self, step, cancellable);
}

gboolean
kyso_lane_list_finish(KysoLane *self, GAsyncResult *result, GPtrArray **ret_tokens,
                      GPtrArray **ret_faults, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

    Listing *listing = g_task_propagate_pointer(G_TASK(result), error);
    if (listing == NULL)
        return FALSE;

    *ret_tokens = g_ptr_array_ref(listing->tokens);
    *ret_faults = g_ptr_array_ref(listing->faults);
    listing_free(listing);
    return TRUE;
}

void
kyso_lane_login_async(KysoLane *self, KysoCredential *credential, int pin_fd, guint deadline_ms,
                      GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    GError *error = NULL;

    int own_fd = pin_fd >= 0 ? kyso_fd_dup(pin_fd, &error) : -1;
    if (error != NULL) {
        g_task_return_error(task, error);
        return;
    }

    Step *step = g_new0(Step, 1);
    step->task = g_steal_pointer(&task);
    step->credential = kyso_credential_ref(credential);
    step->pin_fd = own_fd;
    step->deadline_ms = deadline_ms;
    add_step(self, step, cancellable);
}

KysoLogin *
kyso_lane_login_finish(KysoLane *self, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}
