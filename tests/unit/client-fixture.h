/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the tests of libkyso share: an agent that serves one connection in a thread and keeps what
 * it was asked last.
 */

#include "ipc/client/kyso.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ipc/base/error.h"
#include "ipc/wire/channel.h"
#include "ipc/wire/rpc.h"
#include "ipc/wire/server.h"

#define FACTS "{\"pin_final_try\":true,\"tries_left\":1}"

/* An agent that serves one connection in a thread, and does what the name of the method says. */
typedef struct {
    char *dir, *path;
    int listen_fd;
    GThread *thread;
    json_t *last_params; /* of the last request; read after the thread has ended */
    guint last_n_fds;
} Fixture;

static inline void
send_line(KysoChannel *channel, json_t *body)
{
    kyso_channel_send(channel, body, NULL, 0, NULL);
    json_decref(body);
}

static inline void
send_progress(KysoChannel *channel, const json_t *id, const char *stage)
{
    send_line(channel, kyso_rpc_notification("requests.progress",
                                             json_pack("{s:O, s:s, s:s}", "id", id, "requestID",
                                                       "r1", "stage", stage)));
}

/* FALSE: hang up. */
static inline gboolean
serve(KysoChannel *channel, const json_t *body)
{
    const json_t *id = json_object_get(body, "id");
    const char *method = json_string_value(json_object_get(body, "method"));
    g_autoptr(json_t) other_id = json_integer(json_integer_value(id) + 1000);

    if (strcmp(method, "fail") == 0) {
        g_autoptr(GError) error =
            kyso_error_new_with_details(KYSO_ERROR_PIN_INCORRECT, FACTS, "slot 1");
        send_line(channel, kyso_rpc_error(id, error));
    } else if (strcmp(method, "fail of tomorrow") == 0) {
        send_line(channel, json_pack("{s:s, s:O, s:{s:i, s:s, s:{s:s, s:s, s:{s:s, s:s}}}}",
                                     "jsonrpc", "2.0", "id", id, "error", "code", 8001, "message",
                                     "m", "data", "code", "moon_too_high", "layer", "sky", "cause",
                                     "vi", "Trăng cao.", "en", "The moon is high."));
    } else if (strcmp(method, "hang up") == 0) {
        return FALSE;
    } else if (strcmp(method, "refuse") == 0) {
        g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_FOREIGN_USER, "no");
        send_line(channel, kyso_rpc_error(NULL, error));
        return FALSE;
    } else if (strcmp(method, "rubbish") == 0) {
        g_assert_cmpint(write(kyso_channel_fd(channel), "rubbish\n", 8), ==, 8);
    } else if (strcmp(method, "say nothing") == 0) {
        send_line(channel, json_pack("{s:s, s:O}", "jsonrpc", "2.0", "id", id));
    } else if (g_str_has_prefix(method, "signatures.")) {
        send_line(channel, kyso_rpc_result(id, json_object()));
    } else if (strcmp(method, "keep silent") != 0) {
        send_progress(channel, other_id, "not ours");
        send_progress(channel, id, "read");
        send_progress(channel, id, "sign");
        send_line(channel, kyso_rpc_result(other_id, json_null()));
        send_line(channel, kyso_rpc_result(
                               id, json_pack("{s:O}", "params", json_object_get(body, "params"))));
    }
    return TRUE;
}

static inline gpointer
agent_thread(gpointer user_data)
{
    Fixture *f = user_data;
    int fd = accept(f->listen_fd, NULL, NULL);
    g_autoptr(KysoChannel) channel = kyso_channel_new(fd);
    KysoReceived received;

    do {
        g_autoptr(KysoMessage) message = NULL;
        received = kyso_channel_receive(channel, &message, NULL);
        if (received != KYSO_RECEIVED_MESSAGE)
            break;
        json_decref(f->last_params);
        f->last_params = json_incref(json_object_get(message->body, "params"));
        f->last_n_fds = message->fds->n_fds;
        if (!serve(channel, message->body))
            break;
    } while (TRUE);
    return NULL;
}

static inline void
fixture_set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("kyso-client-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "agent.sock", NULL);
    f->listen_fd = kyso_server_listen(f->path, NULL);
    fcntl(f->listen_fd, F_SETFL, 0);
    f->thread = g_thread_new("agent", agent_thread, f);
}

static inline void
fixture_tear_down(Fixture *f, gconstpointer data)
{
    if (f->thread != NULL)
        g_thread_join(f->thread);
    json_decref(f->last_params);
    close(f->listen_fd);
    g_unlink(f->path);
    g_rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

static inline KysoClient *
connect_to(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    KysoClient *client = kyso_client_connect(f->path, &error);
    g_assert_no_error(error);
    return client;
}

/* Ends the agent, so that what it saw can be read. */
static inline void
hang_up(Fixture *f, KysoClient **client)
{
    g_clear_pointer(client, kyso_client_close);
    g_thread_join(g_steal_pointer(&f->thread));
}

#define ADD(name, function)                                                                        \
    g_test_add("/client/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
