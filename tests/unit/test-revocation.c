/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/revocation.h"

#include <openssl/ocsp.h>
#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/http-service.h"
#include "tests/kit/status-maker.h"

typedef struct {
    KysoHttpService *http;
    KysoAuthority *ca, *other_ca, *signer;
    GPtrArray *chain;
    char *cache;
    gboolean is_revoked;
} Fixture;

/* "/ocsp", "/crl": right ones; "/false...": signed by another CA. */
static GBytes *
answer(const char *path, GBytes *body, gpointer user_data)
{
    Fixture *self = user_data;
    const KysoAuthority *signer = strstr(path, "false") != NULL ? self->other_ca : self->ca;
    const KysoOcspSpec ocsp = {
        .issuer = self->ca,
        .responder = signer,
        .certificate = self->signer->certificate,
        .status = self->is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
        .revoked_days = -2,
        .from_days = -1,
        .to_days = 1,
    };
    const KysoCrlSpec crl = {
        .issuer = self->ca,
        .signer = signer,
        .revoked = self->is_revoked ? self->signer->certificate : NULL,
        .revoked_days = -2,
        .from_days = -1,
        .to_days = 1,
    };

    if (g_str_has_suffix(path, "ocsp"))
        return g_bytes_get_size(body) > 0 ? kyso_status_maker_ocsp(&ocsp) : NULL;
    return g_str_has_suffix(path, "crl") ? kyso_status_maker_crl(&crl) : NULL;
}

static void
set_up(Fixture *self, gconstpointer data)
{
    (void) data;
    self->http = kyso_http_service_new(answer, self);
    self->ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->other_ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->chain = g_ptr_array_new();
    self->cache = g_dir_make_tmp("kyso-proofs-XXXXXX", NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    (void) data;
    kyso_http_service_free(self->http);
    kyso_authority_free(self->ca);
    kyso_authority_free(self->other_ca);
    g_clear_pointer(&self->signer, kyso_authority_free);
    g_ptr_array_unref(self->chain);
    kyso_authority_remove_folder(self->cache);
    g_free(self->cache);
}

/* Somebody whose status is told at these paths; "dead": where nobody listens; NULL: nowhere. */
static void
make_signer(Fixture *self, const char *ocsp, const char *crl)
{
    g_autofree char *ocsp_url = kyso_http_service_url(self->http, ocsp != NULL ? ocsp : "");
    g_autofree char *crl_url = kyso_http_service_url(self->http, crl != NULL ? crl : "");
    const char *dead = "http://127.0.0.1:1/";
    const KysoAuthoritySpec spec = {
        .common_name = "Nguyễn Văn Thử",
        .ocsp_url = g_strcmp0(ocsp, "dead") == 0 ? dead
                    : ocsp != NULL               ? ocsp_url
                                                 : NULL,
        .crl_url = g_strcmp0(crl, "dead") == 0 ? dead
                   : crl != NULL               ? crl_url
                                               : NULL,
    };

    g_clear_pointer(&self->signer, kyso_authority_free);
    self->signer = kyso_authority_new(&spec, self->ca);
    g_ptr_array_set_size(self->chain, 0);
    g_ptr_array_add(self->chain, self->signer->certificate);
    g_ptr_array_add(self->chain, self->ca->certificate);
}

static gboolean
check(Fixture *self, KysoProofs *proofs, GError **error)
{
    const KysoRevocationService service = {
        .rules = {.proxy = "none", .is_loopback_allowed = TRUE, .seconds = 1},
        .cache_dir = self->cache,
    };

    return kyso_revocation_check(&service, self->chain, proofs, NULL, error);
}

static void
test_good(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *ocsp, *crl;
        guint n_ocsps, n_crls;
    } cases[] = {
        {"/ocsp", "/crl", 1, 0}, {"dead", "/crl", 0, 1}, {"/false-ocsp", "/crl", 0, 1},
        {NULL, "/crl", 0, 1},    {"/ocsp", NULL, 1, 0},
    };

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(KysoProofs) proofs = kyso_proofs_new();
        g_autoptr(GError) error = NULL;
        make_signer(self, cases[i].ocsp, cases[i].crl);
        g_assert_true(check(self, proofs, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(proofs->ocsps->len, ==, cases[i].n_ocsps);
        g_assert_cmpuint(proofs->crls->len, ==, cases[i].n_crls);
        g_assert_cmpuint(proofs->certificates->len, ==, 2);
    }
}

static void
test_failures(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *ocsp, *crl;
        int code;
    } cases[] = {
        {"dead", "dead", KYSO_ERROR_REVOCATION_UNAVAILABLE},
        {"/missing", "/missing", KYSO_ERROR_REVOCATION_UNAVAILABLE},
        {NULL, NULL, KYSO_ERROR_REVOCATION_UNAVAILABLE},
        {"/slow", "dead", KYSO_ERROR_SERVICE_TOO_SLOW},
        {"/big", "/slow", KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE},
        {"/false-ocsp", "/slow", KYSO_ERROR_REVOCATION_WRONG},
        {"dead", "/false-crl", KYSO_ERROR_REVOCATION_WRONG},
        {"dead", "/echo", KYSO_ERROR_REVOCATION_WRONG},
    };

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        make_signer(self, cases[i].ocsp, cases[i].crl);
        g_assert_false(check(self, NULL, &error));
        g_assert_error(error, KYSO_ERROR, cases[i].code);
    }
}

