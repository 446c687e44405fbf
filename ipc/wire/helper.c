/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/socket.h>

#include "ipc/base/alarm.h"
#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"
#include "ipc/wire/watch.h"

#define RETIRE_MS 1000

struct _KysoHelper {
    GObject parent_instance;
    char **argv;
    KysoHelperFaults faults;
    KysoChild *child;     /* NULL before the first call and after the death */
    KysoChannel *channel; /* NULL: not started yet, or spent */
    gboolean spent;
    guint watch;          /* source on the channel */
    GIOCondition watched; /* what it waits for */
    KysoAlarm *alarm;     /* the deadlines of all calls */
    GHashTable *pending;  /* gint64 id -> Pending */
    gint64 last_id;
};

typedef struct {
    gint64 id; /* the key in the table */
    GTask *task;
    gint64 deadline; /* monotonic, us */
    gulong cancel_handler;
    KysoHelperProgress progress;
    gpointer user_data;
} Pending;

G_DEFINE_FINAL_TYPE(KysoHelper, kyso_helper, G_TYPE_OBJECT)

static void watch_channel(KysoHelper *self);

void
kyso_reply_free(KysoReply *self)
{
    if (self == NULL)
        return;
    json_decref(self->result);
    kyso_fd_list_free(self->fds);
    g_free(self);
}

static void
pending_free(Pending *pending)
{
    GCancellable *cancellable = g_task_get_cancellable(pending->task);

    /* Not g_cancellable_disconnect: this may run inside the handler itself. */
    if (pending->cancel_handler != 0)
        g_signal_handler_disconnect(cancellable, pending->cancel_handler);
    g_object_unref(pending->task);
    g_free(pending);
}

static void
kyso_helper_finalize(GObject *object)
{
    KysoHelper *self = KYSO_HELPER(object);

    if (self->watch != 0)
        g_source_remove(self->watch);
    kyso_alarm_free(self->alarm);
    g_hash_table_unref(self->pending);
    kyso_channel_free(self->channel);
    g_clear_object(&self->child);
    g_strfreev(self->argv);
    G_OBJECT_CLASS(kyso_helper_parent_class)->finalize(object);
}

static void
kyso_helper_class_init(KysoHelperClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_helper_finalize;
}

static void
kyso_helper_init(KysoHelper *self)
{
    self->pending =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) pending_free);
}

KysoHelper *
kyso_helper_new(const char *const *argv, KysoHelperFaults faults)
{
    KysoHelper *self = g_object_new(KYSO_TYPE_HELPER, NULL);
    self->argv = g_strdupv((char **) argv);
    self->faults = faults;
    return self;
}

/* No call can be made any more; those under way end with @code. */
static void
become_spent(KysoHelper *self, int code, const char *message)
{
    g_autoptr(GHashTable) pending = g_steal_pointer(&self->pending);
    GHashTableIter iter;
    Pending *call;

    self->pending =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) pending_free);
    self->spent = TRUE;
    if (self->watch != 0)
        g_source_remove(self->watch);
    self->watch = 0;
    g_clear_pointer(&self->channel, kyso_channel_free);

    g_hash_table_iter_init(&iter, pending);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *) &call))
        g_task_return_new_error(call->task, KYSO_ERROR, code, "%s", message);
}

static void
answer(KysoHelper *self, KysoMessage *message)
{
    json_t *id = json_object_get(message->body, "id");
    gint64 number = json_integer_value(id);
    Pending *call = g_hash_table_lookup(self->pending, &number);

    if (!json_is_integer(id) || call == NULL)
        return; /* the answer to a call that was given up */

    g_autoptr(GTask) task = g_object_ref(call->task);
    g_hash_table_remove(self->pending, &number);

    GError *error = kyso_rpc_read_error(message->body);
    json_t *result = json_object_get(message->body, "result");
    if (error == NULL && result == NULL)
        error = g_error_new(KYSO_ERROR, self->faults.crashed, "%s: neither result nor error",
                            self->argv[0]);
    if (error != NULL) {
        g_task_return_error(task, error);
        return;
    }
    KysoReply *reply = g_new0(KysoReply, 1);
    reply->result = json_incref(result);
    reply->fds = g_steal_pointer(&message->fds);
    g_task_return_pointer(task, reply, (GDestroyNotify) kyso_reply_free);
}

