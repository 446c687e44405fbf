/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Level B-T: a timestamp goes into a signature, and what the verdict makes of it. */
#include <string.h>

#include "agent/cms/cades-builder.h"
#include "agent/cms/cms-verify.h"
#include "ipc/base/error.h"
#include "tests/kit/signature-maker.h"
#include "tests/kit/status-maker.h"

typedef struct {
    KysoAuthority *ca, *other_ca, *signer, *tsa, *other_tsa;
    KysoTrust *trust;
    KysoCadesBuilder *builder;
} Fixture;

static GBytes *
sign(Fixture *self)
{
    g_autoptr(GBytes) content = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    const KysoCadesSpec spec = {
        .signer = self->signer->certificate,
        .algorithm = "ECDSA",
        .hash = "SHA256",
        .content_digest = content,
        .profile = KYSO_CADES_PADES,
    };
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&self->builder, kyso_cades_builder_free);
    self->builder = kyso_cades_builder_new(&spec, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) signature = kyso_authority_sign(self->signer, "ECDSA", "SHA256",
                                                      kyso_cades_builder_get_digest(self->builder));
    GBytes *der = kyso_cades_builder_finish(self->builder, signature, &error);
    g_assert_no_error(error);
    return der;
}

static void
set_up(Fixture *self, gconstpointer data)
{
    (void) data;
    self->ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->other_ca = kyso_authority_new_ca("CA khác", NULL);
    self->signer = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, self->ca);
    self->tsa = kyso_status_maker_new_tsa(self->ca);
    self->other_tsa = kyso_status_maker_new_tsa(self->other_ca);
    self->trust = kyso_authority_trust(self->ca, NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    (void) data;
    g_clear_pointer(&self->builder, kyso_cades_builder_free);
    kyso_authority_free(self->ca);
    kyso_authority_free(self->other_ca);
    kyso_authority_free(self->signer);
    kyso_authority_free(self->tsa);
    kyso_authority_free(self->other_tsa);
    kyso_trust_unref(self->trust);
}

static GBytes *
stamp(const KysoAuthority *tsa, GBytes *digest)
{
    g_autoptr(KysoTimestampQuery) query = kyso_timestamp_query_new("SHA256", digest, NULL, NULL);
    g_autoptr(GBytes) response =
        kyso_status_maker_timestamp(tsa, kyso_timestamp_query_get_der(query));

    return kyso_status_maker_token(response);
}

/* A signature with a token by @tsa, over the right thing or another. */
static GBytes *
sign_and_stamp(Fixture *self, const KysoAuthority *tsa, gboolean is_right)
{
    g_autoptr(GBytes) plain = sign(self);
    g_autoptr(GBytes) right = kyso_cades_builder_hash_signature(self->builder, NULL);
    g_autoptr(GBytes) wrong = kyso_authority_digest("SHA256", "khác");
    g_autoptr(GBytes) token = stamp(tsa, is_right ? right : wrong);
    GBytes *der = kyso_cades_builder_add_timestamp(self->builder, token, NULL);

    g_assert_cmpuint(g_bytes_get_size(der), >, g_bytes_get_size(plain));
    return der;
}

static KysoSignatureReport *
verify(Fixture *self, GBytes *der, GDateTime *claimed)
{
    g_autoptr(GError) error = NULL;
    KysoSignatureReport *report =
        kyso_cms_verify(der, kyso_signature_maker_digest, (gpointer) KYSO_SIGNATURE_MAKER_CONTENT,
                        self->trust, claimed, &error);

    g_assert_no_error(error);
    return report;
}

static void
test_right(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) der = sign_and_stamp(self, self->tsa, TRUE);
    g_autoptr(GDateTime) long_ago = kyso_authority_day(-3000);
    g_autoptr(KysoSignatureReport) report = verify(self, der, NULL);
    g_autoptr(KysoSignatureReport) claimed = verify(self, der, long_ago);

    (void) data;
    g_assert_cmpint(report->verdict, ==, KYSO_VALID);
    g_assert_true(report->has_timestamp);
    g_assert_cmpstr(kyso_certificate_get_id(report->timestamp->signer), ==,
                    kyso_certificate_get_id(self->tsa->certificate));
    /* its time goes before what the document says */
    g_assert_cmpint(claimed->verdict, ==, KYSO_VALID);
}

static void
test_wrong(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) of_other_thing = sign_and_stamp(self, self->tsa, FALSE);
    g_autoptr(GBytes) of_other_tsa = sign_and_stamp(self, self->other_tsa, TRUE);
    g_autoptr(KysoSignatureReport) one = verify(self, of_other_thing, NULL);
    g_autoptr(KysoSignatureReport) two = verify(self, of_other_tsa, NULL);

    (void) data;
    g_assert_true(one->has_timestamp && two->has_timestamp);
    g_assert_null(one->timestamp);
    g_assert_null(two->timestamp);
    g_assert_cmpint(one->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpint(two->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpstr(one->reason, ==, "timestamp");
}

/* The timestamp proves that the certificate had not begun, or had ended, when it was used. */
static void
test_outside_of_period(Fixture *self, gconstpointer data)
{
    const KysoAuthoritySpec spec = {
        .common_name = "Nguyễn Văn Thử", .from_days = -30, .to_days = -1};
    g_autoptr(GDateTime) while_valid = kyso_authority_day(-10);

    (void) data;
    kyso_authority_free(self->signer);
    self->signer = kyso_authority_new(&spec, self->ca);
    g_autoptr(GBytes) der = sign_and_stamp(self, self->tsa, TRUE);
    g_autoptr(KysoSignatureReport) report = verify(self, der, while_valid);
    g_assert_cmpint(report->verdict, ==, KYSO_INVALID);
    g_assert_cmpint(report->certificate_code, ==, KYSO_ERROR_CERTIFICATE_EXPIRED);
}

#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("/signature-timestamp/a right one counts, before the document's word", test_right);
    ADD("/signature-timestamp/a wrong one leaves the verdict open", test_wrong);
    ADD("/signature-timestamp/it shows that a certificate had ended", test_outside_of_period);
    return g_test_run();
}
