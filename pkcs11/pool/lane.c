/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/lane-internal.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "pkcs11/pool/card-reset.h"
#include "pkcs11/pool/lane-step.h"
#include "pkcs11/pool/login-internal.h"
#include "pkcs11/pool/token-listing.h"

#define LOGOUT_MS 5000

/* Next step -> (pause) -> turn at the reader -> worker asked -> answered -> next step. */
static void begin_next(KysoLane *self);
static gboolean pause_over(gpointer user_data);
static void turn_came(gpointer user_data);
static void tokens_listed(GObject *source, GAsyncResult *result, gpointer user_data);
static void logged_in(GObject *source, GAsyncResult *result, gpointer user_data);
static void logged_out(GObject *source, GAsyncResult *result, gpointer user_data);
static void card_reset(gpointer user_data);

enum { SIGNAL_LOGIN_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(KysoLane, kyso_lane, G_TYPE_OBJECT)

static void
forget_listing(KysoLane *self)
{
    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
}

static void
kyso_lane_finalize(GObject *object)
{
    KysoLane *self = KYSO_LANE(object);

    /* Who waits holds a reference: only a pause or the turn of nobody can be left. */
    if (self->pause_timer != 0)
        g_source_remove(self->pause_timer);
    if (self->turn != NULL)
        kyso_turn_give_back(self->turn, self);
    g_clear_pointer(&self->turn, kyso_turn_unref);
    kyso_lane_worker_free(self->worker);
    forget_listing(self);
    g_clear_pointer(&self->reader, kyso_reader_unref);
    kyso_crash_history_unref(self->history);
    g_clear_error(&self->ended);
    g_clear_error(&self->doom);
    g_free(self->path);
    g_free(self->reset_program);
    G_OBJECT_CLASS(kyso_lane_parent_class)->finalize(object);
}

static void
kyso_lane_class_init(KysoLaneClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_lane_finalize;
    signals[SIGNAL_LOGIN_CHANGED] = g_signal_new("login-changed", KYSO_TYPE_LANE, G_SIGNAL_RUN_LAST,
                                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
set_login(KysoLane *self, KysoLogin *login)
{
    self->login = login;
    g_signal_emit(self, signals[SIGNAL_LOGIN_CHANGED], 0);
}

static void
kyso_lane_init(KysoLane *self)
{
    g_queue_init(&self->waiting);
    g_queue_init(&self->listers);
}

KysoLane *
kyso_lane_new(const KysoLaneSpec *spec)
{
    KysoLane *self = g_object_new(KYSO_TYPE_LANE, NULL);

    self->path = g_strdup(spec->module->path);
    self->reset_program = g_strdup(spec->reset_program);
    self->reader = spec->reader != NULL ? kyso_reader_ref(spec->reader) : NULL;
    self->turn = spec->turn != NULL ? kyso_turn_ref(spec->turn) : NULL;
    self->history = kyso_crash_history_ref(spec->history);
    self->worker = kyso_lane_worker_new(spec->worker_program, spec->module, spec->reader);
    return self;
}

const char *
kyso_lane_get_path(KysoLane *self)
{
    return self->path;
}

KysoReader *
kyso_lane_get_reader(KysoLane *self)
{
    return self->reader;
}

GPid
kyso_lane_get_worker_pid(KysoLane *self)
{
    return kyso_lane_worker_get_pid(self->worker);
}

gboolean
kyso_lane_has(KysoLane *self, const KysoCredential *credential)
{
    guint64 insertion = self->reader != NULL ? self->reader->insertion : 0;

    return g_str_equal(self->path, credential->module_path) && insertion == credential->insertion;
}

gboolean
kyso_lane_is_listing(KysoLane *self)
{
    return self->state == LANE_LISTING;
}

gboolean
kyso_lane_has_login(KysoLane *self)
{
    return self->login != NULL;
}

gboolean
kyso_lane_is_ended(KysoLane *self)
{
    return self->ended != NULL;
}

GError *
kyso_lane_explain(KysoLane *self, GError *error)
{
    g_prefix_error(&error, "%s: ", self->path);
    return error;
}

/* A worker that died, or did not answer, counts against its module. */
static void
note_fault(KysoLane *self, const GError *error)
{
    if (self->ended == NULL && (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED) ||
                                g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TOKEN_HUNG)))
        kyso_crash_history_add(self->history, g_get_monotonic_time(), error->message);
}

void
kyso_lane_become_free(KysoLane *self)
{
    self->state = LANE_FREE;
    if (self->is_stale) /* at once: two that open a token at the same moment fail */
        kyso_lane_worker_kill(self->worker);
    self->is_stale = FALSE;
    if (self->turn != NULL)
        kyso_turn_give_back(self->turn, self);
    begin_next(self);
    if (self->state == LANE_FREE)
        kyso_lane_worker_rest(self->worker);
}

/* All listings that wait now are answered by one, as none of them was asked after it. */
static void
begin_listing(KysoLane *self, guint deadline_ms)
{
    GList *next = NULL;

    for (GList *item = self->waiting.head; item != NULL; item = next) {
        KysoLaneStep *step = item->data;
        next = item->next;
        if (step->credential == NULL)
            kyso_lane_step_move(step, &self->listers);
    }

    self->state = LANE_LISTING;
    kyso_helper_call_async(kyso_lane_worker_use(self->worker), "token.list", json_object(), NULL, 0,
                           deadline_ms, NULL, NULL, tokens_listed, g_object_ref(self));
}

static void
begin_login(KysoLane *self, KysoLaneStep *step)
{
    json_t *params = json_object();
    json_object_set_new(params, "certificate", json_string(step->credential->id));
    json_object_set_new(params, "serial", json_string(step->credential->token_serial));
    if (step->pin_fd >= 0)
        json_object_set_new(params, "pin", kyso_json_fd(0));

    kyso_lane_step_begin(step);

    /* With the PIN in its pipe a login is short, and ended by force it may cost a try untold, or
     * the token: SoftHSM writes its file anew. At a keypad of the reader a person takes time. */
    gboolean has_pin = step->pin_fd >= 0;
    g_clear_error(&self->doom);
    self->state = LANE_LOGGING_IN;
    kyso_helper_call_async(kyso_lane_worker_use(self->worker), "token.login", params, &step->pin_fd,
                           has_pin ? 1 : 0, step->deadline_ms,
                           has_pin ? NULL : g_task_get_cancellable(step->task), NULL, logged_in,
                           step);
}

static void
begin_next(KysoLane *self)
{
    gint64 now = g_get_monotonic_time();

    if (self->state != LANE_FREE || g_queue_is_empty(&self->waiting))
        return;
    if (self->ended != NULL) {
        kyso_lane_step_fail_all(&self->waiting, self->ended);
        return;
    }
    if (kyso_crash_history_is_quarantine(self->history, now)) {
        g_autoptr(GError) error = kyso_crash_history_to_error(self->history, self->path, now);
        kyso_lane_step_fail_all(&self->waiting, error);
        return;
    }
    gint64 pause = kyso_crash_history_ready_at(self->history, now) - now;
    if (pause > 0) {
        self->state = LANE_PAUSED;
        self->pause_timer = g_timeout_add((guint) (pause / 1000 + 1), pause_over, self);
        return;
    }
    self->state = LANE_WAITING_FOR_TURN;
    if (self->turn != NULL)
        kyso_turn_take(self->turn, turn_came, self);
    else
        turn_came(self);
}

static gboolean
pause_over(gpointer user_data)
{
    KysoLane *self = user_data;

    self->pause_timer = 0;
    kyso_lane_become_free(self);
    return G_SOURCE_REMOVE;
}

static void
turn_came(gpointer user_data)
{
    KysoLane *self = user_data;
    KysoLaneStep *step = g_queue_peek_head(&self->waiting);

    if (step == NULL) /* who asked has gone */
        kyso_lane_become_free(self);
    else if (step->credential == NULL)
        begin_listing(self, step->deadline_ms);
    else
        begin_login(self, step);
}

/* @error is taken, and told as what has ended the insertion where something did. */
static GError *
explain_fault(KysoLane *self, GError *error)
{
    note_fault(self, error);
    if (self->ended == NULL)
        return kyso_lane_explain(self, error);
    g_error_free(error);
    return g_error_copy(self->ended);
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
        (void) kyso_token_listing_read(reply->result, self->path, self->reader, tokens, faults,
                                       &error);

    forget_listing(self);
    if (error != NULL) {
        error = explain_fault(self, error);
        kyso_lane_step_fail_all(&self->listers, error);
    } else {
        self->tokens = g_ptr_array_ref(tokens);
        self->faults = g_ptr_array_ref(faults);
        self->listed_at = self->turn != NULL ? kyso_turn_get_changes(self->turn) : 0;
    }
    while (!g_queue_is_empty(&self->listers)) {
        g_autoptr(GTask) task = kyso_lane_step_end(g_queue_peek_head(&self->listers));
        kyso_lane_step_return_listing(task, self->tokens, self->faults);
    }
    if (error != NULL || faults->len > 0)
        kyso_lane_worker_kill(self->worker); /* nobody knows what state it is in */
    g_clear_error(&error);
    kyso_lane_become_free(self);
}

/* A login was there, or may have been: the card is locked again before anything else is asked. */
static void
let_card_go(KysoLane *self)
{
    self->state = LANE_RESETTING;
    if (self->reader == NULL || self->ended != NULL ||
        !kyso_card_reset_start(self->reset_program, self->reader->name, card_reset,
                               g_object_ref(self)))
        kyso_lane_become_free(self);
}

static void
card_reset(gpointer user_data)
{
    g_autoptr(KysoLane) self = user_data;

    kyso_lane_become_free(self);
}

/* After these the worker has not been given a PIN, and its module is in order. */
static gboolean
is_before_pin(const GError *error)
{
    return g_error_matches(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED) ||
           g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TOKEN_CHANGED) ||
           g_error_matches(error, KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL);
}

