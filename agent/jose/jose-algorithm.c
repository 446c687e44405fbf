/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/jose-algorithm.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>

#include "agent/pki/openssl.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ECDSA_SIG, ECDSA_SIG_free)

static const KysoJoseAlgorithm ALGORITHMS[] = {
    {"RS256", KYSO_SCHEME_RSA_PKCS1, "SHA256", 0, 0},
    {"RS384", KYSO_SCHEME_RSA_PKCS1, "SHA384", 0, 0},
    {"RS512", KYSO_SCHEME_RSA_PKCS1, "SHA512", 0, 0},
    {"PS256", KYSO_SCHEME_RSA_PSS, "SHA256", 0, 0},
    {"PS384", KYSO_SCHEME_RSA_PSS, "SHA384", 0, 0},
    {"PS512", KYSO_SCHEME_RSA_PSS, "SHA512", 0, 0},
    {"ES256", KYSO_SCHEME_ECDSA, "SHA256", 256, 32},
    {"ES384", KYSO_SCHEME_ECDSA, "SHA384", 384, 48},
    {"ES512", KYSO_SCHEME_ECDSA, "SHA512", 521, 66},
};

const KysoJoseAlgorithm *
kyso_jose_algorithm_from_name(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ALGORITHMS); i++)
        if (g_strcmp0(ALGORITHMS[i].name, name) == 0)
            return &ALGORITHMS[i];
    return NULL;
}

gboolean
kyso_jose_algorithm_fits(const KysoJoseAlgorithm *self, const KysoCertificate *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(kyso_certificate_get_x509(certificate));

    return key != NULL && kyso_algorithm_fits_key(self->scheme, key) &&
           (self->bits == 0 || kyso_certificate_get_key_bits(certificate) == self->bits);
}

const KysoJoseAlgorithm *
kyso_jose_algorithm_find(KysoScheme scheme, const char *hash, const KysoCertificate *certificate)
{
    for (gsize i = 0; i < G_N_ELEMENTS(ALGORITHMS); i++)
        if (ALGORITHMS[i].scheme == scheme && g_strcmp0(ALGORITHMS[i].hash, hash) == 0 &&
            kyso_jose_algorithm_fits(&ALGORITHMS[i], certificate))
            return &ALGORITHMS[i];
    return NULL;
}

gboolean
kyso_jose_algorithm_is_forbidden(const char *name)
{
    return g_ascii_strcasecmp(name, "none") == 0 || g_ascii_strncasecmp(name, "HS", 2) == 0;
}

GBytes *
kyso_jose_algorithm_to_jws(const KysoJoseAlgorithm *self, GBytes *signature)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(signature, &size), *end = data;
    guint8 numbers[2 * 66];
    int n = (int) self->number_bytes;

    if (n == 0)
        return g_bytes_ref(signature);
    g_autoptr(ECDSA_SIG) parts = d2i_ECDSA_SIG(NULL, &end, (long) size);
    gboolean is_done = parts != NULL && end == data + size &&
                       BN_bn2binpad(ECDSA_SIG_get0_r(parts), numbers, n) == n &&
                       BN_bn2binpad(ECDSA_SIG_get0_s(parts), numbers + n, n) == n;
    ERR_clear_error();
    return is_done ? g_bytes_new(numbers, 2 * (gsize) n) : NULL;
}

GBytes *
kyso_jose_algorithm_from_jws(const KysoJoseAlgorithm *self, GBytes *signature)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(signature, &size);
    int n = (int) self->number_bytes;

    if (n == 0)
        return g_bytes_ref(signature);
    if (size != 2 * (gsize) n)
        return NULL;
    g_autoptr(ECDSA_SIG) parts = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(data, n, NULL), *s = BN_bin2bn(data + n, n, NULL);
    if (parts == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(parts, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return NULL;
    }
    unsigned char *der = NULL;
    int der_size = i2d_ECDSA_SIG(parts, &der);
    return kyso_openssl_take_bytes(der, der_size);
}
