/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/revocation-answer.h"

#include <openssl/ocsp.h>

#include "ipc/base/error.h"
#include "tests/kit/status-maker.h"

typedef struct {
    KysoAuthority *ca, *other_ca, *signer, *neighbour, *responder, *impostor;
    GDateTime *now;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    const KysoAuthoritySpec responder = {.common_name = "OCSP",
                                         .extended_key_usage = "OCSPSigning"};

    (void) data;
    self->ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->other_ca = kyso_authority_new_ca("CA khác", NULL);
    self->signer = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, self->ca);
    self->neighbour = kyso_authority_new_signer("Trần Thị Mẫu", NULL, self->ca);
    self->responder = kyso_authority_new(&responder, self->ca);
    self->impostor = kyso_authority_new(&responder, self->other_ca);
    self->now = g_date_time_new_now_utc();
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    (void) data;
    kyso_authority_free(self->ca);
    kyso_authority_free(self->other_ca);
    kyso_authority_free(self->signer);
    kyso_authority_free(self->neighbour);
    kyso_authority_free(self->responder);
    kyso_authority_free(self->impostor);
    g_date_time_unref(self->now);
}

static KysoOcspSpec
good_ocsp(Fixture *self)
{
    return (KysoOcspSpec){
        self->ca, self->responder, self->signer->certificate, V_OCSP_CERTSTATUS_GOOD, 0, -1, 1,
        NULL};
}

static KysoCrlSpec
good_crl(Fixture *self)
{
    return (KysoCrlSpec){self->ca, self->ca, self->neighbour->certificate, -2, -1, 1, NULL, NULL};
}

static KysoRevocationAnswer *
read_ocsp(Fixture *self, const KysoOcspSpec *spec, int at_days, GError **error)
{
    g_autoptr(GBytes) der = kyso_status_maker_ocsp(spec);
    g_autoptr(GDateTime) at = kyso_authority_day(at_days);

    return kyso_revocation_answer_new_ocsp(der, self->signer->certificate, self->ca->certificate,
                                           at, error);
}

static KysoRevocationAnswer *
read_crl(Fixture *self, const KysoCrlSpec *spec, int at_days, GError **error)
{
    g_autoptr(GBytes) der = kyso_status_maker_crl(spec);
    g_autoptr(GDateTime) at = kyso_authority_day(at_days);

    return kyso_revocation_answer_new_crl(der, self->signer->certificate, self->ca->certificate, at,
                                          error);
}

static void
test_good(Fixture *self, gconstpointer data)
{
    KysoOcspSpec ocsp = good_ocsp(self);
    KysoCrlSpec crl = good_crl(self);
    g_autoptr(GError) error = NULL;

    (void) data;
    g_autoptr(KysoRevocationAnswer) one = read_ocsp(self, &ocsp, 0, &error);
    g_assert_no_error(error);
    g_assert_false(kyso_revocation_answer_is_revoked(one, self->now));
    g_assert_cmpuint(one->certificates->len, ==, 1);
    ocsp.responder = self->ca;
    g_autoptr(KysoRevocationAnswer) two = read_ocsp(self, &ocsp, 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(two->certificates->len, ==, 0);
    g_autoptr(KysoRevocationAnswer) three = read_crl(self, &crl, 0, &error);
    g_assert_no_error(error);
    g_assert_null(three->revoked_at);
}

static void
test_revoked(Fixture *self, gconstpointer data)
{
    KysoOcspSpec ocsp = good_ocsp(self);
    KysoCrlSpec crl = good_crl(self);
    g_autoptr(GDateTime) before = kyso_authority_day(-5);

    (void) data;
    ocsp.status = V_OCSP_CERTSTATUS_REVOKED;
    ocsp.revoked_days = crl.revoked_days = -3;
    crl.revoked = self->signer->certificate;
    g_autoptr(KysoRevocationAnswer) one = read_ocsp(self, &ocsp, 0, NULL);
    g_autoptr(KysoRevocationAnswer) two = read_crl(self, &crl, 0, NULL);
    g_assert_true(kyso_revocation_answer_is_revoked(one, self->now));
    g_assert_true(kyso_revocation_answer_is_revoked(two, self->now));
    g_assert_false(kyso_revocation_answer_is_revoked(one, before));
}

static void
expect_ocsp(Fixture *self, const KysoOcspSpec *spec, int at_days)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_ocsp(self, spec, at_days, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_WRONG);
}

