/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/revocation-answer.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define SECURITY_LEVEL 2 /* as in trust.c */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_CERTID, OCSP_CERTID_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_REQUEST, OCSP_REQUEST_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_CRL, X509_CRL_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ISSUING_DIST_POINT, ISSUING_DIST_POINT_free)

static gboolean
refuse(GError **error, const char *why)
{
    kyso_openssl_set_error(error, KYSO_ERROR_REVOCATION_WRONG, why);
    return FALSE;
}

static KysoRevocationAnswer *
answer_new(GBytes *der)
{
    KysoRevocationAnswer *self = g_new0(KysoRevocationAnswer, 1);

    self->der = g_bytes_ref(der);
    self->certificates = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    return self;
}

void
kyso_revocation_answer_free(KysoRevocationAnswer *self)
{
    g_clear_pointer(&self->der, g_bytes_unref);
    g_clear_pointer(&self->this_update, g_date_time_unref);
    g_clear_pointer(&self->next_update, g_date_time_unref);
    g_clear_pointer(&self->revoked_at, g_date_time_unref);
    g_clear_pointer(&self->certificates, g_ptr_array_unref);
    g_free(self);
}

gboolean
kyso_revocation_answer_is_revoked(const KysoRevocationAnswer *self, GDateTime *at)
{
    return self->revoked_at != NULL && g_date_time_compare(self->revoked_at, at) <= 0;
}

static int
pss_hash(const X509_ALGOR *algorithm)
{
    const void *value = NULL;
    int type = V_ASN1_UNDEF;

    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    g_autoptr(RSA_PSS_PARAMS) params =
        type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS)) : NULL;
    if (params == NULL || params->hashAlgorithm == NULL)
        return NID_sha1; /* the default of RFC 4055 §3.1 */
    return OBJ_obj2nid(params->hashAlgorithm->algorithm);
}

/* SHA-256 and better; all else could be forged by whoever has enough machines. */
static gboolean
is_strong(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;
    int hash = NID_undef;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    if (OBJ_obj2nid(object) == NID_rsassaPss)
        hash = pss_hash(algorithm);
    else
        OBJ_find_sigid_algs(OBJ_obj2nid(object), &hash, NULL);
    switch (hash) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return TRUE;
    default:
        return FALSE;
    }
}

/* The period */

static gboolean
check_period(KysoRevocationAnswer *self, const ASN1_TIME *this_update, const ASN1_TIME *next_update,
             GDateTime *at, GError **error)
{
    self->this_update = kyso_openssl_to_date_time(this_update);
    self->next_update = kyso_openssl_to_date_time(next_update);
    if (self->this_update == NULL || (next_update != NULL && self->next_update == NULL))
        return refuse(error, "the status has no time");

    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) soon = g_date_time_add_seconds(now, KYSO_REVOCATION_SKEW_SECONDS);
    g_autoptr(GDateTime) early = g_date_time_add_seconds(at, -KYSO_REVOCATION_SKEW_SECONDS);
    if (g_date_time_compare(self->this_update, soon) > 0)
        return refuse(error, "the status is from the future");
    if (g_date_time_compare(self->this_update, at) >= 0)
        return TRUE;
    /* Without an end it is what is known newest at its moment, and no longer (RFC 6960 §2.4). */
    GDateTime *end = self->next_update != NULL ? self->next_update : self->this_update;
    return g_date_time_compare(end, early) >= 0 || refuse(error, "the status is out of date");
}

/* OCSP */

GBytes *
kyso_revocation_answer_new_request(const KysoCertificate *certificate,
                                   const KysoCertificate *issuer, GError **error)
{
    g_autoptr(OCSP_REQUEST) request = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), kyso_certificate_get_x509(certificate),
                                      kyso_certificate_get_x509(issuer));
    unsigned char *buffer = NULL;

    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot make an OCSP request");
        return NULL;
    }
    int size = i2d_OCSP_REQUEST(request, &buffer);
    return kyso_openssl_take_bytes(buffer, size);
}