static void
progress(KysoHelper *self, const json_t *body)
{
    json_t *params = json_object_get(body, "params");
    gint64 number = json_integer_value(json_object_get(params, "id"));
    Pending *call = g_hash_table_lookup(self->pending, &number);

    if (call != NULL && call->progress != NULL)
        call->progress(params, call->user_data);
}

/* Hands out what has come. FALSE: nothing more will come. */
static gboolean
take_messages(KysoHelper *self)
{
    while (self->channel != NULL) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) error = NULL;
        switch (kyso_channel_receive(self->channel, &message, &error)) {
        case KYSO_RECEIVED_MESSAGE:
            if (json_object_get(message->body, "method") != NULL)
                progress(self, message->body);
            else
                answer(self, message);
            continue;
        case KYSO_RECEIVED_NOTHING:
            return TRUE;
        case KYSO_RECEIVED_BAD:
        case KYSO_RECEIVED_BROKEN:
            /* A death with requests unread resets the stream: child_ended tells of it. */
            if (!g_error_matches(error, KYSO_ERROR, KYSO_ERROR_CLIENT_GONE))
                g_warning("%s: %s", self->argv[0], error->message);
            return FALSE;
        case KYSO_RECEIVED_END:
            return FALSE;
        }
    }
    return TRUE;
}

static void
child_ended(KysoChild *child, int exit_code, int signal, gpointer user_data)
{
    g_autoptr(KysoHelper) self = g_object_ref(KYSO_HELPER(user_data));
    g_autofree char *message =
        signal != 0 ? g_strdup_printf("%s: ended by signal %d", self->argv[0], signal)
                    : g_strdup_printf("%s: ended with status %d", self->argv[0], exit_code);

    /* Its last words may wait in the socket still. */
    take_messages(self);
    become_spent(self, self->faults.crashed, message);
    g_clear_object(&self->child);
}

static gboolean
channel_is_ready(int fd, GIOCondition condition, gpointer user_data)
{
    g_autoptr(KysoHelper) self = g_object_ref(KYSO_HELPER(user_data));

    if ((condition & G_IO_OUT) != 0 && !kyso_channel_flush(self->channel, NULL))
        kyso_child_kill(self->child);

    if (!take_messages(self)) {
        /* How it ended is known when it is reaped: child_ended answers the calls. */
        kyso_child_kill(self->child);
        self->spent = TRUE;
        g_clear_pointer(&self->channel, kyso_channel_free);
        self->watch = 0;
        return G_SOURCE_REMOVE;
    }
    watch_channel(self);
    return G_SOURCE_CONTINUE;
}

/* Waits for output only while something is unsent: an idle helper never wakes us. */
static void
watch_channel(KysoHelper *self)
{
    GIOCondition wanted = G_IO_IN;

    if (self->channel == NULL)
        return;
    if (kyso_channel_has_unsent(self->channel))
        wanted |= G_IO_OUT;
    if (self->watch != 0 && self->watched == wanted)
        return;
    if (self->watch != 0)
        g_source_remove(self->watch);
    self->watched = wanted;
    self->watch = kyso_watch_add(kyso_channel_fd(self->channel), wanted, channel_is_ready, self);
}

static gboolean
start(KysoHelper *self, GError **error)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "socketpair");
        return FALSE;
    }
    KysoChildSpec spec = {(const char *const *) self->argv, NULL, &pair[1], 1};
    self->child = kyso_child_start(&spec, child_ended, self, error);
    kyso_fd_close(pair[1]);
    if (self->child == NULL) {
        kyso_fd_close(pair[0]);
        self->spent = TRUE;
        return FALSE;
    }
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    self->channel = kyso_channel_new(pair[0]);
    watch_channel(self);
    return TRUE;
}