/* A try may have been spent: how many are left is asked anew, by all modules that show this card.
 */
static void
forget_flags(KysoLane *self)
{
    forget_listing(self);
    if (self->turn != NULL)
        kyso_turn_note_change(self->turn);
}

static void
logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoLaneStep *step = user_data;
    g_autoptr(KysoLane) self = g_object_ref(g_task_get_source_object(step->task));
    KysoLogin *login = NULL;
    GError *error = NULL;

    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);
    if (reply != NULL)
        login = kyso_login_new(self, KYSO_HELPER(source), step->credential, reply->result, &error);

    g_autoptr(GTask) task = kyso_lane_step_end(step);
    if (login != NULL) {
        self->state = LANE_LOGGED_IN;
        set_login(self, login);
        if (g_cancellable_set_error_if_cancelled(g_task_get_cancellable(task), &error) ||
            self->doom != NULL) {
            g_object_unref(login); /* logs out */
            g_task_return_error(task, error != NULL ? error : g_steal_pointer(&self->doom));
        } else {
            g_task_return_pointer(task, login, g_object_unref);
        }
        return;
    }

    gboolean had_pin = !is_before_pin(error);
    error = explain_fault(self, error);
    if (had_pin) {
        forget_flags(self);
        kyso_lane_worker_kill(self->worker);
        let_card_go(self);
    } else {
        kyso_lane_become_free(self);
    }
    g_task_return_error(task, error);
}

