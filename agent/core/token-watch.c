/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/token-watch.h"

#include "ipc/base/clock.h"
#include "ipc/wire/rpc.h"

struct _KysoTokenWatch {
    KysoPcscMonitor *monitor;
    GHashTable *connections; /* set of KysoConnection */
    gulong reader_handler, service_handler;
};

static json_t *
atr_to_json(const KysoReader *reader)
{
    gsize size;

    if (reader->atr == NULL)
        return json_null();
    const guint8 *bytes = g_bytes_get_data(reader->atr, &size);
    g_autoptr(GString) hex = g_string_sized_new(2 * size);
    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return json_string(hex->str);
}

static json_t *
reader_to_json(const KysoReader *reader)
{
    return json_pack("{s:s, s:b, s:b, s:b, s:o}", "name", reader->name, "card",
                     kyso_reader_has_card(reader), "mute", (reader->flags & KYSO_READER_MUTE) != 0,
                     "exclusive", (reader->flags & KYSO_READER_EXCLUSIVE) != 0, "atr",
                     atr_to_json(reader));
}

/* @reader may be NULL: the event is about pcscd. */
static void
tell(KysoTokenWatch *self, const char *event, const KysoReader *reader)
{
    g_autoptr(GDateTime) now = kyso_clock_now();
    g_autofree char *at = kyso_clock_to_rfc3339_ms(now);
    json_t *params = json_pack("{s:s, s:s}", "event", event, "at", at);
    GHashTableIter iter;
    KysoConnection *connection;

    if (reader != NULL)
        json_object_set_new(params, "reader", reader_to_json(reader));
    g_autoptr(json_t) note = kyso_rpc_notification("tokens.changed", params);
    g_hash_table_iter_init(&iter, self->connections);
    while (g_hash_table_iter_next(&iter, (gpointer *) &connection, NULL))
        kyso_connection_send(connection, note, NULL, 0);
}

static void
tell_gone(KysoTokenWatch *self, const KysoReader *before)
{
    g_autoptr(KysoReader) empty = kyso_reader_new(before->name, 0, NULL, 0);

    if (kyso_reader_has_card(before))
        tell(self, "removed", empty);
    tell(self, "reader_removed", empty);
}

/* Each card that comes has an "inserted" or "swapped" and each that goes a "removed" or "swapped",
 * also where it comes and goes with its reader, as a USB token does. */
static void
reader_changed(KysoPcscMonitor *monitor, KysoReader *before, KysoReader *now, KysoTokenWatch *self)
{
    if (now == NULL) {
        tell_gone(self, before);
        return;
    }
    gboolean had_card = before != NULL && kyso_reader_has_card(before);
    gboolean has_card = kyso_reader_has_card(now);
    if (before == NULL)
        tell(self, "reader_added", now);
    if (has_card && !had_card)
        tell(self, "inserted", now);
    else if (had_card && !has_card)
        tell(self, "removed", now);
    else if (has_card && before->insertion != now->insertion)
        tell(self, "swapped", now);
    else if (before != NULL && (before->flags ^ now->flags) != KYSO_READER_IN_USE)
        tell(self, "state", now);
}

static void
service_changed(KysoPcscMonitor *monitor, KysoTokenWatch *self)
{
    tell(self, kyso_pcsc_monitor_is_running(monitor) ? "service_started" : "service_stopped", NULL);
}

static KysoTokenWatch *
watch_new(KysoPcscMonitor *monitor)
{
    KysoTokenWatch *self = g_new0(KysoTokenWatch, 1);

    self->monitor = g_object_ref(monitor);
    self->connections = g_hash_table_new(NULL, NULL);
    self->reader_handler =
        g_signal_connect(monitor, "reader-changed", G_CALLBACK(reader_changed), self);
    self->service_handler =
        g_signal_connect(monitor, "service-changed", G_CALLBACK(service_changed), self);
    return self;
}

void
kyso_token_watch_free(KysoTokenWatch *self)
{
    if (self == NULL)
        return;
    g_signal_handler_disconnect(self->monitor, self->reader_handler);
    g_signal_handler_disconnect(self->monitor, self->service_handler);
    g_object_unref(self->monitor);
    g_hash_table_unref(self->connections);
    g_free(self);
}

void
kyso_token_watch_forget(KysoAgent *agent, KysoConnection *connection)
{
    if (agent->token_watch == NULL)
        return;
    g_hash_table_remove(agent->token_watch->connections, connection);
    if (g_hash_table_size(agent->token_watch->connections) == 0)
        g_clear_pointer(&agent->token_watch, kyso_token_watch_free);
}

static json_t *
snapshot_to_json(KysoPcscMonitor *monitor)
{
    g_autoptr(GPtrArray) readers = kyso_pcsc_monitor_get_readers(monitor);
    json_t *list = json_array();

    for (guint i = 0; i < readers->len; i++)
        json_array_append_new(list, reader_to_json(readers->pdata[i]));
    return json_pack("{s:b, s:s, s:o}", "watching", 1, "service",
                     kyso_pcsc_monitor_is_running(monitor) ? "running" : "absent", "readers", list);
}

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
} Start;

/* From here on the connection is told what changes; the answer comes first, as both go over it. */
static void
monitor_looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Start *start = user_data;
    g_autoptr(KysoJob) job = start->job;
    KysoPcscMonitor *monitor = KYSO_PCSC_MONITOR(source);
    GError *error = NULL;

    if (!kyso_pcsc_monitor_wait_finish(monitor, result, &error)) {
        kyso_job_fail(job, error);
        return;
    }
    KysoConnection *connection = kyso_job_connection(job);
    if (connection != NULL) {
        if (start->agent->token_watch == NULL)
            start->agent->token_watch = watch_new(monitor);
        g_hash_table_add(start->agent->token_watch->connections, connection);
    }
    kyso_job_return(job, snapshot_to_json(monitor));
}

void
kyso_token_watch_start(KysoAgent *agent, KysoJob *job)
{
    gboolean is_enabled = TRUE;
    GError *error = NULL;

    if (!kyso_json_get_boolean(kyso_job_params(job), "enabled", KYSO_JSON_OPTIONAL, &is_enabled,
                               &error)) {
        kyso_job_fail(job, error);
        return;
    }
    if (!is_enabled) {
        if (kyso_job_connection(job) != NULL)
            kyso_token_watch_forget(agent, kyso_job_connection(job));
        kyso_job_return(job, json_pack("{s:b}", "watching", 0));
        return;
    }
    Start *start = g_new(Start, 1);
    *start = (Start){agent, g_object_ref(job)};
    kyso_pcsc_monitor_wait_async(kyso_agent_get_monitor(agent), kyso_job_cancellable(job),
                                 monitor_looked, start);
}
