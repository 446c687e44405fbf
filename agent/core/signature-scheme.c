/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/signature-scheme.h"

#include <string.h>

#include "ipc/base/error.h"

/* PSS comes with SHA-256: its OID alone does not name the hash (RFC 4055 §3.1). */
static const KysoSignatureScheme schemes[] = {
    {"1.2.840.113549.1.1.11", "RSA", "RSA-PKCS1", "SHA256", KYSO_SIGN_RSA_PKCS1},
    {"1.2.840.113549.1.1.12", "RSA", "RSA-PKCS1", "SHA384", KYSO_SIGN_RSA_PKCS1},
    {"1.2.840.113549.1.1.13", "RSA", "RSA-PKCS1", "SHA512", KYSO_SIGN_RSA_PKCS1},
    {"1.2.840.113549.1.1.10", "RSA", "RSA-PSS", "SHA256", KYSO_SIGN_RSA_PSS},
    {"1.2.840.10045.4.3.2", "EC", "ECDSA", "SHA256", KYSO_SIGN_ECDSA},
    {"1.2.840.10045.4.3.3", "EC", "ECDSA", "SHA384", KYSO_SIGN_ECDSA},
};

static const struct {
    const char *oid;
    const char *hash;
    gsize size;
} hashes[] = {
    {"2.16.840.1.101.3.4.2.1", "SHA256", 32},
    {"2.16.840.1.101.3.4.2.2", "SHA384", 48},
    {"2.16.840.1.101.3.4.2.3", "SHA512", 64},
};

/* The usual one of each kind of key; P-384 goes with SHA-384 (RFC 5753 §8). */
static const char *
usual_oid(const KysoCertificate *certificate)
{
    if (strcmp(kyso_certificate_get_key_type(certificate), "EC") != 0)
        return schemes[0].oid;
    return kyso_certificate_get_key_bits(certificate) > 256 ? "1.2.840.10045.4.3.3"
                                                            : "1.2.840.10045.4.3.2";
}

const KysoSignatureScheme *
kyso_signature_scheme_find(const char *oid, const KysoCertificate *certificate, GError **error)
{
    const char *key_type = kyso_certificate_get_key_type(certificate);

    if (oid == NULL)
        oid = usual_oid(certificate);
    for (gsize i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (strcmp(schemes[i].oid, oid) != 0)
            continue;
        if (strcmp(schemes[i].key_type, key_type) == 0)
            return &schemes[i];
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED,
                    "signAlgo %s does not go with a key of type %s", oid, key_type);
        return NULL;
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "signAlgo %s is not known", oid);
    return NULL;
}

const char *
kyso_signature_scheme_hash_of_oid(const char *oid)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hashes); i++)
        if (g_strcmp0(hashes[i].oid, oid) == 0)
            return hashes[i].hash;
    return NULL;
}

gsize
kyso_signature_scheme_digest_size(const char *hash)
{
    for (gsize i = 0; i < G_N_ELEMENTS(hashes); i++)
        if (g_strcmp0(hashes[i].hash, hash) == 0)
            return hashes[i].size;
    return 0;
}
