/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/timestamp-service.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/http-service.h"
#include "tests/kit/status-maker.h"

typedef struct {
    KysoHttpService *http;
    KysoAuthority *ca, *other_ca, *tsa, *liar;
    KysoTrust *trust;
} Fixture;

static GBytes *
answer(const char *path, GBytes *body, gpointer user_data)
{
    Fixture *self = user_data;

    return kyso_status_maker_timestamp(strcmp(path, "/lying") == 0 ? self->liar : self->tsa, body);
}

static void
set_up(Fixture *self, gconstpointer data)
{
    (void) data;
    self->ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->other_ca = kyso_authority_new_ca("CA khác", NULL);
    self->tsa = kyso_status_maker_new_tsa(self->ca);
    self->liar = kyso_status_maker_new_tsa(self->other_ca);
    self->trust = kyso_authority_trust(self->ca, NULL);
    self->http = kyso_http_service_new(answer, self);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    (void) data;
    kyso_http_service_free(self->http);
    kyso_authority_free(self->ca);
    kyso_authority_free(self->other_ca);
    kyso_authority_free(self->tsa);
    kyso_authority_free(self->liar);
    kyso_trust_unref(self->trust);
}

/* @paths: parted by spaces. */
static KysoTimestamp *
ask(Fixture *self, const char *paths, guint tries, GError **error)
{
    g_auto(GStrv) urls = g_strsplit(paths, " ", -1);
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", "chữ ký");

    for (char **url = urls; *url != NULL; url++) {
        char *whole = strcmp(*url, "/dead") == 0 ? g_strdup("http://127.0.0.1:1/dead")
                                                 : kyso_http_service_url(self->http, *url);
        g_free(*url);
        *url = whole;
    }
    const KysoTimestampService service = {
        .rules = {.proxy = "none", .is_loopback_allowed = TRUE, .seconds = 1},
        .urls = (const char *const *) urls,
        .tries = tries,
    };
    return kyso_timestamp_service_ask(&service, "SHA256", digest, self->trust, NULL, error);
}

static void
test_order(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTimestamp) first = ask(self, "/good /lying", 1, &error);

    (void) data;
    g_assert_no_error(error);
    g_assert_nonnull(first);
    g_assert_cmpint(kyso_http_service_count(self->http), ==, 1);
    g_autoptr(KysoTimestamp) last = ask(self, "/dead /missing /lying /good", 1, &error);
    g_assert_no_error(error);
    g_assert_nonnull(last);
}

static void
test_failures(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *paths;
        int code;
    } cases[] = {
        {"", KYSO_ERROR_TIMESTAMP_UNAVAILABLE},
        {"/dead", KYSO_ERROR_TIMESTAMP_UNAVAILABLE},
        {"/missing", KYSO_ERROR_TIMESTAMP_UNAVAILABLE},
        {"/slow /dead", KYSO_ERROR_SERVICE_TOO_SLOW},
        {"/big /dead", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE},
        {"/lying /dead", KYSO_ERROR_TIMESTAMP_WRONG},
        {"/echo", KYSO_ERROR_TIMESTAMP_WRONG},
    };

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ask(self, cases[i].paths, 1, &error));
        g_assert_error(error, KYSO_ERROR, cases[i].code);
    }
}

static void
test_retry(Fixture *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void) data;
    g_assert_null(ask(self, "/missing", 2, &error));
    g_assert_cmpint(kyso_http_service_count(self->http), ==, 2);
}

#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("/timestamp-service/the first right answer of the list", test_order);
    ADD("/timestamp-service/dead, slow, large and lying services are told apart", test_failures);
    ADD("/timestamp-service/asked again after a pause", test_retry);
    return g_test_run();
}
