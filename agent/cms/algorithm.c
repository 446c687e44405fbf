/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/algorithm.h"

#include <openssl/err.h>

#include "agent/pki/openssl.h"

static const char *const SCHEMES[] = {
    [KYSO_SCHEME_OTHER] = "OTHER",
    [KYSO_SCHEME_RSA_PKCS1] = "RSA-PKCS1",
    [KYSO_SCHEME_RSA_PSS] = "RSA-PSS",
    [KYSO_SCHEME_ECDSA] = "ECDSA",
};

static const struct {
    const char *name;
    int nid;
    const EVP_MD *(*get)(void); /* NULL: not to be signed over */
} HASHES[] = {
    {"SHA1", NID_sha1, NULL},
    {"SHA256", NID_sha256, EVP_sha256},
    {"SHA384", NID_sha384, EVP_sha384},
    {"SHA512", NID_sha512, EVP_sha512},
};

KysoScheme
kyso_algorithm_scheme_from_name(const char *name)
{
    for (guint i = KYSO_SCHEME_RSA_PKCS1; i < G_N_ELEMENTS(SCHEMES); i++)
        if (g_strcmp0(SCHEMES[i], name) == 0)
            return (KysoScheme) i;

    return KYSO_SCHEME_OTHER;
}

const char *
kyso_algorithm_scheme_name(KysoScheme scheme)
{
    return SCHEMES[scheme];
}

static int
nid_of(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}

/* Some signers write the signature's OID with the hash (sha256WithRSAEncryption), others the
 * key's. */
KysoScheme
kyso_algorithm_scheme_of(const X509_ALGOR *algorithm)
{
    int nid = nid_of(algorithm);
    int key_nid = NID_undef;

    if (nid == NID_rsassaPss)
        return KYSO_SCHEME_RSA_PSS;
    if (OBJ_find_sigid_algs(nid, NULL, &key_nid) != 1)
        key_nid = nid;

    switch (key_nid) {
    case NID_rsaEncryption:
        return KYSO_SCHEME_RSA_PKCS1;
    case NID_X9_62_id_ecPublicKey:
        return KYSO_SCHEME_ECDSA;
    default:
        return KYSO_SCHEME_OTHER;
    }
}

gboolean
kyso_algorithm_fits_key(KysoScheme scheme, const EVP_PKEY *key)
{
    int type = EVP_PKEY_get_base_id(key);

    switch (scheme) {
    case KYSO_SCHEME_RSA_PKCS1:
        return type == EVP_PKEY_RSA;
    case KYSO_SCHEME_RSA_PSS:
        return type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS;
    case KYSO_SCHEME_ECDSA:
        return type == EVP_PKEY_EC;
    default:
        return FALSE;
    }
}

const EVP_MD *
kyso_algorithm_hash_from_name(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(HASHES); i++)
        if (HASHES[i].get != NULL && g_strcmp0(HASHES[i].name, name) == 0)
            return HASHES[i].get();

    return NULL;
}

const char *
kyso_algorithm_hash_of(const X509_ALGOR *algorithm)
{
    int nid = nid_of(algorithm);

    for (gsize i = 0; i < G_N_ELEMENTS(HASHES); i++)
        if (HASHES[i].nid == nid)
            return HASHES[i].name;

    return "OTHER";
}

/* MGF1 over @hash (RFC 8017 §A.2.1), in an AlgorithmIdentifier. */
static gboolean
write_mask(X509_ALGOR *mask, const X509_ALGOR *hash)
{
    ASN1_STRING *packed = ASN1_item_pack((void *) hash, ASN1_ITEM_rptr(X509_ALGOR), NULL);

    if (packed == NULL)
        return FALSE;
    if (X509_ALGOR_set0(mask, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, packed) != 1) {
        ASN1_STRING_free(packed);
        return FALSE;
    }

    return TRUE;
}

static gboolean
write_pss(X509_ALGOR *algorithm, const EVP_MD *hash)
{
    g_autoptr(RSA_PSS_PARAMS) params = RSA_PSS_PARAMS_new();

    if (params == NULL)
        return FALSE;
    params->hashAlgorithm = X509_ALGOR_new();
    params->maskGenAlgorithm = X509_ALGOR_new();
    params->saltLength = ASN1_INTEGER_new();
    if (params->hashAlgorithm == NULL || params->maskGenAlgorithm == NULL ||
        params->saltLength == NULL)
        return FALSE;

    X509_ALGOR_set_md(params->hashAlgorithm, hash);
    if (!write_mask(params->maskGenAlgorithm, params->hashAlgorithm) ||
        ASN1_INTEGER_set(params->saltLength, EVP_MD_get_size(hash)) != 1)
        return FALSE;

    ASN1_STRING *packed = ASN1_item_pack(params, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
    if (packed == NULL)
        return FALSE;
    if (X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, packed) != 1) {
        ASN1_STRING_free(packed);
        return FALSE;
    }

    return TRUE;
}

gboolean
kyso_algorithm_write_scheme(X509_ALGOR *algorithm, KysoScheme scheme, const EVP_MD *hash)
{
    int nid = NID_undef;

    switch (scheme) {
    case KYSO_SCHEME_RSA_PKCS1: /* RFC 3370 §3.2: the NULL must be there */
        return X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL) == 1;
    case KYSO_SCHEME_RSA_PSS:
        return write_pss(algorithm, hash);
    case KYSO_SCHEME_ECDSA: /* RFC 5753 §7.1.3: and here no parameters */
        return OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(hash), EVP_PKEY_EC) == 1 &&
               X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL) == 1;
    default:
        return FALSE;
    }
}

static gboolean
set_scheme(EVP_PKEY_CTX *context, KysoScheme scheme, const EVP_MD *hash)
{
    if (EVP_PKEY_CTX_set_signature_md(context, hash) <= 0)
        return FALSE;

    switch (scheme) {
    case KYSO_SCHEME_RSA_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
    case KYSO_SCHEME_RSA_PSS:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, hash) > 0 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
    case KYSO_SCHEME_ECDSA:
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean
kyso_algorithm_check(EVP_PKEY *key, KysoScheme scheme, const EVP_MD *hash, GBytes *digest,
                     GBytes *signature)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(key, NULL);
    gsize digest_size = 0, signature_size = 0;
    const guint8 *digest_data = g_bytes_get_data(digest, &digest_size);
    const guint8 *signature_data = g_bytes_get_data(signature, &signature_size);

    gboolean is_right =
        context != NULL && EVP_PKEY_verify_init(context) > 0 && set_scheme(context, scheme, hash) &&
        EVP_PKEY_verify(context, signature_data, signature_size, digest_data, digest_size) == 1;

    ERR_clear_error();
    return is_right;
}