static void
test_wrong_ocsp(Fixture *self, gconstpointer data)
{
    KysoOcspSpec spec;

    (void) data;
    spec = good_ocsp(self), spec.status = V_OCSP_CERTSTATUS_UNKNOWN;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.certificate = self->neighbour->certificate;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.issuer = self->other_ca;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.responder = self->impostor;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.responder = self->neighbour; /* of the CA, but not for that */
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.hash = "SHA1";
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.from_days = -5, spec.to_days = -2;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.from_days = 2, spec.to_days = 4;
    expect_ocsp(self, &spec, 0);
    spec = good_ocsp(self), spec.to_days = 0; /* no end: of its moment only */
    expect_ocsp(self, &spec, 0);
}

static void
expect_crl(Fixture *self, const KysoCrlSpec *spec, int at_days)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(read_crl(self, spec, at_days, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_WRONG);
}

static void
test_wrong_crl(Fixture *self, gconstpointer data)
{
    KysoCrlSpec spec;

    (void) data;
    spec = good_crl(self), spec.issuer = self->other_ca;
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.signer = self->other_ca;
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.hash = "SHA1";
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.from_days = -5, spec.to_days = -2;
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.from_days = 2, spec.to_days = 4;
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.scope = "critical,onlyCA:TRUE";
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.scope = "critical,indirectCRL:TRUE";
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.scope = "critical,onlysomereasons:keyCompromise";
    expect_crl(self, &spec, 0);
    spec = good_crl(self), spec.scope = "critical,onlyuser:TRUE";
    g_autoptr(KysoRevocationAnswer) users = read_crl(self, &spec, 0, NULL);
    g_assert_nonnull(users);
}

/* What holds today, and was made after a moment, says that it held at that moment. */
static void
test_later_answers_count(Fixture *self, gconstpointer data)
{
    KysoOcspSpec spec = good_ocsp(self);

    (void) data;
    g_autoptr(KysoRevocationAnswer) answer = read_ocsp(self, &spec, -20, NULL);
    g_assert_nonnull(answer);
    expect_ocsp(self, &spec, 10);
}

static void
test_junk(Fixture *self, gconstpointer data)
{
    KysoOcspSpec spec = good_ocsp(self);
    g_autoptr(GBytes) good = kyso_status_maker_ocsp(&spec);
    gsize size = g_bytes_get_size(good);

    (void) data;
    for (gsize cut = 0; cut < size; cut += 7) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(good, 0, cut);
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_revocation_answer_new_ocsp(part, self->signer->certificate,
                                                      self->ca->certificate, self->now, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_WRONG);
        g_clear_error(&error);
        g_assert_null(kyso_revocation_answer_new_crl(part, self->signer->certificate,
                                                     self->ca->certificate, self->now, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_WRONG);
    }
}

static void
test_request(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) der =
        kyso_revocation_answer_new_request(self->signer->certificate, self->ca->certificate, NULL);
    const unsigned char *p = g_bytes_get_data(der, NULL);
    OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, (long) g_bytes_get_size(der));

    (void) data;
    g_assert_nonnull(request);
    g_assert_cmpint(OCSP_request_onereq_count(request), ==, 1);
    OCSP_REQUEST_free(request);
}

#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("/revocation-answer/good is good, by responder, CA and list", test_good);
    ADD("/revocation-answer/revoked is revoked from its day on", test_revoked);
    ADD("/revocation-answer/no false OCSP answer passes", test_wrong_ocsp);
    ADD("/revocation-answer/no false CRL passes", test_wrong_crl);
    ADD("/revocation-answer/a later answer tells about an earlier moment",
        test_later_answers_count);
    ADD("/revocation-answer/junk and parts are refused", test_junk);
    ADD("/revocation-answer/the request asks about one certificate", test_request);
    return g_test_run();
}
