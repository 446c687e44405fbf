/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/agent.h"

#include "agent/core/methods.h"
#include "agent/core/signer.h"
#include "agent/core/sleep-watch.h"
#include "agent/core/token-watch.h"
#include "ipc/base/paths.h"

#define LOGIN_LASTS_MS 500

KysoAgent *
kyso_agent_new(KysoConfiguration *configuration)
{
    KysoAgent *self = g_new0(KysoAgent, 1);
    self->configuration = configuration;
    self->jobs = kyso_jobs_new();
    return self;
}

void
kyso_agent_free(KysoAgent *self)
{
    if (self == NULL)
        return;
    kyso_signer_free(self);
    g_clear_object(&self->prompt);
    if (self->pool != NULL)
        g_signal_handlers_disconnect_by_data(self->pool, self);
    g_clear_handle_id(&self->login_timer, g_source_remove);
    g_clear_pointer(&self->sleep_watch, kyso_sleep_watch_free);
    g_clear_object(&self->pool);
    kyso_token_watch_free(self->token_watch);
    g_clear_object(&self->monitor);
    kyso_jobs_free(self->jobs);
    kyso_configuration_free(self->configuration);
    g_free(self);
}

KysoPcscMonitor *
kyso_agent_get_monitor(KysoAgent *self)
{
    if (self->monitor == NULL)
        self->monitor = kyso_pcsc_monitor_new();
    return self->monitor;
}

static void
person_left(const GError *reason, gpointer user_data)
{
    KysoAgent *self = user_data;

    kyso_pool_end_logins(self->pool, reason);
}

/* What has become of the readers meanwhile is not left to pcscd alone. */
static void
machine_resumed(gpointer user_data)
{
    KysoAgent *self = user_data;

    if (self->monitor != NULL)
        kyso_pcsc_monitor_look_again(self->monitor);
}

static gboolean
login_lasts(gpointer user_data)
{
    KysoAgent *self = user_data;

    self->login_timer = 0;
    kyso_sleep_watch_start(self->sleep_watch);
    return G_SOURCE_REMOVE;
}

/* A single signature is over before logind would have answered: only what lasts is watched. */
static void
logins_changed(KysoPool *pool, gpointer user_data)
{
    KysoAgent *self = user_data;
    gboolean is_live = kyso_pool_count_logins(pool) > 0;

    if (is_live && self->login_timer == 0)
        self->login_timer = g_timeout_add(LOGIN_LASTS_MS, login_lasts, self);
    if (!is_live) {
        g_clear_handle_id(&self->login_timer, g_source_remove);
        kyso_sleep_watch_stop(self->sleep_watch);
    }
}

/* Where no module knows readers, nobody needs to look at them. */
static gboolean
has_reader_module(GPtrArray *modules)
{
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (module->fault == NULL && module->per_reader)
            return TRUE;
    }
    return FALSE;
}

static void
make_pool(KysoAgent *self, GPtrArray *modules)
{
    static const KysoSleepEvents events = {person_left, machine_resumed};
    g_autofree char *program = kyso_paths_program("kyso-token", "pkcs11/worker");

    self->pool = kyso_pool_new(modules, program);
    self->sleep_watch = kyso_sleep_watch_new(&events, self);
    g_signal_connect(self->pool, "logins-changed", G_CALLBACK(logins_changed), self);
    if (has_reader_module(modules)) {
        g_autofree char *reset = kyso_paths_program("kyso-card-reset", "pkcs11/pcsc");
        kyso_pool_attach_readers(self->pool, kyso_agent_get_monitor(self), reset);
    }
}

KysoPool *
kyso_agent_get_pool(KysoAgent *self, GError **error)
{
    if (self->pool == NULL) {
        g_autoptr(GPtrArray) modules = kyso_modules_read(self->configuration->dir, error);
        if (modules == NULL)
            return NULL;
        make_pool(self, modules);
    }
    return self->pool;
}

KysoPrompt *
kyso_agent_get_prompt(KysoAgent *self)
{
    if (self->prompt == NULL) {
        g_autofree char *program = kyso_paths_program("kyso-prompt", "agent/dialog");
        self->prompt = kyso_prompt_new(program, self->configuration->pinentry);
    }
    return self->prompt;
}

static void
message_received(KysoConnection *connection, KysoMessage *message, gpointer user_data)
{
    kyso_methods_dispatch(user_data, connection, message);
}

static void
connection_closed(KysoConnection *connection, gpointer user_data)
{
    KysoAgent *self = user_data;

    kyso_jobs_forget_connection(self->jobs, connection);
    kyso_signer_forget_connection(self, connection);
    kyso_token_watch_forget(self, connection);
}

KysoServer *
kyso_agent_serve(KysoAgent *self, int listen_fd)
{
    static const KysoServerEvents events = {message_received, connection_closed};
    return kyso_server_new(listen_fd, KYSO_MAX_CONNECTIONS, &events, self);
}
