/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a detached signature: they are refused with a code, or reported on; and nothing is
 * intact or valid but what the owners of the known keys have signed, over this content, and what
 * OpenSSL's own CMS_SignerInfo_verify calls right as well. Every certificate inside is asked for
 * all that it tells.
 */

#include <stdint.h>
#include <string.h>

#include <openssl/cms.h>

#include "agent/cms/cms-verify.h"
#include "agent/pki/role-hint.h"
#include "ipc/base/error.h"
#include "tests/fuzz/known-certificates.h"
#include "tests/kit/signature-maker.h"

#define OTHER_CONTENT "Quyết định số 02/QĐ-UBND"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
    g_assert_nonnull(text);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strchr(text, '\n'));
}

static void
check_certificate(const KysoCertificate *certificate)
{
    const char *const *units = kyso_certificate_get_organizational_units(certificate);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    for (guint i = 0; units[i] != NULL; i++)
        check_text(units[i]);
    check_text(kyso_certificate_get_common_name(certificate));
    check_text(kyso_certificate_get_organization(certificate));
    check_text(kyso_certificate_get_subject(certificate));
    check_text(kyso_certificate_get_issuer(certificate));
    check_text(kyso_certificate_get_issuer_common_name(certificate));
    check_text(kyso_certificate_get_serial(certificate));
    check_text(kyso_certificate_get_key_type(certificate));
    g_assert_cmpuint(strlen(kyso_certificate_get_id(certificate)), ==, 64);
    g_assert_nonnull(kyso_certificate_get_not_before(certificate));
    g_assert_nonnull(kyso_certificate_get_not_after(certificate));
    kyso_role_hint_get(certificate);
    g_assert_true(kyso_certificate_check_signer(certificate, now, &error) == (error == NULL));
}

static gboolean
is_known_signer(const KysoCertificate *certificate)
{
    return kyso_known_certificates_same_key(certificate,
                                            kyso_known_certificates_get("signer.der")) ||
           kyso_known_certificates_same_key(certificate,
                                            kyso_known_certificates_get("rsa-signer.der"));
}

/* Owned by the caller; NULL where @der is refused. */
static KysoSignatureReport *
verify(GBytes *der, const char *content)
{
    static KysoTrust *trust;
    g_autoptr(GError) error = NULL;

    if (trust == NULL)
        trust = kyso_known_certificates_trust();
    KysoSignatureReport *report =
        kyso_cms_verify(der, kyso_signature_maker_digest, (gpointer) content, trust, NULL, &error);
    g_assert_true((report == NULL) == (error != NULL));
    g_assert_true(error == NULL || error->domain == KYSO_ERROR);
    return report;
}

/* One that a known signer has signed, or none. */
static gboolean
is_known_time(GDateTime *time)
{
    static const char *const seeds[] = {"cades", "rsa-pss", "legacy", "timestamped"};
    static GDateTime *known[G_N_ELEMENTS(seeds)];
    static gboolean is_read;

    for (guint i = 0; !is_read && i < G_N_ELEMENTS(seeds); i++) {
        g_autofree char *path = g_build_filename("fuzz-cms.corpus", seeds[i], NULL);
        g_autoptr(GBytes) der = kyso_known_certificates_read(path, 0);
        g_autoptr(KysoSignatureReport) report = verify(der, KYSO_SIGNATURE_MAKER_CONTENT);
        g_assert_cmpint(report->verdict, ==, KYSO_VALID);
        known[i] = g_steal_pointer(&report->signing_time);
    }
    is_read = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(seeds); i++)
        if (time == NULL || (known[i] != NULL && g_date_time_equal(time, known[i])))
            return TRUE;
    return FALSE;
}

/* By OpenSSL, and with the one quirk that is accepted: parameters of PSS on a signature of v1.5. */
static gboolean
is_right_by_openssl(GBytes *der, const KysoCertificate *signer)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size);
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &data, (long) size);
    STACK_OF(CMS_SignerInfo) *infos = cms != NULL ? CMS_get0_SignerInfos(cms) : NULL;
    X509_ALGOR *algorithm = NULL;
    gboolean is_right = FALSE;

    if (sk_CMS_SignerInfo_num(infos) == 1) {
        CMS_SignerInfo *info = sk_CMS_SignerInfo_value(infos, 0);
        CMS_SignerInfo_set1_signer_cert(info, kyso_certificate_get_x509(signer));
        is_right = CMS_SignerInfo_verify(info) == 1;
        CMS_SignerInfo_get0_algs(info, NULL, NULL, NULL, &algorithm);
        if (!is_right &&
            X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL))
            is_right = CMS_SignerInfo_verify(info) == 1;
    }
    CMS_ContentInfo_free(cms);
    return is_right;
}

static void
check_report(GBytes *der, const KysoSignatureReport *report)
{
    g_assert_nonnull(report->algorithm);
    g_assert_nonnull(report->hash);
    g_assert_true(report->verdict == KYSO_VALID || report->reason != NULL);
    g_assert_true(report->verdict != KYSO_VALID || report->integrity);
    g_assert_true(report->verdict != KYSO_VALID ||
                  (report->chain != NULL && report->chain->len == 2));
    g_assert_true(report->timestamp == NULL || report->has_timestamp);
    if (report->verdict == KYSO_VALID)
        g_assert_true(is_known_signer(report->signer));
    if (report->integrity)
        g_assert_true(is_right_by_openssl(der, report->signer));
    if (report->integrity && is_known_signer(report->signer))
        g_assert_true(is_known_time(report->signing_time));
    if (report->timestamp != NULL)
        g_assert_true(kyso_known_certificates_same_key(report->timestamp->signer,
                                                       kyso_known_certificates_get("tsa.der")));
    for (guint i = 0; i < report->certificates->len; i++)
        check_certificate(g_ptr_array_index(report->certificates, i));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) der = g_bytes_new(data, size);
    g_autoptr(KysoSignatureReport) report = verify(der, KYSO_SIGNATURE_MAKER_CONTENT);
    if (report == NULL)
        return 0;
    check_report(der, report);

    g_autoptr(KysoSignatureReport) other = verify(der, OTHER_CONTENT);
    check_report(der, other);
    g_assert_cmpint(other->verdict, !=, KYSO_VALID);
    if (other->signer != NULL && is_known_signer(other->signer))
        g_assert_false(other->integrity);
    return 0;
}
