/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/ess.h"

#include "agent/pki/openssl.h"

gboolean
kyso_ess_add(CMS_SignerInfo *info, const KysoCertificate *signer)
{
    g_autoptr(ESS_SIGNING_CERT_V2) value =
        OSSL_ESS_signing_cert_v2_new_init(EVP_sha256(), kyso_certificate_get_x509(signer), NULL, 1);
    unsigned char *der = NULL;

    if (value == NULL)
        return FALSE;

    int size = i2d_ESS_SIGNING_CERT_V2(value, &der);
    gboolean is_added =
        size > 0 && CMS_signed_add1_attr_by_NID(info, NID_id_smime_aa_signingCertificateV2,
                                                V_ASN1_SEQUENCE, der, size) == 1;

    OPENSSL_free(der);
    return is_added;
}

/* The members of a SEQUENCE given with its tag, or NULL. By hand, as OpenSSL's own type for these
 * attributes hides its fields. */
static KysoAsn1Values *
open_sequence(const ASN1_STRING *der)
{
    const unsigned char *data = der != NULL ? ASN1_STRING_get0_data(der) : NULL;

    return data != NULL ? d2i_ASN1_SEQUENCE_ANY(NULL, &data, ASN1_STRING_length(der)) : NULL;
}

static const ASN1_STRING *
member(const KysoAsn1Values *values, int index, int type)
{
    if (values == NULL || index >= sk_ASN1_TYPE_num(values))
        return NULL;

    const ASN1_TYPE *value = sk_ASN1_TYPE_value(values, index);
    return ASN1_TYPE_get(value) == type ? value->value.asn1_string : NULL;
}

/* The hash that an ESSCertIDv2 names in its first member: an AlgorithmIdentifier. */
static const EVP_MD *
named_hash(const ASN1_STRING *der)
{
    g_autoptr(KysoAsn1Values) algorithm = open_sequence(der);

    if (algorithm == NULL || sk_ASN1_TYPE_num(algorithm) < 1)
        return NULL;

    const ASN1_TYPE *oid = sk_ASN1_TYPE_value(algorithm, 0);
    return ASN1_TYPE_get(oid) == V_ASN1_OBJECT ? EVP_get_digestbyobj(oid->value.object) : NULL;
}

static gboolean
is_hash_of(const ASN1_STRING *value, const EVP_MD *hash, const KysoCertificate *certificate)
{
    GBytes *der = kyso_certificate_get_der(certificate);
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (value == NULL || hash == NULL ||
        EVP_Digest(g_bytes_get_data(der, NULL), g_bytes_get_size(der), digest, &size, hash, NULL) !=
            1)
        return FALSE;

    g_autoptr(GBytes) ours = g_bytes_new(digest, size);
    g_autoptr(GBytes) theirs =
        g_bytes_new(ASN1_STRING_get0_data(value), (gsize) ASN1_STRING_length(value));
    return g_bytes_equal(ours, theirs);
}

/* SigningCertificate{,V2} ::= SEQUENCE { certs SEQUENCE OF ESSCertID{,v2}, policies OPTIONAL }
 * ESSCertID   ::= SEQUENCE { certHash OCTET STRING, issuerSerial OPTIONAL }
 * ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash, issuerSerial OPTIONAL } */
static gboolean
names_certificate(const ASN1_STRING *attribute, const EVP_MD *default_hash,
                  const KysoCertificate *certificate)
{
    g_autoptr(KysoAsn1Values) whole = open_sequence(attribute);
    g_autoptr(KysoAsn1Values) ids = open_sequence(member(whole, 0, V_ASN1_SEQUENCE));
    g_autoptr(KysoAsn1Values) first = open_sequence(member(ids, 0, V_ASN1_SEQUENCE));
    const ASN1_STRING *algorithm = member(first, 0, V_ASN1_SEQUENCE);

    if (algorithm == NULL)
        return is_hash_of(member(first, 0, V_ASN1_OCTET_STRING), default_hash, certificate);

    return is_hash_of(member(first, 1, V_ASN1_OCTET_STRING), named_hash(algorithm), certificate);
}

static KysoEss
check_version(const CMS_SignerInfo *info, int nid, const EVP_MD *default_hash,
              const KysoCertificate *signer)
{
    if (CMS_signed_get_attr_by_NID(info, nid, -1) < 0)
        return KYSO_ESS_ABSENT;

    /* -3: there once, with one value */
    const ASN1_STRING *attribute =
        CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(nid), -3, V_ASN1_SEQUENCE);
    return names_certificate(attribute, default_hash, signer) ? KYSO_ESS_MATCHES : KYSO_ESS_DIFFERS;
}

KysoEss
kyso_ess_check(const CMS_SignerInfo *info, const KysoCertificate *signer)
{
    KysoEss first = check_version(info, NID_id_smime_aa_signingCertificate, EVP_sha1(), signer);
    KysoEss second =
        check_version(info, NID_id_smime_aa_signingCertificateV2, EVP_sha256(), signer);

    return MAX(first, second);
}
