/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/pool.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/lane.h"
#include "pkcs11/pool/pool-internal.h"

struct _KysoPool {
    GObject parent_instance;
    GPtrArray *modules;
    char *worker_program;
    char *reset_program;
    KysoPcscMonitor *monitor; /* NULL: no PC/SC */
    GPtrArray *lanes;         /* KysoLane, in the order of modules, then of readers */
    GHashTable *histories;    /* path of a module, and name of a reader -> KysoCrashHistory */
    GHashTable *turns;        /* name of a reader -> KysoTurn */
};

enum { SIGNAL_CHANGED, SIGNAL_LOGINS_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void reader_changed(KysoPcscMonitor *monitor, KysoReader *before, KysoReader *now,
                           gpointer user_data);
static void service_changed(KysoPcscMonitor *monitor, gpointer user_data);

G_DEFINE_FINAL_TYPE(KysoPool, kyso_pool, G_TYPE_OBJECT)

static void
kyso_pool_finalize(GObject *object)
{
    KysoPool *self = KYSO_POOL(object);

    if (self->monitor != NULL) {
        g_signal_handlers_disconnect_by_data(self->monitor, self);
        g_object_unref(self->monitor);
    }
    g_ptr_array_unref(self->lanes);
    g_hash_table_unref(self->histories);
    g_hash_table_unref(self->turns);
    g_ptr_array_unref(self->modules);
    g_free(self->worker_program);
    g_free(self->reset_program);
    G_OBJECT_CLASS(kyso_pool_parent_class)->finalize(object);
}

static void
kyso_pool_class_init(KysoPoolClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_pool_finalize;
    signals[SIGNAL_CHANGED] = g_signal_new("changed", KYSO_TYPE_POOL, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 0);
    signals[SIGNAL_LOGINS_CHANGED] = g_signal_new(
        "logins-changed", KYSO_TYPE_POOL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
kyso_pool_init(KysoPool *self)
{
    self->lanes = g_ptr_array_new_with_free_func(g_object_unref);
    self->histories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                            (GDestroyNotify) kyso_crash_history_unref);
    self->turns =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) kyso_turn_unref);
}

/* Of each reader its own: a token that makes its module crash spoils no other of that module.
 * @reader: NULL for a module that knows none. */
static KysoCrashHistory *
get_history(KysoPool *self, const KysoModule *module, const KysoReader *reader)
{
    g_autofree char *key =
        g_strjoin("\n", module->path, reader != NULL ? reader->name : NULL, NULL);
    KysoCrashHistory *history = g_hash_table_lookup(self->histories, key);

    if (history == NULL) {
        history = kyso_crash_history_new();
        g_hash_table_insert(self->histories, g_steal_pointer(&key), history);
    }
    return history;
}

static KysoTurn *
get_turn(KysoPool *self, const char *reader_name)
{
    KysoTurn *turn = g_hash_table_lookup(self->turns, reader_name);

    if (turn == NULL) {
        turn = kyso_turn_new();
        g_hash_table_insert(self->turns, g_strdup(reader_name), turn);
    }
    return turn;
}

static void
login_changed(KysoLane *lane, gpointer user_data)
{
    g_signal_emit(user_data, signals[SIGNAL_LOGINS_CHANGED], 0);
}

/* @reader: NULL for a module that knows none. */
static void
add_lane(KysoPool *self, const KysoModule *module, KysoReader *reader)
{
    KysoLaneSpec spec = {
        .module = module,
        .reader = reader,
        .turn = reader != NULL ? get_turn(self, reader->name) : NULL,
        .history = get_history(self, module, reader),
        .worker_program = self->worker_program,
        .reset_program = self->reset_program,
    };

    KysoLane *lane = kyso_lane_new(&spec);
    g_signal_connect_object(lane, "login-changed", G_CALLBACK(login_changed), self, 0);
    g_ptr_array_add(self->lanes, lane);
}

KysoPool *
kyso_pool_new(GPtrArray *modules, const char *worker_program)
{
    KysoPool *self = g_object_new(KYSO_TYPE_POOL, NULL);

    self->modules = g_ptr_array_ref(modules);
    self->worker_program = g_strdup(worker_program);
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (module->fault == NULL && !module->per_reader)
            add_lane(self, module, NULL);
    }
    return self;
}

static gboolean
can_be_asked(const KysoReader *reader)
{
    return reader != NULL && kyso_reader_has_card(reader) &&
           (reader->flags & KYSO_READER_MUTE) == 0;
}

static void
card_came(KysoPool *self, KysoReader *reader)
{
    g_autoptr(GPtrArray) modules = kyso_modules_for_card(self->modules, reader->atr);

    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        kyso_crash_history_forgive(get_history(self, module, reader));
        add_lane(self, module, reader);
    }
    /* It may be a token of theirs. */
    for (guint i = 0; i < self->modules->len; i++) {
        const KysoModule *module = self->modules->pdata[i];
        if (!module->per_reader)
            kyso_crash_history_forgive(get_history(self, module, NULL));
    }
}

static void
card_went(KysoPool *self, const KysoReader *reader)
{
    g_autoptr(GError) reason = g_error_new(KYSO_ERROR, KYSO_ERROR_TOKEN_REMOVED,
                                           "%s: the token was taken out", reader->name);

    for (guint i = self->lanes->len; i > 0; i--) {
        g_autoptr(KysoLane) lane = g_object_ref(self->lanes->pdata[i - 1]);
        KysoReader *of_lane = kyso_lane_get_reader(lane);
        if (of_lane != NULL && of_lane->insertion == reader->insertion) {
            g_ptr_array_remove_index(self->lanes, i - 1);
            kyso_lane_end(lane, reason);
        } else if (of_lane == NULL && kyso_lane_uses_reader(lane, reader->name)) {
            kyso_lane_end_login(lane, reason);
        }
    }
}

