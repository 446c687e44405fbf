/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/fetch.h"

#include <libsoup/soup.h>
#include <string.h>

#include "ipc/base/error.h"

#define BIG (1024 * 1024)

/* A service on the loopback, in a thread of its own. */
typedef struct {
    GMainContext *context;
    GMainLoop *loop;
    GThread *thread;
    SoupServer *server;
    guint port;
    gint n_requests;
} Service;

static void
request_came(SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
             gpointer user_data)
{
    Service *self = user_data;
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);

    (void) server;
    (void) query;
    g_atomic_int_inc(&self->n_requests);
    if (strcmp(path, "/slow") == 0) {
        soup_server_message_pause(message);
        return;
    }
    if (strcmp(path, "/missing") == 0) {
        soup_server_message_set_status(message, 404, NULL);
        return;
    }
    if (strcmp(path, "/moved") == 0) {
        soup_server_message_set_redirect(message, 302, "/echo");
        return;
    }
    if (strcmp(path, "/round") == 0) {
        soup_server_message_set_redirect(message, 302, "/round");
        return;
    }
    if (strcmp(path, "/file") == 0) {
        soup_server_message_set_redirect(message, 302, "file:///etc/passwd");
        return;
    }
    soup_server_message_set_status(message, 200, NULL);
    if (strcmp(path, "/endless") == 0 || strcmp(path, "/big") == 0) {
        char *block = g_malloc0(BIG);
        if (strcmp(path, "/endless") == 0)
            soup_message_headers_set_encoding(headers, SOUP_ENCODING_CHUNKED);
        soup_message_body_append_take(soup_server_message_get_response_body(message),
                                      (guchar *) block, BIG);
        soup_message_body_complete(soup_server_message_get_response_body(message));
        return;
    }
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    g_autoptr(GBytes) sent = soup_message_body_flatten(body);
    const char *cookie =
        soup_message_headers_get_one(soup_server_message_get_request_headers(message), "Cookie");
    g_autofree char *text = g_strdup_printf(
        "%s %.*s%s", soup_server_message_get_method(message), (int) g_bytes_get_size(sent),
        (const char *) g_bytes_get_data(sent, NULL), cookie != NULL ? cookie : "");
    soup_message_headers_append(headers, "Set-Cookie", "a=b");
    soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_COPY, text, strlen(text));
}

static gpointer
serve(gpointer user_data)
{
    Service *self = user_data;

    g_main_context_push_thread_default(self->context);
    g_main_loop_run(self->loop);
    g_main_context_pop_thread_default(self->context);
    return NULL;
}

static Service *
service_new(void)
{
    Service *self = g_new0(Service, 1);
    g_autoptr(GError) error = NULL;

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

static void
service_free(Service *self)
{
    g_main_context_invoke(self->context, quit, self->loop);
    g_thread_join(self->thread);
    soup_server_disconnect(self->server);
    g_object_unref(self->server);
    g_main_loop_unref(self->loop);
    g_main_context_unref(self->context);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Service, service_free)

static GBytes *
ask(Service *service, const char *path, const char *body, gboolean is_loopback_allowed,
    GCancellable *cancellable, GError **error)
{
    g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u%s", service->port, path);
    g_autoptr(GBytes) bytes = body != NULL ? g_bytes_new_static(body, strlen(body)) : NULL;
    const KysoFetchRules rules = {
        .proxy = "none", .is_loopback_allowed = is_loopback_allowed, .seconds = 1};
    const KysoFetchRequest request = {
        .url = url,
        .content_type = "application/ocsp-request",
        .body = bytes,
        .max_size = 1000,
        .unavailable_code = KYSO_ERROR_REVOCATION_UNAVAILABLE,
    };

    return kyso_fetch_run(&rules, &request, cancellable, error);
}

static void
expect(Service *service, const char *path, const char *body, const char *answer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = ask(service, path, body, TRUE, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), answer, strlen(answer));
}

static void
expect_failure(Service *service, const char *path, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ask(service, path, NULL, TRUE, NULL, &error));
    g_assert_error(error, KYSO_ERROR, code);
    g_assert_nonnull(strstr(error->message, path)); /* who is to blame */
}

static void
test_answers(void)
{
    g_autoptr(Service) service = service_new();

    expect(service, "/echo", NULL, "GET ");
    expect(service, "/echo", "request", "POST request");
    expect(service, "/echo", NULL, "GET "); /* and no cookie */
}

static void
test_redirects(void)
{
    g_autoptr(Service) service = service_new();

    expect(service, "/moved", "request", "POST request");
    g_atomic_int_set(&service->n_requests, 0);
    expect_failure(service, "/round", KYSO_ERROR_REVOCATION_UNAVAILABLE);
    g_assert_cmpint(service->n_requests, ==, KYSO_FETCH_MAX_REDIRECTS + 1);
    expect_failure(service, "/file", KYSO_ERROR_REVOCATION_UNAVAILABLE);
}

static void
test_failures(void)
{
    g_autoptr(Service) service = service_new();

    expect_failure(service, "/missing", KYSO_ERROR_REVOCATION_UNAVAILABLE);
    expect_failure(service, "/slow", KYSO_ERROR_SERVICE_TOO_SLOW);
    expect_failure(service, "/big", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE);
    expect_failure(service, "/endless", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE);
    service->port = 1; /* where nobody listens */
    expect_failure(service, "/echo", KYSO_ERROR_REVOCATION_UNAVAILABLE);
}

static void
test_loopback_is_refused(void)
{
    g_autoptr(Service) service = service_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(ask(service, "/echo", NULL, FALSE, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "this machine itself"));
    g_assert_cmpint(service->n_requests, ==, 0);
}

static gpointer
cancel_soon(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return NULL;
}

static void
test_cancel(void)
{
    g_autoptr(Service) service = service_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);

    g_assert_null(ask(service, "/slow", NULL, TRUE, cancellable, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CANCELLED);
    g_thread_join(thread);
}

static void
test_worse_error(void)
{
    static const int order[] = {KYSO_ERROR_REVOCATION_UNAVAILABLE, KYSO_ERROR_SERVICE_TOO_SLOW,
                                KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE, KYSO_ERROR_REVOCATION_WRONG,
                                KYSO_ERROR_CERTIFICATE_REVOKED};

    for (guint i = 1; i < G_N_ELEMENTS(order); i++) {
        g_autoptr(GError) error =
            kyso_fetch_worse_error(g_error_new_literal(KYSO_ERROR, order[i], "one"),
                                   g_error_new_literal(KYSO_ERROR, order[i - 1], "two"));
        g_assert_error(error, KYSO_ERROR, order[i]);
        g_assert_cmpstr(error->message, ==, "one; two");
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fetch/a question has its answer, and no cookie", test_answers);
    g_test_add_func("/fetch/redirects are few and stay with HTTP", test_redirects);
    g_test_add_func("/fetch/dead, slow and oversized services are told apart", test_failures);
    g_test_add_func("/fetch/this machine is out of reach", test_loopback_is_refused);
    g_test_add_func("/fetch/a question can be cancelled", test_cancel);
    g_test_add_func("/fetch/of two failures the telling one", test_worse_error);
    return g_test_run();
}