static void
test_revoked(Fixture *self, gconstpointer data)
{
    static const char *const paths[][2] = {{"/ocsp", "dead"}, {"dead", "/crl"}};

    (void) data;
    self->is_revoked = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;
        make_signer(self, paths[i][0], paths[i][1]);
        g_assert_false(check(self, NULL, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_REVOKED);
    }
}

static void
spoil_cache(Fixture *self)
{
    g_autoptr(GDir) folder = g_dir_open(self->cache, 0, NULL);

    for (const char *name; (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(self->cache, name, NULL);
        g_assert_true(g_file_set_contents(path, "junk", 4, NULL));
    }
}

static void
test_cache(Fixture *self, gconstpointer data)
{
    static const char *const paths[][2] = {{"/ocsp", NULL}, {NULL, "/crl"}};

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        make_signer(self, paths[i][0], paths[i][1]);
        kyso_http_service_count(self->http);
        g_assert_true(check(self, NULL, NULL));
        g_assert_true(check(self, NULL, NULL));
        g_assert_cmpint(kyso_http_service_count(self->http), ==, 1);
        spoil_cache(self);
        g_assert_true(check(self, NULL, NULL));
        g_assert_true(check(self, NULL, NULL));
        g_assert_cmpint(kyso_http_service_count(self->http), ==, 1);
    }
}

/* Without the network, as a document's proofs are read. */
static void
test_proofs_alone(Fixture *self, gconstpointer data)
{
    g_autoptr(KysoProofs) proofs = kyso_proofs_new();
    g_autoptr(KysoProofs) empty = kyso_proofs_new();
    g_autoptr(KysoProofs) revoked = kyso_proofs_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) before = kyso_authority_day(-3);

    (void) data;
    make_signer(self, "/ocsp", NULL);
    g_assert_true(check(self, proofs, NULL));
    kyso_authority_remove_folder(self->cache);
    self->is_revoked = TRUE;
    g_assert_false(check(self, revoked, NULL));
    kyso_http_service_count(self->http);

    g_assert_cmpint(kyso_proofs_judge(NULL, self->chain, now), ==, KYSO_REVOCATION_NOT_PROVEN);
    g_assert_cmpint(kyso_proofs_judge(empty, self->chain, now), ==, KYSO_REVOCATION_NOT_PROVEN);
    g_assert_cmpint(kyso_proofs_judge(proofs, self->chain, now), ==, KYSO_REVOCATION_GOOD);
    g_assert_cmpint(kyso_proofs_judge(revoked, self->chain, now), ==, KYSO_REVOCATION_REVOKED);
    g_assert_cmpint(kyso_proofs_judge(revoked, self->chain, before), ==, KYSO_REVOCATION_GOOD);
    g_ptr_array_add(revoked->ocsps, g_bytes_ref(g_ptr_array_index(proofs->ocsps, 0)));
    g_assert_cmpint(kyso_proofs_judge(revoked, self->chain, now), ==, KYSO_REVOCATION_REVOKED);
    /* those about one say nothing about another */
    make_signer(self, "/ocsp", NULL);
    g_assert_cmpint(kyso_proofs_judge(proofs, self->chain, now), ==, KYSO_REVOCATION_NOT_PROVEN);
    g_assert_cmpint(kyso_http_service_count(self->http), ==, 0);
}

#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("/revocation/OCSP first, then the CRL", test_good);
    ADD("/revocation/dead, slow, large and lying services are told apart", test_failures);
    ADD("/revocation/revoked is revoked, whoever says it", test_revoked);
    ADD("/revocation/proofs alone say it too", test_proofs_alone);
    ADD("/revocation/what the disk has is asked once, and junk there is dropped", test_cache);
    return g_test_run();
}
