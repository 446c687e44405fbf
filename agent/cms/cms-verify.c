/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/cms-verify.h"

#include <string.h>

#include <openssl/err.h>

#include "agent/cms/algorithm.h"
#include "agent/cms/ess.h"
#include "agent/cms/signature-timestamp.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define MAX_CERTIFICATES 64

/* The report */

KysoSignatureReport *
kyso_signature_report_new(void)
{
    KysoSignatureReport *self = g_new0(KysoSignatureReport, 1);

    self->verdict = KYSO_INVALID;
    self->certificates = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    self->crls = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    self->algorithm = kyso_algorithm_scheme_name(KYSO_SCHEME_OTHER);
    self->hash = "OTHER";
    return self;
}

void
kyso_signature_report_free(KysoSignatureReport *self)
{
    g_clear_pointer(&self->signer, kyso_certificate_unref);
    g_clear_pointer(&self->certificates, g_ptr_array_unref);
    g_clear_pointer(&self->crls, g_ptr_array_unref);
    g_clear_pointer(&self->chain, g_ptr_array_unref);
    g_clear_pointer(&self->signing_time, g_date_time_unref);
    g_clear_pointer(&self->timestamp, kyso_timestamp_free);
    g_free(self);
}

const char *
kyso_signature_verdict_name(KysoSignatureVerdict verdict)
{
    switch (verdict) {
    case KYSO_VALID:
        return "valid";
    case KYSO_UNDETERMINED:
        return "undetermined";
    default:
        return "invalid";
    }
}

/* Reading */

static gboolean
is_padding(const unsigned char *data, gsize size)
{
    for (gsize i = 0; i < size; i++)
        if (data[i] != 0)
            return FALSE;

    return TRUE;
}

static CMS_ContentInfo *
read_cms(GBytes *der, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size), *end = data;

    if (size == 0 || size > KYSO_CMS_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                    "a signature of %" G_GSIZE_FORMAT " bytes", size);
        return NULL;
    }

    g_autoptr(CMS_ContentInfo) cms = d2i_CMS_ContentInfo(NULL, &end, (long) size);
    if (cms == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_SIGNATURE_UNREADABLE, "not a CMS signature");
        return NULL;
    }
    if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
        !is_padding(end, size - (gsize) (end - data))) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                            "not a CMS SignedData alone");
        return NULL;
    }

    return g_steal_pointer(&cms);
}

/* A certificate that cannot be read is left out; if it was the signer's, that will show. */
static void
take_certificates(KysoSignatureReport *self, CMS_ContentInfo *cms)
{
    g_autoptr(KysoX509Stack) stack = CMS_get1_certs(cms);

    for (int i = 0; i < MIN(sk_X509_num(stack), MAX_CERTIFICATES); i++) {
        KysoCertificate *certificate =
            kyso_certificate_new_from_x509(sk_X509_value(stack, i), NULL);
        if (certificate != NULL)
            g_ptr_array_add(self->certificates, certificate);
    }
}

static void
take_crls(KysoSignatureReport *self, CMS_ContentInfo *cms)
{
    STACK_OF(X509_CRL) *stack = CMS_get1_crls(cms);

    for (int i = 0; i < MIN(sk_X509_CRL_num(stack), MAX_CERTIFICATES); i++) {
        unsigned char *buffer = NULL;
        int size = i2d_X509_CRL(sk_X509_CRL_value(stack, i), &buffer);
        GBytes *der = kyso_openssl_take_bytes(buffer, size);
        if (der != NULL)
            g_ptr_array_add(self->crls, der);
    }
    sk_X509_CRL_pop_free(stack, X509_CRL_free);
}

static void
take_signer(KysoSignatureReport *self, CMS_SignerInfo *info)
{
    for (guint i = 0; i < self->certificates->len; i++) {
        KysoCertificate *certificate = g_ptr_array_index(self->certificates, i);
        if (CMS_SignerInfo_cert_cmp(info, kyso_certificate_get_x509(certificate)) == 0) {
            self->signer = kyso_certificate_ref(certificate);
            return;
        }
    }
}

