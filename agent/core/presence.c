/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/presence.h"

#include "agent/core/sleep-watch.h"

struct _KysoPresence {
    KysoAgent *agent;
    KysoSleepWatch *watch;
    GPtrArray *logins; /* KysoLogin, not owned */
};

static void
person_left(const GError *reason, gpointer user_data)
{
    KysoPresence *self = user_data;

    if (self->agent->pool != NULL)
        kyso_pool_end_logins(self->agent->pool, reason);
}

/* What has happened to the readers meanwhile is not left to pcscd alone. */
static void
machine_resumed(gpointer user_data)
{
    KysoPresence *self = user_data;

    if (self->agent->monitor != NULL)
        kyso_pcsc_monitor_look_again(self->agent->monitor);
}

static void
login_gone(gpointer user_data, GObject *login)
{
    KysoPresence *self = user_data;

    g_ptr_array_remove_fast(self->logins, login);
    if (self->logins->len == 0)
        kyso_sleep_watch_stop(self->watch);
}

static KysoPresence *
presence_new(KysoAgent *agent)
{
    static const KysoSleepEvents events = {person_left, machine_resumed};
    KysoPresence *self = g_new0(KysoPresence, 1);

    self->agent = agent;
    self->watch = kyso_sleep_watch_new(&events, self);
    self->logins = g_ptr_array_new();
    return self;
}

void
kyso_presence_guard(KysoAgent *agent, KysoLogin *login)
{
    if (agent->presence == NULL)
        agent->presence = presence_new(agent);
    g_ptr_array_add(agent->presence->logins, login);
    g_object_weak_ref(G_OBJECT(login), login_gone, agent->presence);
    kyso_sleep_watch_start(agent->presence->watch);
}

void
kyso_presence_free(KysoPresence *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->logins->len; i++)
        g_object_weak_unref(self->logins->pdata[i], login_gone, self);
    g_ptr_array_unref(self->logins);
    kyso_sleep_watch_free(self->watch);
    g_free(self);
}