static OCSP_BASICRESP *
read_response(GBytes *der, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size), *end = data;
    g_autoptr(OCSP_RESPONSE) response =
        size <= KYSO_OCSP_MAX_SIZE ? d2i_OCSP_RESPONSE(NULL, &end, (long) size) : NULL;

    if (response == NULL || end != data + size) {
        refuse(error, "not an OCSP answer");
        return NULL;
    }
    int status = OCSP_response_status(response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_REVOCATION_UNAVAILABLE,
                    "the OCSP responder says: %s", OCSP_response_status_str(status));
        return NULL;
    }
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    if (basic == NULL)
        refuse(error, "not a basic OCSP answer");
    return basic;
}

/* Of all the answers the one about this certificate, whichever hash its CertID is made with. */
static OCSP_SINGLERESP *
find_single(OCSP_BASICRESP *basic, const KysoCertificate *certificate,
            const KysoCertificate *issuer)
{
    const EVP_MD *const hashes[] = {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};

    for (guint i = 0; i < G_N_ELEMENTS(hashes); i++) {
        g_autoptr(OCSP_CERTID) id = OCSP_cert_to_id(
            hashes[i], kyso_certificate_get_x509(certificate), kyso_certificate_get_x509(issuer));
        int found = id != NULL ? OCSP_resp_find(basic, id, -1) : -1;
        if (found >= 0)
            return OCSP_resp_get0(basic, found);
    }
    return NULL;
}

/* Trusting the issuer and nobody else makes OpenSSL take the issuer itself, or a certificate
 * straight from it with the usage OCSPSigning (RFC 6960 §4.2.2.2). */
static X509_STORE *
trust_issuer(const KysoCertificate *issuer, GDateTime *at)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);

    X509_STORE_add_cert(store, kyso_certificate_get_x509(issuer));
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_time(param, (time_t) g_date_time_to_unix(at));
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    return store;
}

static gboolean
check_responder(KysoRevocationAnswer *self, OCSP_BASICRESP *basic, const KysoCertificate *issuer,
                GError **error)
{
    g_autoptr(X509_STORE) store = trust_issuer(issuer, self->this_update);
    g_autoptr(KysoX509View) others = sk_X509_new_null();
    X509 *signer = NULL;

    sk_X509_push(others, kyso_certificate_get_x509(issuer));
    if (!is_strong(OCSP_resp_get0_tbs_sigalg(basic)))
        return refuse(error, "the OCSP answer is signed over a weak hash");
    if (OCSP_basic_verify(basic, others, store, OCSP_NOEXPLICIT | OCSP_PARTIAL_CHAIN) != 1)
        return refuse(error, "the OCSP answer is not signed by who may");
    if (OCSP_resp_get0_signer(basic, &signer, others) != 1)
        return refuse(error, "the OCSP answer has no signer");
    if (X509_cmp(signer, kyso_certificate_get_x509(issuer)) == 0)
        return TRUE;

    KysoCertificate *responder = kyso_certificate_new_from_x509(signer, error);
    if (responder == NULL)
        return FALSE;
    g_ptr_array_add(self->certificates, responder);
    return TRUE;
}

static gboolean
take_single(KysoRevocationAnswer *self, OCSP_SINGLERESP *single, GDateTime *at, GError **error)
{
    ASN1_GENERALIZEDTIME *revoked_at = NULL, *this_update = NULL, *next_update = NULL;
    int reason = 0;
    int status = OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update);

    if (!check_period(self, this_update, next_update, at, error))
        return FALSE;
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
        self->revoked_at = kyso_openssl_to_date_time(revoked_at);
        return self->revoked_at != NULL || refuse(error, "revoked at no time");
    }
    return status == V_OCSP_CERTSTATUS_GOOD ||
           refuse(error, "the OCSP responder does not know the certificate");
}

KysoRevocationAnswer *
kyso_revocation_answer_new_ocsp(GBytes *der, const KysoCertificate *certificate,
                                const KysoCertificate *issuer, GDateTime *at, GError **error)
{
    g_autoptr(OCSP_BASICRESP) basic = read_response(der, error);
    if (basic == NULL)
        return NULL;

    g_autoptr(KysoRevocationAnswer) self = answer_new(der);
    OCSP_SINGLERESP *single = find_single(basic, certificate, issuer);
    if (single == NULL) {
        refuse(error, "the OCSP answer is about another certificate");
        return NULL;
    }
    if (!take_single(self, single, at, error) || !check_responder(self, basic, issuer, error))
        return NULL;
    return g_steal_pointer(&self);
}