/* -3: the attribute stands there once, with one value. */
static const void *
attribute_value(const CMS_SignerInfo *info, int nid, int type)
{
    return CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(nid), -3, type);
}

static void
take_signing_time(KysoSignatureReport *self, const CMS_SignerInfo *info)
{
    const ASN1_TIME *moment = attribute_value(info, NID_pkcs9_signingTime, V_ASN1_UTCTIME);

    if (moment == NULL)
        moment = attribute_value(info, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
    self->signing_time = kyso_openssl_to_date_time(moment);
}

static void
take_signer_info(KysoSignatureReport *self, CMS_SignerInfo *info)
{
    X509_ALGOR *hash = NULL, *signature = NULL;

    CMS_SignerInfo_get0_algs(info, NULL, NULL, &hash, &signature);
    self->hash = kyso_algorithm_hash_of(hash);
    self->algorithm = kyso_algorithm_scheme_name(kyso_algorithm_scheme_of(signature));
    self->is_weak = strcmp(self->hash, "SHA1") == 0;
    self->is_cades =
        CMS_signed_get_attr_by_NID(info, NID_id_smime_aa_signingCertificate, -1) >= 0 ||
        CMS_signed_get_attr_by_NID(info, NID_id_smime_aa_signingCertificateV2, -1) >= 0;
    self->has_timestamp =
        CMS_unsigned_get_attr_by_NID(info, NID_id_smime_aa_timeStampToken, -1) >= 0;
    take_signing_time(self, info);
    take_signer(self, info);
}

/* Integrity */

/* FALSE with `reason`: the form alone forbids to look further. */
static gboolean
check_form(KysoSignatureReport *self, CMS_ContentInfo *cms, CMS_SignerInfo **ret_info)
{
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    int n_infos = MAX(sk_CMS_SignerInfo_num(infos), 0);

    if (n_infos != 1)
        self->reason = n_infos == 0 ? "signer_missing" : "several_signers";
    else if (CMS_is_detached(cms) != 1)
        self->reason = "content_present";
    else if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        self->reason = "wrong_content_type";
    if (self->reason != NULL)
        return FALSE;

    *ret_info = sk_CMS_SignerInfo_value(infos, 0);
    return TRUE;
}

static gboolean
is_content_type_right(const CMS_SignerInfo *info)
{
    const ASN1_OBJECT *type = attribute_value(info, NID_pkcs9_contentType, V_ASN1_OBJECT);

    return type != NULL && OBJ_obj2nid(type) == NID_pkcs7_data;
}

static gboolean
is_digest_right(const CMS_SignerInfo *info, GBytes *digest)
{
    const ASN1_OCTET_STRING *signed_digest =
        attribute_value(info, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
    gsize size = 0;
    const void *data = g_bytes_get_data(digest, &size);

    return signed_digest != NULL && size > 0 && (gsize) ASN1_STRING_length(signed_digest) == size &&
           memcmp(ASN1_STRING_get0_data(signed_digest), data, size) == 0;
}

/* A signature straight over the content, without attributes, is not taken: the same bytes could
 * stand for the attributes of another content (RFC 8933 has the history), and neither PAdES nor the
 * signers of GCC make such. */
static const char *
find_fault(KysoSignatureReport *self, CMS_SignerInfo *info, GBytes *digest)
{
    if (self->signer == NULL)
        return "signer_certificate_missing";
    if (CMS_signed_get_attr_count(info) <= 0)
        return "attributes_missing";
    if (!is_content_type_right(info))
        return "wrong_content_type";
    if (!is_digest_right(info, digest))
        return "digest_mismatch";

    CMS_SignerInfo_set1_signer_cert(info, kyso_certificate_get_x509(self->signer));
    if (CMS_SignerInfo_verify(info) != 1)
        return "signature_mismatch";
    if (kyso_ess_check(info, self->signer) == KYSO_ESS_DIFFERS)
        return "signing_certificate_mismatch";
    return NULL;
}

/* The certificate */

static int
check_at(KysoSignatureReport *self, KysoTrust *trust, GDateTime *at)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *chain = NULL;

    if (!kyso_certificate_check_signer(self->signer, at, &error))
        return kyso_error_code(error);
    if (trust == NULL)
        return KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER;

    if (!kyso_trust_check(trust, self->signer, self->certificates, at, &chain, &error))
        return kyso_error_code(error);

    g_clear_pointer(&self->chain, g_ptr_array_unref);
    self->chain = chain;
    return 0;
}

/*
 * First at the moment that the document claims: a certificate that was outside its period or
 * outside its usage then was never good for this. Then now, since nobody vouches for that moment:
 * one that has expired since may have been good.
 */
static KysoSignatureVerdict
judge_certificate(KysoSignatureReport *self, KysoTrust *trust, GDateTime *claimed, GDateTime *now)
{
    int then_code = check_at(self, trust, claimed);
    int now_code = then_code == 0 && claimed != now ? check_at(self, trust, now) : 0;

    self->certificate_code = then_code != 0 ? then_code : now_code;
    switch (self->certificate_code) {
    case 0:
        return KYSO_VALID;
    case KYSO_ERROR_CERTIFICATE_NOT_YET_VALID:
    case KYSO_ERROR_CERTIFICATE_WRONG_USAGE:
        return KYSO_INVALID;
    case KYSO_ERROR_CERTIFICATE_EXPIRED:
        return then_code != 0 ? KYSO_INVALID : KYSO_UNDETERMINED;
    default:
        return KYSO_UNDETERMINED;
    }
}

void
kyso_signature_report_judge(KysoSignatureReport *self, KysoTrust *trust, GDateTime *claimed_time)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    GDateTime *claimed = self->timestamp != NULL      ? self->timestamp->time
                         : claimed_time != NULL       ? claimed_time
                         : self->signing_time != NULL ? self->signing_time
                                                      : now;

    if (self->signer == NULL)
        return;

    KysoSignatureVerdict verdict = judge_certificate(self, trust, claimed, now);
    if (!self->integrity)
        return;

    self->verdict = verdict;
    if (verdict != KYSO_VALID)
        self->reason = "certificate";
    else if (self->has_timestamp && self->timestamp == NULL) {
        self->verdict = KYSO_UNDETERMINED;
        self->reason = "timestamp";
    }
}

