/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/alarm.h"

struct _KysoAlarm {
    GSource *source;
    KysoAlarmDue due;
    gpointer user_data;
};

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    return callback(user_data);
}

static gboolean
alarm_is_due(gpointer user_data)
{
    KysoAlarm *self = user_data;

    /* Not set again by what `due` does unless it is earlier than what `due` returns. */
    g_source_set_ready_time(self->source, -1);
    gint64 next = self->due(g_get_monotonic_time(), self->user_data);
    if (g_source_is_destroyed(self->source))
        return G_SOURCE_REMOVE;
    if (next != KYSO_ALARM_NEVER)
        kyso_alarm_set(self, next);
    return G_SOURCE_CONTINUE;
}

KysoAlarm *
kyso_alarm_new(KysoAlarmDue due, gpointer user_data)
{
    static GSourceFuncs functions = {.dispatch = dispatch};
    KysoAlarm *self = g_new0(KysoAlarm, 1);

    self->due = due;
    self->user_data = user_data;
    self->source = g_source_new(&functions, sizeof(GSource));
    g_source_set_callback(self->source, alarm_is_due, self, g_free);
    g_source_attach(self->source, NULL);
    return self;
}

void
kyso_alarm_free(KysoAlarm *self)
{
    if (self == NULL)
        return;
    /* The memory goes with the source, which may be the one that is running now. */
    GSource *source = self->source;
    g_source_destroy(source);
    g_source_unref(source);
}

void
kyso_alarm_set(KysoAlarm *self, gint64 deadline)
{
    gint64 armed = g_source_get_ready_time(self->source);
    if (armed < 0 || deadline < armed)
        g_source_set_ready_time(self->source, deadline);
}
