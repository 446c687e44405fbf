/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The signatures that RFC 7515 prints, with the keys that it prints beside them. */
#include "agent/jose/jws-reader.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "agent/jose/base64url.h"
#include "agent/jose/jose-algorithm.h"
#include "agent/jose/signing-input.h"
#include "agent/pki/openssl.h"

/* RFC 7515 appendices A.2 and A.3: one payload, two keys. */
#define RFC_PAYLOAD                                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RFC_RSA_N                                                                                  \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"                        \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d"                                                                     \
    "4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"                      \
    "bSf63kpaSHSXndS5z5rexM"                                                                       \
    "dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_"                 \
    "I5IhlJH7aGhyxXFvU"                                                                            \
    "K-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC_RS256                                                                                  \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"        \
    "O8W2Fp5j"                                                                                     \
    "ujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"                                            \
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L"                                                 \
    "07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"                                                \
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEU"                                             \
    "ipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RFC_EC_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define RFC_EC_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define RFC_ES256                                                                                  \
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static GBytes *
decode(const char *text)
{
    GBytes *bytes = kyso_base64url_decode(text, strlen(text));
    g_assert_nonnull(bytes);
    return bytes;
}

static BIGNUM *
number(const char *text)
{
    g_autoptr(GBytes) bytes = decode(text);
    return BN_bin2bn(g_bytes_get_data(bytes, NULL), (int) g_bytes_get_size(bytes), NULL);
}

static EVP_PKEY *
key_of(const char *type, OSSL_PARAM_BLD *builder)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY *key = NULL;

    g_assert_cmpint(EVP_PKEY_fromdata_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), ==, 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

static EVP_PKEY *
rfc_rsa_key(void)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    g_autoptr(BIGNUM) n = number(RFC_RSA_N);
    g_autoptr(BIGNUM) e = number("AQAB");

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    return key_of("RSA", builder);
}

static EVP_PKEY *
rfc_ec_key(void)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    g_autoptr(GBytes) x = decode(RFC_EC_X);
    g_autoptr(GBytes) y = decode(RFC_EC_Y);
    guint8 point[65] = {4};

    memcpy(point + 1, g_bytes_get_data(x, NULL), 32);
    memcpy(point + 33, g_bytes_get_data(y, NULL), 32);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
    return key_of("EC", builder);
}

static gboolean
rfc_verifies(EVP_PKEY *key, const char *name, const char *header, const char *signature)
{
    g_autofree char *text = g_strjoin(".", header, RFC_PAYLOAD, signature, NULL);
    g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));
    g_autoptr(KysoJws) jws = kyso_jws_read(data, NULL);
    const KysoJoseAlgorithm *algorithm = kyso_jose_algorithm_from_name(name);

    g_assert_nonnull(jws);
    g_assert_cmpstr(json_string_value(json_object_get(jws->header, "alg")), ==, name);
    g_autoptr(GBytes) value = kyso_jose_algorithm_from_jws(algorithm, jws->signature);
    g_autoptr(GBytes) digest =
        kyso_signing_input_hash(algorithm->hash, header, strlen(header), jws->payload);
    return kyso_algorithm_check(key, algorithm->scheme,
                                kyso_algorithm_hash_from_name(algorithm->hash), digest, value);
}

static void
test_the_vectors_of_rfc_7515_verify(void)
{
    g_autoptr(EVP_PKEY) rsa_key = rfc_rsa_key();
    g_autoptr(EVP_PKEY) ec_key = rfc_ec_key();

    g_assert_true(rfc_verifies(rsa_key, "RS256", "eyJhbGciOiJSUzI1NiJ9", RFC_RS256));
    g_assert_true(rfc_verifies(ec_key, "ES256", "eyJhbGciOiJFUzI1NiJ9", RFC_ES256));
    g_assert_false(rfc_verifies(ec_key, "ES256", "eyJhbGciOiAiRVMyNTYifQ", RFC_ES256));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jws/vectors", test_the_vectors_of_rfc_7515_verify);
    return g_test_run();
}
