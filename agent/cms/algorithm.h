/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The hashes and signature schemes that we know, by the names that the rest of kyso has for them.
 * Thread-safe.
 */

#include <glib.h>
#include <openssl/types.h>

typedef enum {
    KYSO_SCHEME_OTHER,
    KYSO_SCHEME_RSA_PKCS1,
    KYSO_SCHEME_RSA_PSS,
    KYSO_SCHEME_ECDSA,
} KysoScheme;

/* "RSA-PKCS1", "RSA-PSS", "ECDSA"; KYSO_SCHEME_OTHER for all else. */
KysoScheme kyso_algorithm_scheme_from_name(const char *name);
const char *kyso_algorithm_scheme_name(KysoScheme scheme); /* "OTHER" too; static */

/* What a SignerInfo's signatureAlgorithm says (RFC 3370 §3.2, RFC 4056, RFC 5753). */
KysoScheme kyso_algorithm_scheme_of(const X509_ALGOR *algorithm);

/* TRUE where signatures of @scheme can be made with @key. */
gboolean kyso_algorithm_fits_key(KysoScheme scheme, const EVP_PKEY *key);

/* "SHA256", "SHA384", "SHA512": those that may be signed over; NULL for all else. */
const EVP_MD *kyso_algorithm_hash_from_name(const char *name);

/* Name of the hash in @algorithm: these and "SHA1", which may be verified only; "OTHER" for all
 * else. Static. */
const char *kyso_algorithm_hash_of(const X509_ALGOR *algorithm);

/* Puts @scheme over @hash into @algorithm, PSS with MGF1 and salt of the same hash. FALSE leaves
 * OpenSSL's reason in its queue. */
gboolean kyso_algorithm_write_scheme(X509_ALGOR *algorithm, KysoScheme scheme, const EVP_MD *hash);

/* Is @signature made over @digest with the private half of @key? Clears OpenSSL's queue. */
gboolean kyso_algorithm_check(EVP_PKEY *key, KysoScheme scheme, const EVP_MD *hash, GBytes *digest,
                              GBytes *signature);
