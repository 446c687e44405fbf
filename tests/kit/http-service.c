/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/http-service.h"

#include <libsoup/soup.h>
#include <string.h>

#define BIG (1024 * 1024)

struct _KysoHttpService {
    KysoHttpAnswer answer;
    gpointer user_data;
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    SoupServer *server;
    guint port;
    gint n_requests;
};

/* The ways to fail. TRUE: done with it. */
static gboolean
misbehave(const char *path, SoupServerMessage *message)
{
    if (strcmp(path, "/slow") == 0)
        soup_server_message_pause(message);
    else if (strcmp(path, "/missing") == 0)
        soup_server_message_set_status(message, 404, NULL);
    else if (strcmp(path, "/moved") == 0)
        soup_server_message_set_redirect(message, 302, "/echo");
    else if (strcmp(path, "/round") == 0)
        soup_server_message_set_redirect(message, 302, "/round");
    else if (strcmp(path, "/file") == 0)
        soup_server_message_set_redirect(message, 302, "file:///etc/passwd");
    else
        return FALSE;
    return TRUE;
}

static GBytes *
echo(SoupServerMessage *message, GBytes *body)
{
    const char *cookie =
        soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Cookie");
    char *text = g_strdup_printf(
        "%s %.*s%s", soup_server_message_get_method(message), (int) g_bytes_get_size(body),
        (const char *) g_bytes_get_data(body, NULL), cookie != NULL ? cookie : "");

    soup_message_headers_append(soup_server_message_get_response_headers(message), "Set-Cookie",
                                "a=b");
    return g_bytes_new_take(text, strlen(text));
}

static void
request_came(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
             gpointer user_data)
{
    KysoHttpService *self = user_data;
    g_autoptr(GBytes) body =
        soup_message_body_flatten(soup_server_message_get_request_body(message));
    g_autoptr(GBytes) answer = NULL;

    (void) server;
    (void) query;
    g_atomic_int_inc(&self->n_requests);
    if (misbehave(path, message))
        return;
    if (strcmp(path, "/endless") == 0 || strcmp(path, "/big") == 0)
        answer = g_bytes_new_take(g_malloc0(BIG), BIG);
    else if (strcmp(path, "/echo") == 0)
        answer = echo(message, body);
    else if (self->answer != NULL)
        answer = self->answer(path, body, self->user_data);

    soup_server_message_set_status(message, answer != NULL ? 200 : 500, NULL);
    if (strcmp(path, "/endless") == 0)
        soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                          SOUP_ENCODING_CHUNKED);
    SoupMessageBody *target = soup_server_message_get_response_body(message);
    if (answer != NULL)
        soup_message_body_append_bytes(target, answer);
    soup_message_body_complete(target);
}

static gpointer
serve(gpointer user_data)
{
    KysoHttpService *self = user_data;

    g_main_context_push_thread_default(self->context);
    g_main_loop_run(self->loop);
    g_main_context_pop_thread_default(self->context);
    return NULL;
}

KysoHttpService *
kyso_http_service_new(KysoHttpAnswer answer, gpointer user_data)
{
    KysoHttpService *self = g_new0(KysoHttpService, 1);
    g_autoptr(GError) error = NULL;

    self->answer = answer;
    self->user_data = user_data;
    self->context = g_main_context_new();
    self->loop = g_main_loop_new(self->context, FALSE);
    g_main_context_push_thread_default(self->context);
    self->server = g_object_new(SOUP_TYPE_SERVER, NULL);
    soup_server_add_handler(self->server, NULL, request_came, self, NULL);
    g_assert_true(soup_server_listen_local(self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
    g_main_context_pop_thread_default(self->context);
    GSList *uris = soup_server_get_uris(self->server);
    self->port = (guint) g_uri_get_port(uris->data);
    g_slist_free_full(uris, (GDestroyNotify) g_uri_unref);
    self->thread = g_thread_new("service", serve, self);
    return self;
}

static gboolean
quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

void
kyso_http_service_free(KysoHttpService *self)
{
    g_main_context_invoke(self->context, quit, self->loop);
    g_thread_join(self->thread);
    soup_server_disconnect(self->server);
    g_object_unref(self->server);
    g_main_loop_unref(self->loop);
    g_main_context_unref(self->context);
    g_free(self);
}

char *
kyso_http_service_url(const KysoHttpService *self, const char *path)
{
    return g_strdup_printf("http://127.0.0.1:%u%s", self->port, path);
}

int
kyso_http_service_count(KysoHttpService *self)
{
    int n = g_atomic_int_get(&self->n_requests);

    g_atomic_int_set(&self->n_requests, 0);
    return n;
}
