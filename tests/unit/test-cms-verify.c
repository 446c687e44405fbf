/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verdicts on signatures that are intact: ours, those of older software, and what they are worth by
 * their certificates.
 */
#include "agent/cms/cms-verify.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/signature-maker.h"

static KysoAuthority *root, *rsa, *ec;
static KysoTrust *trust;

static KysoSignatureReport *
verify_at(GBytes *der, const char *content, KysoTrust *anchors, GDateTime *claimed)
{
    g_autoptr(GError) error = NULL;
    KysoSignatureReport *report = kyso_cms_verify(der, kyso_signature_maker_digest,
                                                  (gpointer) content, anchors, claimed, &error);

    g_assert_no_error(error);
    return report;
}

static KysoSignatureReport *
verify(GBytes *der)
{
    return verify_at(der, KYSO_SIGNATURE_MAKER_CONTENT, trust, NULL);
}

/* What is good */

static void
test_our_signatures_are_valid(void)
{
    static const char *const ALGORITHMS[] = {"RSA-PKCS1", "RSA-PSS", "ECDSA"};
    static const char *const HASHES[] = {"SHA256", "SHA384", "SHA512"};

    for (gsize i = 0; i < G_N_ELEMENTS(ALGORITHMS); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(HASHES); j++) {
            const KysoAuthority *signer = strcmp(ALGORITHMS[i], "ECDSA") == 0 ? ec : rsa;
            g_autoptr(GBytes) der = kyso_signature_maker_sign(signer, ALGORITHMS[i], HASHES[j]);
            g_autoptr(KysoSignatureReport) report = verify(der);
            g_assert_cmpint(report->verdict, ==, KYSO_VALID);
            g_assert_null(report->reason);
            g_assert_true(report->integrity && report->is_cades);
            g_assert_false(report->is_weak || report->has_timestamp);
            g_assert_cmpint(report->certificate_code, ==, 0);
            g_assert_cmpstr(report->algorithm, ==, ALGORITHMS[i]);
            g_assert_cmpstr(report->hash, ==, HASHES[j]);
            g_assert_null(report->signing_time);
            g_assert_cmpuint(report->certificates->len, ==, 1);
            g_assert_cmpuint(report->chain->len, ==, 2);
            g_assert_cmpstr(kyso_certificate_get_id(report->signer), ==,
                            kyso_certificate_get_id(signer->certificate));
        }
    }
}

static void
test_older_signatures_are_valid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign_legacy(rsa, "SHA256", 0);
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpint(report->verdict, ==, KYSO_VALID);
    g_assert_false(report->is_cades);
    g_assert_nonnull(report->signing_time);
}

static void
test_cades_of_others_is_valid(void)
{
    g_autoptr(GBytes) sha512 =
        kyso_signature_maker_sign_legacy(rsa, "SHA512", CMS_CADES); /* names its ESS hash */
    g_autoptr(GBytes) sha1 =
        kyso_signature_maker_sign_legacy(rsa, "SHA1", CMS_CADES); /* ESS of version 1 */
    g_autoptr(KysoSignatureReport) of_sha512 = verify(sha512);
    g_autoptr(KysoSignatureReport) of_sha1 = verify(sha1);

    g_assert_cmpint(of_sha512->verdict, ==, KYSO_VALID);
    g_assert_cmpint(of_sha1->verdict, ==, KYSO_VALID);
    g_assert_true(of_sha512->is_cades && of_sha1->is_cades);
}

static void
test_sha1_is_a_warning(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign_legacy(rsa, "SHA1", 0);
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpint(report->verdict, ==, KYSO_VALID);
    g_assert_cmpstr(report->hash, ==, "SHA1");
    g_assert_true(report->is_weak);
}

/* Who signed */

static void
assert_certificate(const KysoAuthoritySpec *spec, int claimed_day, KysoSignatureVerdict verdict,
                   int code)
{
    g_autoptr(KysoAuthority) signer = kyso_authority_new(spec, root);
    g_autoptr(GDateTime) claimed = kyso_authority_day(claimed_day);
    g_autoptr(GBytes) der = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(KysoSignatureReport) report =
        verify_at(der, KYSO_SIGNATURE_MAKER_CONTENT, trust, claimed);

    g_assert_cmpint(report->certificate_code, ==, code);
    g_assert_cmpint(report->verdict, ==, verdict);
    g_assert_true(report->integrity);
    g_assert_cmpstr(report->reason, ==, "certificate");
}

static void
test_expired_since_is_left_open(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử", .from_days = -20, .to_days = -5};

    assert_certificate(&spec, -10, KYSO_UNDETERMINED, KYSO_ERROR_CERTIFICATE_EXPIRED);
}

static void
test_expired_when_signed_is_invalid(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử", .from_days = -20, .to_days = -5};

    assert_certificate(&spec, -2, KYSO_INVALID, KYSO_ERROR_CERTIFICATE_EXPIRED);
}

static void
test_not_yet_valid_is_invalid(void)
{
    KysoAuthoritySpec since = {.common_name = "Thử", .from_days = -5, .to_days = 20};
    KysoAuthoritySpec later = {.common_name = "Thử", .from_days = 5, .to_days = 20};

    assert_certificate(&since, -10, KYSO_INVALID, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID);
    assert_certificate(&later, 10, KYSO_INVALID, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID);
}