/* CRL */

/* RFC 5280 §5.2: critical extensions that OpenSSL does not know leave EXFLAG_CRITICAL, which has no
 * getter for CRLs; hence the list. */
static gboolean
check_extensions(X509_CRL *crl, const KysoCertificate *certificate, GError **error)
{
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        if (nid == NID_delta_crl)
            return refuse(error, "the CRL is a delta CRL");
        if (X509_EXTENSION_get_critical(extension) && nid != NID_issuing_distribution_point &&
            nid != NID_authority_key_identifier && nid != NID_crl_number)
            return refuse(error, "the CRL has a critical extension that is not known here");
    }

    int critical = 0;
    g_autoptr(ISSUING_DIST_POINT) point =
        X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
    if (point == NULL)
        return critical == -1 || refuse(error, "the CRL's scope cannot be read");
    gboolean is_ca = kyso_certificate_is_ca(certificate);
    if (point->indirectCRL > 0 || point->onlyattr > 0 || point->onlysomereasons != NULL ||
        (point->onlyuser > 0 && is_ca) || (point->onlyCA > 0 && !is_ca))
        return refuse(error, "the CRL is for other certificates or some reasons only");
    return TRUE;
}

static gboolean
check_crl_signature(X509_CRL *crl, const KysoCertificate *issuer, GError **error)
{
    X509 *x509 = kyso_certificate_get_x509(issuer);
    const X509_ALGOR *algorithm = NULL;

    X509_CRL_get0_signature(crl, NULL, &algorithm);
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(x509)) != 0)
        return refuse(error, "the CRL is another CA's");
    if (!is_strong(algorithm))
        return refuse(error, "the CRL is signed over a weak hash");
    if ((X509_get_key_usage(x509) & KU_CRL_SIGN) == 0)
        return refuse(error, "the CA may not sign a CRL");
    return X509_CRL_verify(crl, X509_get0_pubkey(x509)) == 1 ||
           refuse(error, "the CRL is not signed by the CA");
}

/* 2: removeFromCRL, which only a delta CRL may say; it counts as revoked here, on the safe side. */
static gboolean
take_entry(KysoRevocationAnswer *self, X509_CRL *crl, const KysoCertificate *certificate,
           GError **error)
{
    X509_REVOKED *entry = NULL;

    if (X509_CRL_get0_by_cert(crl, &entry, kyso_certificate_get_x509(certificate)) == 0)
        return TRUE;
    self->revoked_at = kyso_openssl_to_date_time(X509_REVOKED_get0_revocationDate(entry));
    return self->revoked_at != NULL || refuse(error, "revoked at no time");
}

/* A CA may drop expired certificates from its list (RFC 5280 §3.3), so that a list made after the
 * end of the certificate proves nothing. */
static gboolean
check_is_listed(const KysoRevocationAnswer *self, const KysoCertificate *certificate,
                GError **error)
{
    return g_date_time_compare(self->this_update, kyso_certificate_get_not_after(certificate)) <=
               0 ||
           refuse(error, "the CRL was made after the certificate had expired");
}

KysoRevocationAnswer *
kyso_revocation_answer_new_crl(GBytes *der, const KysoCertificate *certificate,
                               const KysoCertificate *issuer, GDateTime *at, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size), *end = data;
    g_autoptr(X509_CRL) crl =
        size <= KYSO_CRL_MAX_SIZE ? d2i_X509_CRL(NULL, &end, (long) size) : NULL;
    g_autoptr(KysoRevocationAnswer) self = answer_new(der);

    if (crl == NULL || end != data + size) {
        refuse(error, "not a CRL");
        return NULL;
    }
    if (!check_crl_signature(crl, issuer, error) || !check_extensions(crl, certificate, error) ||
        !check_period(self, X509_CRL_get0_lastUpdate(crl), X509_CRL_get0_nextUpdate(crl), at,
                      error) ||
        !check_is_listed(self, certificate, error) || !take_entry(self, crl, certificate, error))
        return NULL;
    return g_steal_pointer(&self);
}