void
kyso_lane_log_out(KysoLane *self, KysoLogin *login, const GError *fault)
{
    g_return_if_fail(self->state == LANE_LOGGED_IN);

    set_login(self, NULL);
    if (fault != NULL)
        note_fault(self, fault);
    if (!kyso_helper_is_usable(login->helper)) {
        kyso_lane_worker_kill(self->worker);
        let_card_go(self);
        return;
    }

    kyso_crash_history_clear(self->history);
    json_t *params = json_object();
    json_object_set_new(params, "login", json_integer(login->number));
    self->state = LANE_LOGGING_OUT;
    kyso_helper_call_async(login->helper, "token.logout", params, NULL, 0, LOGOUT_MS, NULL, NULL,
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

    kyso_lane_worker_retire(self->worker);
    let_card_go(self);
}

static gboolean
is_listing_new(KysoLane *self)
{
    return self->tokens != NULL &&
           (self->turn == NULL || self->listed_at == kyso_turn_get_changes(self->turn));
}

void
kyso_lane_list_async(KysoLane *self, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    GTask *task = g_task_new(self, cancellable, done, user_data);

    /* A worker that has somebody's login is not disturbed, nor is that of another module at the
     * same reader: what was said before still stands. */
    gboolean is_disturbed = self->state == LANE_LOGGING_IN || self->state == LANE_LOGGED_IN ||
                            self->state == LANE_WAITING_FOR_TURN;
    if (is_disturbed && is_listing_new(self)) {
        kyso_lane_step_return_listing(task, self->tokens, self->faults);
        g_object_unref(task);
        return;
    }

    KysoLaneStep *step = kyso_lane_step_new(task, deadline_ms);
    if (kyso_lane_step_push(step, &self->waiting))
        begin_next(self);
}

gboolean
kyso_lane_list_finish(KysoLane *self, GAsyncResult *result, GPtrArray **ret_tokens,
                      GPtrArray **ret_faults, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), FALSE);

    return kyso_lane_step_finish_listing(G_TASK(result), ret_tokens, ret_faults, error);
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

    KysoLaneStep *step = kyso_lane_step_new(g_steal_pointer(&task), deadline_ms);
    step->credential = kyso_credential_ref(credential);
    step->pin_fd = own_fd;
    if (kyso_lane_step_push(step, &self->waiting))
        begin_next(self);
}

KysoLogin *
kyso_lane_login_finish(KysoLane *self, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}