/* What modules that look at the readers themselves hold of them is old now. */
static void
refresh_all(KysoPool *self)
{
    for (guint i = 0; i < self->lanes->len; i++)
        if (kyso_lane_get_reader(self->lanes->pdata[i]) == NULL)
            kyso_lane_refresh(self->lanes->pdata[i]);
}

static void
reader_changed(KysoPcscMonitor *monitor, KysoReader *before, KysoReader *now, gpointer user_data)
{
    KysoPool *self = user_data;
    gboolean is_same = before != NULL && now != NULL && before->insertion == now->insertion;

    if (is_same && can_be_asked(before) == can_be_asked(now)) {
        /* A program that had the card for itself has let it go: it may be seen now. */
        if ((before->flags & ~now->flags & KYSO_READER_EXCLUSIVE) != 0)
            g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
        return;
    }
    if (can_be_asked(before))
        card_went(self, before);
    if (can_be_asked(now))
        card_came(self, now);
    refresh_all(self);
    g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
}

static void
service_changed(KysoPcscMonitor *monitor, gpointer user_data)
{
    g_signal_emit(user_data, signals[SIGNAL_CHANGED], 0);
}

void
kyso_pool_attach_readers(KysoPool *self, KysoPcscMonitor *monitor, const char *reset_program)
{
    g_return_if_fail(self->monitor == NULL);

    self->monitor = g_object_ref(monitor);
    self->reset_program = g_strdup(reset_program);
    g_signal_connect(monitor, "reader-changed", G_CALLBACK(reader_changed), self);
    g_signal_connect(monitor, "service-changed", G_CALLBACK(service_changed), self);
    g_autoptr(GPtrArray) readers = kyso_pcsc_monitor_get_readers(monitor);
    for (guint i = 0; i < readers->len; i++)
        if (can_be_asked(readers->pdata[i]))
            card_came(self, readers->pdata[i]);
}

static KysoLane *
find_lane(KysoPool *self, const KysoCredential *credential)
{
    for (guint i = 0; i < self->lanes->len; i++)
        if (kyso_lane_has(self->lanes->pdata[i], credential))
            return self->lanes->pdata[i];
    return NULL;
}

GError *
kyso_pool_explain_absence(KysoPool *self, const KysoCredential *credential)
{
    KysoReader *reader =
        self->monitor != NULL ? kyso_pcsc_monitor_find(self->monitor, credential->reader) : NULL;

    if (credential->insertion == 0)
        return g_error_new(KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL, "%s is no module of ours",
                           credential->module_path);
    if (can_be_asked(reader))
        return g_error_new(KYSO_ERROR, KYSO_ERROR_TOKEN_CHANGED,
                           "%s: a token was put in after this one was chosen", reader->name);
    return g_error_new(KYSO_ERROR, KYSO_ERROR_TOKEN_REMOVED, "%s: the token was taken out",
                       credential->reader);
}

gboolean
kyso_pool_has(KysoPool *self, const KysoCredential *credential)
{
    return find_lane(self, credential) != NULL;
}

guint
kyso_pool_count_logins(KysoPool *self)
{
    guint count = 0;

    for (guint i = 0; i < self->lanes->len; i++)
        count += kyso_lane_has_login(self->lanes->pdata[i]) ? 1 : 0;
    return count;
}

void
kyso_pool_end_logins(KysoPool *self, const GError *reason)
{
    g_autoptr(GPtrArray) lanes = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < self->lanes->len; i++) /* ending one may change the list */
        g_ptr_array_add(lanes, g_object_ref(self->lanes->pdata[i]));
    for (guint i = 0; i < lanes->len; i++)
        kyso_lane_end_logins(lanes->pdata[i], reason);
}

GPtrArray *
kyso_pool_get_lanes(KysoPool *self)
{
    return self->lanes;
}

KysoPcscMonitor *
kyso_pool_get_monitor(KysoPool *self)
{
    return self->monitor;
}

GPtrArray *
kyso_pool_get_modules(KysoPool *self)
{
    return self->modules;
}

GPid
kyso_pool_get_worker_pid(KysoPool *self, const char *module_path)
{
    for (guint i = 0; i < self->lanes->len; i++)
        if (g_str_equal(kyso_lane_get_path(self->lanes->pdata[i]), module_path))
            return kyso_lane_get_worker_pid(self->lanes->pdata[i]);
    return 0;
}

static void
lane_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    KysoLogin *login = kyso_lane_login_finish(KYSO_LANE(source), result, &error);
    if (login != NULL)
        g_task_return_pointer(task, login, g_object_unref);
    else
        g_task_return_error(task, error);
}

void
kyso_pool_login_async(KysoPool *self, KysoCredential *credential, int pin_fd, guint deadline_ms,
                      GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    KysoLane *lane = find_lane(self, credential);

    g_task_set_check_cancellable(task, FALSE);
    if (lane == NULL) {
        g_task_return_error(task, kyso_pool_explain_absence(self, credential));
        return;
    }

    kyso_lane_login_async(lane, credential, pin_fd, deadline_ms, cancellable, lane_logged_in,
                          g_steal_pointer(&task));
}

KysoLogin *
kyso_pool_login_finish(KysoPool *self, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}
