/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/xades/xml-algorithm.h"

#include <openssl/ec.h>
#include <openssl/err.h>

#include "agent/pki/openssl.h"

#define DSIG "http://www.w3.org/2000/09/xmldsig#"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE2007 "http://www.w3.org/2007/05/xmldsig-more#"
#define ENC "http://www.w3.org/2001/04/xmlenc#"

static const struct {
    const char *hash, *uri;
    gboolean is_signed_over; /* by us */
} HASHES[] = {
    {"SHA1", DSIG "sha1", FALSE},
    {"SHA256", ENC "sha256", TRUE},
    {"SHA384", MORE "sha384", TRUE},
    {"SHA512", ENC "sha512", TRUE},
};

static const struct {
    KysoScheme scheme;
    const char *hash, *uri;
} SCHEMES[] = {
    {KYSO_SCHEME_RSA_PKCS1, "SHA1", DSIG "rsa-sha1"},
    {KYSO_SCHEME_RSA_PKCS1, "SHA256", MORE "rsa-sha256"},
    {KYSO_SCHEME_RSA_PKCS1, "SHA384", MORE "rsa-sha384"},
    {KYSO_SCHEME_RSA_PKCS1, "SHA512", MORE "rsa-sha512"},
    {KYSO_SCHEME_RSA_PSS, "SHA256", MORE2007 "sha256-rsa-MGF1"},
    {KYSO_SCHEME_RSA_PSS, "SHA384", MORE2007 "sha384-rsa-MGF1"},
    {KYSO_SCHEME_RSA_PSS, "SHA512", MORE2007 "sha512-rsa-MGF1"},
    {KYSO_SCHEME_ECDSA, "SHA1", MORE "ecdsa-sha1"},
    {KYSO_SCHEME_ECDSA, "SHA256", MORE "ecdsa-sha256"},
    {KYSO_SCHEME_ECDSA, "SHA384", MORE "ecdsa-sha384"},
    {KYSO_SCHEME_ECDSA, "SHA512", MORE "ecdsa-sha512"},
};

const char *
kyso_xml_algorithm_hash_uri(const char *hash)
{
    for (guint i = 0; i < G_N_ELEMENTS(HASHES); i++)
        if (HASHES[i].is_signed_over && g_strcmp0(HASHES[i].hash, hash) == 0)
            return HASHES[i].uri;
    return NULL;
}

const char *
kyso_xml_algorithm_hash_of(const char *uri)
{
    for (guint i = 0; i < G_N_ELEMENTS(HASHES); i++)
        if (g_strcmp0(HASHES[i].uri, uri) == 0)
            return HASHES[i].hash;
    return NULL;
}

const char *
kyso_xml_algorithm_scheme_uri(KysoScheme scheme, const char *hash)
{
    if (kyso_xml_algorithm_hash_uri(hash) == NULL)
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(SCHEMES); i++)
        if (SCHEMES[i].scheme == scheme && g_strcmp0(SCHEMES[i].hash, hash) == 0)
            return SCHEMES[i].uri;
    return NULL;
}

gboolean
kyso_xml_algorithm_scheme_of(const char *uri, KysoScheme *ret_scheme, const char **ret_hash)
{
    for (guint i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
        if (g_strcmp0(SCHEMES[i].uri, uri) != 0)
            continue;
        *ret_scheme = SCHEMES[i].scheme;
        *ret_hash = SCHEMES[i].hash;
        return TRUE;
    }
    return FALSE;
}

static int
half_size(const EVP_PKEY *key)
{
    return (EVP_PKEY_get_bits(key) + 7) / 8;
}

GBytes *
kyso_xml_algorithm_ecdsa_to_raw(GBytes *signature, const EVP_PKEY *key)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(signature, &size), *end = data;
    int half = half_size(key);
    ECDSA_SIG *value = d2i_ECDSA_SIG(NULL, &end, (long) size);
    g_autofree guint8 *raw = g_malloc0(2 * (gsize) half);
    gboolean is_good = value != NULL && end == data + size &&
                       BN_bn2binpad(ECDSA_SIG_get0_r(value), raw, half) == half &&
                       BN_bn2binpad(ECDSA_SIG_get0_s(value), raw + half, half) == half;

    ECDSA_SIG_free(value);
    ERR_clear_error();
    return is_good ? g_bytes_new_take(g_steal_pointer(&raw), 2 * (gsize) half) : NULL;
}

GBytes *
kyso_xml_algorithm_ecdsa_from_raw(GBytes *signature, const EVP_PKEY *key)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(signature, &size);
    int half = half_size(key);

    if (size != 2 * (gsize) half)
        return NULL;
    ECDSA_SIG *value = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(data, half, NULL), *s = BN_bin2bn(data + half, half, NULL);
    unsigned char *buffer = NULL;
    GBytes *der = NULL;

    if (value != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(value, r, s) == 1) {
        int length = i2d_ECDSA_SIG(value, &buffer);
        der = kyso_openssl_take_bytes(buffer, length);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(value);
    return der;
}

gboolean
kyso_xml_algorithm_check(EVP_PKEY *key, KysoScheme scheme, const char *hash, GBytes *digest,
                         GBytes *signature)
{
    const EVP_MD *md =
        g_strcmp0(hash, "SHA1") == 0 ? EVP_sha1() : kyso_algorithm_hash_from_name(hash);
    g_autoptr(GBytes) der = NULL;

    if (md == NULL || !kyso_algorithm_fits_key(scheme, key))
        return FALSE;
    der = scheme == KYSO_SCHEME_ECDSA ? kyso_xml_algorithm_ecdsa_from_raw(signature, key)
                                      : g_bytes_ref(signature);
    return der != NULL && kyso_algorithm_check(key, scheme, md, digest, der);
}
