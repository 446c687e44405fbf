/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/monitor.h"

#include "pkcs11/pcsc/reader-watch.h"

#define MAX_LOOKS 256 /* that wait for main; then the newest takes the place of the one before */

/* All that there was at one moment. */
typedef struct {
    gboolean is_running;
    GPtrArray *readers;
} Look;

/* A caller who waits for the first look. */
typedef struct {
    GTask *task;
    GSource *cancelled; /* NULL: cannot be cancelled */
} Waiting;

struct _KysoPcscMonitor {
    GObject parent;
    KysoReaderWatch *watch;
    GSource *source; /* ready where there are looks */

    GMutex lock;
    GQueue looks; /* of Look; filled by the thread */

    gboolean has_looked, is_running;
    GPtrArray *readers;
    GPtrArray *waiting;
};

G_DEFINE_FINAL_TYPE(KysoPcscMonitor, kyso_pcsc_monitor, G_TYPE_OBJECT)

enum { READER_CHANGED, SERVICE_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
look_free(gpointer data)
{
    Look *self = data;

    g_ptr_array_unref(self->readers);
    g_free(self);
}

static void
waiting_free(gpointer data)
{
    Waiting *self = data;

    if (self->cancelled != NULL) {
        g_source_destroy(self->cancelled);
        g_source_unref(self->cancelled);
    }
    g_object_unref(self->task);
    g_free(self);
}

static KysoReader *
find_in(GPtrArray *readers, const char *name)
{
    for (guint i = 0; i < readers->len; i++) {
        KysoReader *reader = readers->pdata[i];
        if (g_str_equal(reader->name, name))
            return reader;
    }
    return NULL;
}

/* In the watching thread. */
static void
watch_told(gboolean is_running, GPtrArray *readers, gpointer user_data)
{
    KysoPcscMonitor *self = user_data;
    Look *look = g_new0(Look, 1);

    look->is_running = is_running;
    look->readers = readers;
    g_mutex_lock(&self->lock);
    if (self->looks.length >= MAX_LOOKS)
        look_free(g_queue_pop_tail(&self->looks));
    g_queue_push_tail(&self->looks, look);
    g_source_set_ready_time(self->source, 0);
    g_mutex_unlock(&self->lock);
}

static void
tell_reader(KysoPcscMonitor *self, KysoReader *before, KysoReader *now)
{
    if (before == NULL || now == NULL || !kyso_reader_equal(before, now))
        g_signal_emit(self, signals[READER_CHANGED], 0, before, now);
}

/* What has gone is told first: its name may be another's now. */
static void
tell_readers(KysoPcscMonitor *self, GPtrArray *before, GPtrArray *now)
{
    for (guint i = 0; i < before->len; i++) {
        KysoReader *reader = before->pdata[i];
        if (find_in(now, reader->name) == NULL)
            tell_reader(self, reader, NULL);
    }
    for (guint i = 0; i < now->len; i++) {
        KysoReader *reader = now->pdata[i];
        tell_reader(self, find_in(before, reader->name), reader);
    }
}

static void
tell_waiting(KysoPcscMonitor *self)
{
    g_autoptr(GPtrArray) waiting = g_steal_pointer(&self->waiting);

    self->waiting = g_ptr_array_new_with_free_func(waiting_free);
    for (guint i = 0; i < waiting->len; i++) {
        Waiting *one = waiting->pdata[i];
        g_task_return_boolean(one->task, TRUE);
    }
}

static void
take_look(KysoPcscMonitor *self, Look *look)
{
    g_autoptr(GPtrArray) before = g_steal_pointer(&self->readers);
    g_autoptr(GPtrArray) now = g_ptr_array_ref(look->readers);
    gboolean was_running = self->is_running, is_first = !self->has_looked;

    self->readers = g_ptr_array_ref(now);
    self->is_running = look->is_running;
    self->has_looked = TRUE;
    tell_readers(self, before, now);
    if (self->is_running != was_running)
        g_signal_emit(self, signals[SERVICE_CHANGED], 0);
    if (is_first)
        tell_waiting(self);
}

static Look *
pop_look(KysoPcscMonitor *self)
{
    g_mutex_lock(&self->lock);
    Look *look = g_queue_pop_head(&self->looks);
    g_mutex_unlock(&self->lock);
    return look;
}

static gboolean
looks_came(gpointer user_data)
{
    g_autoptr(KysoPcscMonitor) self = g_object_ref(user_data);
    Look *look;

    g_source_set_ready_time(self->source, -1);
    while (self->watch != NULL && (look = pop_look(self)) != NULL) {
        take_look(self, look);
        look_free(look);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    return callback(user_data);
}

static void
kyso_pcsc_monitor_dispose(GObject *object)
{
    KysoPcscMonitor *self = KYSO_PCSC_MONITOR(object);

    if (self->watch != NULL && !kyso_reader_watch_stop(g_steal_pointer(&self->watch)))
        g_info("pcscd does not answer: its thread is left behind");
    if (self->source != NULL) {
        g_source_destroy(self->source);
        g_clear_pointer(&self->source, g_source_unref);
    }
    g_queue_clear_full(&self->looks, look_free);
    G_OBJECT_CLASS(kyso_pcsc_monitor_parent_class)->dispose(object);
}

static void
kyso_pcsc_monitor_finalize(GObject *object)
{
    KysoPcscMonitor *self = KYSO_PCSC_MONITOR(object);

    g_ptr_array_unref(self->readers);
    g_ptr_array_unref(self->waiting);
    g_mutex_clear(&self->lock);
    G_OBJECT_CLASS(kyso_pcsc_monitor_parent_class)->finalize(object);
}

static void
kyso_pcsc_monitor_class_init(KysoPcscMonitorClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    GType type = G_TYPE_FROM_CLASS(class);

    object_class->dispose = kyso_pcsc_monitor_dispose;
    object_class->finalize = kyso_pcsc_monitor_finalize;
    signals[READER_CHANGED] =
        g_signal_new("reader-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                     KYSO_TYPE_READER, KYSO_TYPE_READER);
    signals[SERVICE_CHANGED] = g_signal_new("service-changed", type, G_SIGNAL_RUN_LAST, 0, NULL,
                                            NULL, NULL, G_TYPE_NONE, 0);
}

static void
kyso_pcsc_monitor_init(KysoPcscMonitor *self)
{
    static GSourceFuncs functions = {.dispatch = dispatch};

    g_mutex_init(&self->lock);
    g_queue_init(&self->looks);
    self->readers = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_reader_unref);
    self->waiting = g_ptr_array_new_with_free_func(waiting_free);
    self->source = g_source_new(&functions, sizeof(GSource));
    g_source_set_callback(self->source, looks_came, self, NULL);
    g_source_attach(self->source, NULL);
}

KysoPcscMonitor *
kyso_pcsc_monitor_new(void)
{
    KysoPcscMonitor *self = g_object_new(KYSO_TYPE_PCSC_MONITOR, NULL);

    self->watch = kyso_reader_watch_start(watch_told, self);
    return self;
}

static gboolean
wait_cancelled(GCancellable *cancellable, gpointer user_data)
{
    GTask *task = user_data;
    KysoPcscMonitor *self = g_task_get_source_object(task);

    for (guint i = 0; i < self->waiting->len; i++) {
        Waiting *one = self->waiting->pdata[i];
        if (one->task != task)
            continue;
        g_autoptr(GTask) kept = g_object_ref(task);
        g_ptr_array_remove_index(self->waiting, i);
        g_task_return_error_if_cancelled(kept);
        break;
    }
    return G_SOURCE_REMOVE;
}

void
kyso_pcsc_monitor_wait_async(KysoPcscMonitor *self, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);

    if (g_task_return_error_if_cancelled(task))
        return;
    if (self->has_looked) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    Waiting *one = g_new0(Waiting, 1);
    if (cancellable != NULL) {
        one->cancelled = g_cancellable_source_new(cancellable);
        g_task_attach_source(task, one->cancelled, G_SOURCE_FUNC(wait_cancelled));
    }
    one->task = g_steal_pointer(&task);
    g_ptr_array_add(self->waiting, one);
}

gboolean
kyso_pcsc_monitor_wait_finish(KysoPcscMonitor *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}

void
kyso_pcsc_monitor_look_again(KysoPcscMonitor *self)
{
    kyso_reader_watch_again(self->watch);
}

gboolean
kyso_pcsc_monitor_is_running(KysoPcscMonitor *self)
{
    return self->is_running;
}

GPtrArray *
kyso_pcsc_monitor_get_readers(KysoPcscMonitor *self)
{
    GPtrArray *readers = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_reader_unref);

    for (guint i = 0; i < self->readers->len; i++)
        g_ptr_array_add(readers, kyso_reader_ref(self->readers->pdata[i]));
    return readers;
}

KysoReader *
kyso_pcsc_monitor_find(KysoPcscMonitor *self, const char *name)
{
    return find_in(self->readers, name);
}
