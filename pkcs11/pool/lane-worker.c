/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/lane-worker.h"

#include "ipc/base/error.h"

#define IDLE_SECONDS 30

struct _KysoLaneWorker {
    GPtrArray *argv;
    KysoHelper *helper; /* NULL: none, or its end is nobody's business any more */
    guint idle_timer;
};

KysoLaneWorker *
kyso_lane_worker_new(const char *program, const KysoModule *module, const KysoReader *reader)
{
    KysoLaneWorker *self = g_new0(KysoLaneWorker, 1);

    self->argv = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->argv, g_strdup(program));
    g_ptr_array_add(self->argv, g_strdup("--module"));
    g_ptr_array_add(self->argv, g_strdup(module->path));
    if (reader != NULL) {
        g_ptr_array_add(self->argv, g_strdup("--reader"));
        g_ptr_array_add(self->argv, g_strdup(reader->name));
    }
    for (gsize i = 0; module->writes != NULL && module->writes[i] != NULL; i++) {
        g_ptr_array_add(self->argv, g_strdup("--writes"));
        g_ptr_array_add(self->argv, g_strdup(module->writes[i]));
    }
    if (module->network)
        g_ptr_array_add(self->argv, g_strdup("--network"));
    g_ptr_array_add(self->argv, NULL);
    return self;
}

static void
stop_timer(KysoLaneWorker *self)
{
    if (self->idle_timer != 0)
        g_source_remove(self->idle_timer);
    self->idle_timer = 0;
}

void
kyso_lane_worker_free(KysoLaneWorker *self)
{
    kyso_lane_worker_retire(self);
    g_ptr_array_unref(self->argv);
    g_free(self);
}

KysoHelper *
kyso_lane_worker_use(KysoLaneWorker *self)
{
    static const KysoHelperFaults faults = {KYSO_ERROR_TOKEN_CRASHED, KYSO_ERROR_TOKEN_HUNG};

    stop_timer(self);
    if (self->helper != NULL && !kyso_helper_is_usable(self->helper))
        g_clear_object(&self->helper);
    if (self->helper == NULL)
        self->helper = kyso_helper_new((const char *const *) self->argv->pdata, faults);
    return self->helper;
}

static gboolean
idle_too_long(gpointer user_data)
{
    KysoLaneWorker *self = user_data;

    self->idle_timer = 0;
    kyso_lane_worker_retire(self);
    return G_SOURCE_REMOVE;
}

void
kyso_lane_worker_rest(KysoLaneWorker *self)
{
    if (self->helper != NULL && self->idle_timer == 0)
        self->idle_timer = g_timeout_add_seconds(IDLE_SECONDS, idle_too_long, self);
}

void
kyso_lane_worker_retire(KysoLaneWorker *self)
{
    stop_timer(self);
    if (self->helper != NULL)
        kyso_helper_retire(self->helper);
    g_clear_object(&self->helper);
}

void
kyso_lane_worker_kill(KysoLaneWorker *self)
{
    stop_timer(self);
    if (self->helper != NULL)
        kyso_helper_kill(self->helper);
    g_clear_object(&self->helper);
}

GPid
kyso_lane_worker_get_pid(KysoLaneWorker *self)
{
    return self->helper != NULL ? kyso_helper_get_pid(self->helper) : 0;
}