static void
test_wrong_usage_is_invalid(void)
{
    KysoAuthoritySpec server = {.common_name = "Máy chủ", .extended_key_usage = "serverAuth"};
    KysoAuthoritySpec encryption = {.common_name = "Mã", .key_usage = "critical,keyAgreement"};

    assert_certificate(&server, 0, KYSO_INVALID, KYSO_ERROR_CERTIFICATE_WRONG_USAGE);
    assert_certificate(&encryption, 0, KYSO_INVALID, KYSO_ERROR_CERTIFICATE_WRONG_USAGE);
}

static void
test_a_weak_certificate_is_left_open(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử", .hash = "SHA1"};

    assert_certificate(&spec, 0, KYSO_UNDETERMINED, KYSO_ERROR_CERTIFICATE_WEAK);
}

static void
test_an_unknown_issuer_is_left_open(void)
{
    g_autoptr(KysoAuthority) alone = kyso_authority_new_signer("Một mình", NULL, NULL);
    g_autoptr(GBytes) der = kyso_signature_maker_sign(alone, "ECDSA", "SHA256");
    g_autoptr(GBytes) good = kyso_signature_maker_sign(ec, "ECDSA", "SHA256");
    g_autoptr(KysoSignatureReport) report = verify(der);
    g_autoptr(KysoSignatureReport) without_trust =
        verify_at(good, KYSO_SIGNATURE_MAKER_CONTENT, NULL, NULL);

    g_assert_cmpint(report->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpint(report->certificate_code, ==, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    g_assert_null(report->chain);
    g_assert_cmpint(without_trust->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpint(without_trust->certificate_code, ==, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

/* A forger's certificate with the name of the real one, from a CA with the name of the real one. */
static void
test_a_forger_is_not_valid(void)
{
    g_autoptr(KysoAuthority) forged_root = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    g_autoptr(KysoAuthority) forger =
        kyso_authority_new_signer("Nguyễn Văn Thử", NULL, forged_root);
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    kyso_signature_maker_add(cms, forger, "SHA256", 0, forger);
    CMS_add1_cert(cms, kyso_certificate_get_x509(forged_root->certificate));
    CMS_add1_cert(cms, kyso_certificate_get_x509(root->certificate));
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpint(report->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpint(report->certificate_code, ==, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

static void
test_embedded_cas_lead_to_the_anchor(void)
{
    g_autoptr(KysoAuthority) sub = kyso_authority_new_ca("CA cấp dưới", root);
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, sub);
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    kyso_signature_maker_add(cms, signer, "SHA256", 0, signer);
    CMS_add1_cert(cms, kyso_certificate_get_x509(sub->certificate));
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpint(report->verdict, ==, KYSO_VALID);
    g_assert_cmpuint(report->chain->len, ==, 3);
}

static void
test_verdicts_have_names(void)
{
    g_assert_cmpstr(kyso_signature_verdict_name(KYSO_VALID), ==, "valid");
    g_assert_cmpstr(kyso_signature_verdict_name(KYSO_INVALID), ==, "invalid");
    g_assert_cmpstr(kyso_signature_verdict_name(KYSO_UNDETERMINED), ==, "undetermined");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    root = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    rsa = kyso_authority_new_signer("Nguyễn Văn Thử", "RSA-2048", root);
    ec = kyso_authority_new_signer("Trần Thị Nghiệm", "EC-P-256", root);
    trust = kyso_authority_trust(root, NULL);

    g_test_add_func("/cms-verify/our-signatures-are-valid", test_our_signatures_are_valid);
    g_test_add_func("/cms-verify/older-signatures-are-valid", test_older_signatures_are_valid);
    g_test_add_func("/cms-verify/cades-of-others-is-valid", test_cades_of_others_is_valid);
    g_test_add_func("/cms-verify/sha1-is-a-warning", test_sha1_is_a_warning);
    g_test_add_func("/cms-verify/expired-since-is-left-open", test_expired_since_is_left_open);
    g_test_add_func("/cms-verify/expired-when-signed-is-invalid",
                    test_expired_when_signed_is_invalid);
    g_test_add_func("/cms-verify/not-yet-valid-is-invalid", test_not_yet_valid_is_invalid);
    g_test_add_func("/cms-verify/wrong-usage-is-invalid", test_wrong_usage_is_invalid);
    g_test_add_func("/cms-verify/a-weak-certificate-is-left-open",
                    test_a_weak_certificate_is_left_open);
    g_test_add_func("/cms-verify/an-unknown-issuer-is-left-open",
                    test_an_unknown_issuer_is_left_open);
    g_test_add_func("/cms-verify/a-forger-is-not-valid", test_a_forger_is_not_valid);
    g_test_add_func("/cms-verify/embedded-cas-lead-to-the-anchor",
                    test_embedded_cas_lead_to_the_anchor);
    g_test_add_func("/cms-verify/verdicts-have-names", test_verdicts_have_names);
    int status = g_test_run();

    kyso_trust_unref(trust);
    kyso_authority_free(ec);
    kyso_authority_free(rsa);
    kyso_authority_free(root);
    return status;
}
