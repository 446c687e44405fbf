/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/fetch.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/http-service.h"

/* @service NULL: an address where nobody listens. */
static GBytes *
ask(KysoHttpService *service, const char *path, const char *body, gboolean is_loopback_allowed,
    GCancellable *cancellable, GError **error)
{
    g_autofree char *url = service != NULL ? kyso_http_service_url(service, path)
                                           : g_strconcat("http://127.0.0.1:1", path, NULL);
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
expect(KysoHttpService *service, const char *path, const char *body, const char *answer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = ask(service, path, body, TRUE, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), answer, strlen(answer));
}

static void
expect_failure(KysoHttpService *service, const char *path, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(ask(service, path, NULL, TRUE, NULL, &error));
    g_assert_error(error, KYSO_ERROR, code);
    g_assert_nonnull(strstr(error->message, path)); /* who is to blame */
}

static void
test_answers(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);

    expect(service, "/echo", NULL, "GET ");
    expect(service, "/echo", "request", "POST request");
    expect(service, "/echo", NULL, "GET "); /* and no cookie */
}

static void
test_redirects(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);

    expect(service, "/moved", "request", "POST request");
    kyso_http_service_count(service);
    expect_failure(service, "/round", KYSO_ERROR_REVOCATION_UNAVAILABLE);
    g_assert_cmpint(kyso_http_service_count(service), ==, KYSO_FETCH_MAX_REDIRECTS + 1);
    expect_failure(service, "/file", KYSO_ERROR_REVOCATION_UNAVAILABLE);
}

static void
test_failures(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);

    expect_failure(service, "/missing", KYSO_ERROR_REVOCATION_UNAVAILABLE);
    expect_failure(service, "/slow", KYSO_ERROR_SERVICE_TOO_SLOW);
    expect_failure(service, "/big", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE);
    expect_failure(service, "/endless", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE);
    expect_failure(NULL, "/echo", KYSO_ERROR_REVOCATION_UNAVAILABLE);
}

static void
test_loopback_is_refused(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(ask(service, "/echo", NULL, FALSE, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "this machine itself"));
    g_assert_cmpint(kyso_http_service_count(service), ==, 0);
}

/* The proxy may be on this machine; it is the one who resolves the name. */
static void
test_proxy(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);
    g_autofree char *proxy = kyso_http_service_url(service, "");
    const KysoFetchRules rules = {.proxy = proxy, .seconds = 5};
    const KysoFetchRequest request = {
        .url = "http://no-such-name.invalid/echo",
        .max_size = 1000,
        .unavailable_code = KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) answer = kyso_fetch_run(&rules, &request, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer), "GET ", 4);
    g_assert_cmpint(kyso_http_service_count(service), ==, 1);
}

/* As the system is set up, which in a test is without a proxy. */
static void
test_system_proxy(void)
{
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);
    g_autofree char *url = kyso_http_service_url(service, "/echo");
    const KysoFetchRules rules = {.is_loopback_allowed = TRUE, .seconds = 5};
    const KysoFetchRequest request = {.url = url, .max_size = 1000};
    g_autoptr(GBytes) answer = kyso_fetch_run(&rules, &request, NULL, NULL);

    g_assert_nonnull(answer);
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
    g_autoptr(KysoHttpService) service = kyso_http_service_new(NULL, NULL);
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
    /* Whatever proxies the machine has, they are none of the test's. */
    g_setenv("GIO_USE_PROXY_RESOLVER", "dummy", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fetch/a question has its answer, and no cookie", test_answers);
    g_test_add_func("/fetch/redirects are few and stay with HTTP", test_redirects);
    g_test_add_func("/fetch/dead, slow and oversized services are told apart", test_failures);
    g_test_add_func("/fetch/this machine is out of reach", test_loopback_is_refused);
    g_test_add_func("/fetch/through a proxy", test_proxy);
    g_test_add_func("/fetch/as the system is set up", test_system_proxy);
    g_test_add_func("/fetch/a question can be cancelled", test_cancel);
    g_test_add_func("/fetch/of two failures the telling one", test_worse_error);
    return g_test_run();
}