static gint64
deadline_reached(gint64 now, gpointer user_data)
{
    g_autoptr(KysoHelper) self = g_object_ref(KYSO_HELPER(user_data));
    gint64 next = KYSO_ALARM_NEVER;
    GHashTableIter iter;
    Pending *call;

    g_hash_table_iter_init(&iter, self->pending);
    while (g_hash_table_iter_next(&iter, NULL, (gpointer *) &call))
        next = MIN(next, call->deadline);
    if (next > now)
        return next;

    g_autofree char *message = g_strdup_printf("%s: no answer before the deadline", self->argv[0]);
    kyso_child_kill(self->child);
    become_spent(self, self->faults.hung, message);
    return KYSO_ALARM_NEVER;
}

static void
call_cancelled(GCancellable *cancellable, gpointer user_data)
{
    Pending *call = user_data;
    g_autoptr(GTask) task = g_object_ref(call->task);
    g_autoptr(KysoHelper) self = g_object_ref(KYSO_HELPER(g_task_get_source_object(task)));

    g_hash_table_remove(self->pending, &call->id);
    /* Others' calls go on; the answer to this one will be dropped. */
    if (g_hash_table_size(self->pending) == 0)
        kyso_helper_kill(self);
    g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
}

void
kyso_helper_start(KysoHelper *self)
{
    if (!self->spent && self->channel == NULL)
        start(self, NULL);
}

void
kyso_helper_call_async(KysoHelper *self, const char *method, json_t *params, const int *fds,
                       guint n_fds, guint deadline_ms, GCancellable *cancellable,
                       KysoHelperProgress progress_made, GAsyncReadyCallback done,
                       gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    g_autoptr(json_t) request = kyso_rpc_request(++self->last_id, method, params);
    GError *error = NULL;

    g_task_set_source_tag(task, kyso_helper_call_async);
    /* We answer for cancelling ourselves: a call that has returned stays returned. */
    g_task_set_check_cancellable(task, FALSE);
    if (g_cancellable_is_cancelled(cancellable)) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
        return;
    }
    if (self->spent || (self->channel == NULL && !start(self, &error))) {
        if (error == NULL)
            error = g_error_new(KYSO_ERROR, self->faults.crashed, "%s is gone", self->argv[0]);
        g_task_return_error(task, error);
        return;
    }
    if (!kyso_channel_send(self->channel, request, fds, n_fds, &error)) {
        /* It is dying; say so with its own code, not as if our client were gone. */
        g_task_return_new_error(task, KYSO_ERROR, self->faults.crashed, "%s", error->message);
        g_error_free(error);
        kyso_child_kill(self->child);
        return;
    }

    Pending *call = g_new0(Pending, 1);
    call->id = self->last_id;
    call->deadline = g_get_monotonic_time() + (gint64) deadline_ms * 1000;
    call->progress = progress_made;
    call->user_data = user_data;
    call->task = g_steal_pointer(&task);
    if (cancellable != NULL)
        call->cancel_handler =
            g_signal_connect(cancellable, "cancelled", G_CALLBACK(call_cancelled), call);
    g_hash_table_insert(self->pending, &call->id, call);
    if (self->alarm == NULL)
        self->alarm = kyso_alarm_new(deadline_reached, self);
    kyso_alarm_set(self->alarm, call->deadline);
    watch_channel(self);
}

KysoReply *
kyso_helper_call_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}

gboolean
kyso_helper_is_usable(KysoHelper *self)
{
    return !self->spent;
}

guint
kyso_helper_get_pending(KysoHelper *self)
{
    return g_hash_table_size(self->pending);
}

GPid
kyso_helper_get_pid(KysoHelper *self)
{
    return self->child != NULL ? kyso_child_get_pid(self->child) : 0;
}

static gboolean
retire_is_overdue(gpointer user_data)
{
    KysoHelper *self = user_data;

    if (self->child != NULL)
        kyso_child_kill(self->child);
    return G_SOURCE_REMOVE;
}

void
kyso_helper_retire(KysoHelper *self)
{
    if (self->spent)
        return;
    become_spent(self, self->faults.crashed, "retired");
    if (self->child != NULL)
        g_timeout_add_full(G_PRIORITY_DEFAULT, RETIRE_MS, retire_is_overdue, g_object_ref(self),
                           g_object_unref);
}

void
kyso_helper_kill(KysoHelper *self)
{
    if (self->child != NULL)
        kyso_child_kill(self->child);
    if (!self->spent)
        become_spent(self, self->faults.crashed, "killed");
}