/* FALSE only where the content's digest could not be had. */
static gboolean
check_integrity(KysoSignatureReport *self, CMS_SignerInfo *info, KysoContentDigest content_digest,
                gpointer user_data, GError **error)
{
    if (strcmp(self->hash, "OTHER") == 0) {
        self->reason = "hash_unsupported";
        self->verdict = KYSO_UNDETERMINED;
        return TRUE;
    }

    g_autoptr(GBytes) digest = content_digest(self->hash, user_data, error);
    if (digest == NULL)
        return FALSE;

    self->reason = find_fault(self, info, digest);
    self->integrity = self->reason == NULL;
    return TRUE;
}

KysoSignatureReport *
kyso_cms_verify(GBytes *der, KysoContentDigest content_digest, gpointer user_data, KysoTrust *trust,
                GDateTime *claimed_time, GError **error)
{
    g_autoptr(CMS_ContentInfo) cms = read_cms(der, error);
    if (cms == NULL)
        return NULL;

    g_autoptr(KysoSignatureReport) self = kyso_signature_report_new();
    CMS_SignerInfo *info = NULL;
    take_certificates(self, cms);
    take_crls(self, cms);
    if (check_form(self, cms, &info)) {
        take_signer_info(self, info);
        if (!check_integrity(self, info, content_digest, user_data, error))
            return NULL;
        if (self->has_timestamp)
            self->timestamp = kyso_signature_timestamp_find(info, trust, self->certificates, NULL);
        kyso_signature_report_judge(self, trust, claimed_time);
    }

    ERR_clear_error(); /* what OpenSSL minded on the way is in the report */
    return g_steal_pointer(&self);
}
