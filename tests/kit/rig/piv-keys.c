/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/piv-keys.h"

#include "tests/kit/rig/piv-objects.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define TAG_TEMPLATE 0x7C
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE 0x82
#define LONGEST_DIGEST 64
#define LONGEST_SIGNATURE 512

GHashTable *
piv_keys_new(void)
{
    return g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                 (GDestroyNotify) EVP_PKEY_free);
}

/* SP 800-78-4 table 6-2, and Yubico's number for RSA-3072. 0: no such. */
static guint8
algorithm_of(const EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);

    if (EVP_PKEY_is_a(key, "RSA"))
        return bits == 2048 ? 0x07 : bits == 3072 ? 0x05 : 0;
    if (EVP_PKEY_is_a(key, "EC"))
        return bits == 256 ? 0x11 : bits == 384 ? 0x14 : 0;
    return 0;
}

static gpointer
refuse(GError **error, const char *path)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: nothing that a card takes", path);
    return NULL;
}

static EVP_PKEY *
read_key(const char *path, GError **error)
{
    BIO *bio = BIO_new_file(path, "r");
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    if (key == NULL || algorithm_of(key) == 0) {
        EVP_PKEY_free(key);
        return refuse(error, path);
    }
    return key;
}

static GBytes *
read_certificate(const char *path, GError **error)
{
    BIO *bio = BIO_new_file(path, "r");
    X509 *x509 = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    guint8 *der = NULL;
    int size = x509 != NULL ? i2d_X509(x509, &der) : -1;

    BIO_free(bio);
    X509_free(x509);
    if (size < 0)
        return refuse(error, path);
    GBytes *bytes = g_bytes_new(der, (gsize) size);
    OPENSSL_free(der);
    return bytes;
}

gboolean
piv_keys_load(GHashTable *keys, GHashTable *objects, guint8 slot, const char *key_path,
              const char *certificate_path, GError **error)
{
    g_autoptr(GBytes) der = read_certificate(certificate_path, error);
    EVP_PKEY *key = der != NULL ? read_key(key_path, error) : NULL;

    if (key == NULL)
        return FALSE;
    Span span;
    span.bytes = g_bytes_get_data(der, &span.size);
    g_hash_table_insert(keys, GUINT_TO_POINTER(slot), key);
    return piv_objects_set_certificate(objects, slot, span) ||
           refuse(error, certificate_path) != NULL;
}

static gboolean
decrypt_raw(EVP_PKEY_CTX *context, Span input, guint8 *output, gsize *size)
{
    return EVP_PKEY_decrypt_init(context) > 0 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) > 0 &&
           EVP_PKEY_decrypt(context, output, size, input.bytes, input.size) > 0;
}

static gboolean
sign_digest(EVP_PKEY_CTX *context, Span input, guint8 *output, gsize *size)
{
    return input.size <= LONGEST_DIGEST && EVP_PKEY_sign_init(context) > 0 &&
           EVP_PKEY_sign(context, output, size, input.bytes, input.size) > 0;
}

static void
append_response(GByteArray *out, const guint8 *value, gsize size)
{
    g_autoptr(GByteArray) response = g_byte_array_new();

    tlv_append(response, TAG_RESPONSE, value, size);
    tlv_append(out, TAG_TEMPLATE, response->data, response->len);
}

guint16
piv_keys_authenticate(GHashTable *keys, guint8 algorithm, guint8 slot, Span data, GByteArray *out)
{
    EVP_PKEY *key = g_hash_table_lookup(keys, GUINT_TO_POINTER(slot));
    guint8 output[LONGEST_SIGNATURE];
    gsize size = sizeof output;
    Span list, input;

    if (key == NULL)
        return SW_NO_REFERENCE;
    if (algorithm != algorithm_of(key))
        return SW_WRONG_P1P2;
    if (!tlv_find(data, TAG_TEMPLATE, &list) || !tlv_find(list, TAG_CHALLENGE, &input))
        return SW_WRONG_DATA;

    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    gboolean is_done = EVP_PKEY_is_a(key, "RSA") ? decrypt_raw(context, input, output, &size)
                                                 : sign_digest(context, input, output, &size);
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    if (!is_done)
        return SW_WRONG_DATA;
    append_response(out, output, size);
    return SW_OK;
}
