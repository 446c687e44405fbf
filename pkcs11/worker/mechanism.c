/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/mechanism.h"

#include "ipc/base/error.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

typedef struct {
    const char *name;
    gsize size;
    CK_MECHANISM_TYPE ck_hash;
    CK_RSA_PKCS_MGF_TYPE ck_mgf;
    const EVP_MD *(*evp)(void);
    guchar prefix[19]; /* DER of DigestInfo up to the digest (RFC 8017 §9.2, note 1) */
} Hash;

static const Hash sha256 = {
    "SHA256",
    32,
    CKM_SHA256,
    CKG_MGF1_SHA256,
    EVP_sha256,
    {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
     0x00, 0x04, 0x20},
};

static const Hash sha384 = {
    "SHA384",
    48,
    CKM_SHA384,
    CKG_MGF1_SHA384,
    EVP_sha384,
    {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05,
     0x00, 0x04, 0x30},
};

static const Hash sha512 = {
    "SHA512",
    64,
    CKM_SHA512,
    CKG_MGF1_SHA512,
    EVP_sha512,
    {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05,
     0x00, 0x04, 0x40},
};

struct _KysoMechanism {
    const char *algorithm;
    const Hash *hash;
    CK_MECHANISM_TYPE ck_type;
    int evp_type;
    int padding; /* OpenSSL's, 0 for ECDSA */
    CK_RSA_PKCS_PSS_PARAMS pss;
};

/* clang-format off */
static const KysoMechanism mechanisms[] = {
    {"RSA-PKCS1", &sha256, CKM_RSA_PKCS,     EVP_PKEY_RSA, RSA_PKCS1_PADDING,     {0}},
    {"RSA-PKCS1", &sha384, CKM_RSA_PKCS,     EVP_PKEY_RSA, RSA_PKCS1_PADDING,     {0}},
    {"RSA-PKCS1", &sha512, CKM_RSA_PKCS,     EVP_PKEY_RSA, RSA_PKCS1_PADDING,     {0}},
    {"RSA-PSS",   &sha256, CKM_RSA_PKCS_PSS, EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, {CKM_SHA256, CKG_MGF1_SHA256, 32}},
    {"RSA-PSS",   &sha384, CKM_RSA_PKCS_PSS, EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, {CKM_SHA384, CKG_MGF1_SHA384, 48}},
    {"RSA-PSS",   &sha512, CKM_RSA_PKCS_PSS, EVP_PKEY_RSA, RSA_PKCS1_PSS_PADDING, {CKM_SHA512, CKG_MGF1_SHA512, 64}},
    {"ECDSA",     &sha256, CKM_ECDSA,        EVP_PKEY_EC,  0,                     {0}},
    {"ECDSA",     &sha384, CKM_ECDSA,        EVP_PKEY_EC,  0,                     {0}},
    {"ECDSA",     &sha512, CKM_ECDSA,        EVP_PKEY_EC,  0,                     {0}},
};
/* clang-format on */

const KysoMechanism *
kyso_mechanism_find(const char *algorithm, const char *hash, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
        if (g_str_equal(mechanisms[i].algorithm, algorithm) &&
            g_str_equal(mechanisms[i].hash->name, hash))
            return &mechanisms[i];

    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "no signature %s with %s",
                algorithm, hash);
    return NULL;
}

gsize
kyso_mechanism_digest_size(const KysoMechanism *self)
{
    return self->hash->size;
}

gboolean
kyso_mechanism_fits(const KysoMechanism *self, const EVP_PKEY *key)
{
    return EVP_PKEY_get_base_id(key) == self->evp_type;
}

CK_MECHANISM
kyso_mechanism_to_ck(const KysoMechanism *self)
{
    CK_MECHANISM mechanism = {.mechanism = self->ck_type};

    if (self->ck_type == CKM_RSA_PKCS_PSS) {
        mechanism.pParameter = (void *) &self->pss; /* not written to, whatever the type says */
        mechanism.ulParameterLen = sizeof self->pss;
    }
    return mechanism;
}

gsize
kyso_mechanism_input(const KysoMechanism *self, const EVP_PKEY *key, const guchar *digest,
                     guchar *ret)
{
    gsize size = self->hash->size;
    gsize prefix = 0;

    if (self->ck_type == CKM_RSA_PKCS) {
        prefix = sizeof self->hash->prefix;
        memcpy(ret, self->hash->prefix, prefix);
    } else if (self->ck_type == CKM_ECDSA) {
        size = MIN(size, (gsize) (EVP_PKEY_get_bits(key) + 7) / 8);
    }
    memcpy(ret + prefix, digest, size);
    return prefix + size;
}

GBytes *
kyso_mechanism_output(const KysoMechanism *self, const guchar *raw, gsize size)
{
    if (self->ck_type != CKM_ECDSA)
        return g_bytes_new(raw, size);
    if (size == 0 || size % 2 != 0)
        return NULL;

    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int) (size / 2), NULL);
    BIGNUM *s = BN_bin2bn(raw + size / 2, (int) (size / 2), NULL);
    g_assert(pair != NULL && r != NULL && s != NULL);
    ECDSA_SIG_set0(pair, r, s);

    guchar *der = NULL;
    int der_size = i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    if (der_size <= 0)
        return NULL;

    GBytes *result = g_bytes_new(der, (gsize) der_size);
    OPENSSL_free(der);
    return result;
}

EVP_PKEY_CTX *
kyso_mechanism_verifier(const KysoMechanism *self, EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);

    gboolean ready = context != NULL && EVP_PKEY_verify_init(context) > 0 &&
                     EVP_PKEY_CTX_set_signature_md(context, self->hash->evp()) > 0;
    if (ready && self->padding != 0)
        ready = EVP_PKEY_CTX_set_rsa_padding(context, self->padding) > 0;
    if (ready && self->padding == RSA_PKCS1_PSS_PADDING)
        ready = EVP_PKEY_CTX_set_rsa_mgf1_md(context, self->hash->evp()) > 0 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
    if (ready)
        return context;

    EVP_PKEY_CTX_free(context);
    return NULL;
}

gboolean
kyso_mechanism_verify(const KysoMechanism *self, EVP_PKEY_CTX *verifier, const guchar *digest,
                      GBytes *signature)
{
    gsize size;
    const guchar *bytes = g_bytes_get_data(signature, &size);

    gboolean good = EVP_PKEY_verify(verifier, bytes, size, digest, self->hash->size) == 1;
    ERR_clear_error();
    return good;
}
