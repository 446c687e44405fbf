/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a signature's name means to PKCS#11 (mechanism, input bytes, form of the output) and to
 * OpenSSL (how it is verified). Values only; thread-safe.
 */

#include <glib.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#define KYSO_MECHANISM_MAX_DIGEST 64     /* bytes: SHA-512 */
#define KYSO_MECHANISM_MAX_INPUT 96      /* bytes: DigestInfo of SHA-512 and some room */
#define KYSO_MECHANISM_MAX_SIGNATURE 512 /* bytes: RSA-4096 */

/* One way to sign: the row of a table, never freed. */
typedef struct _KysoMechanism KysoMechanism;

/* @algorithm: "RSA-PKCS1", "RSA-PSS", "ECDSA"; @hash: "SHA256", "SHA384", "SHA512".
 * KYSO_ERROR_WRONG_PARAMETERS. */
const KysoMechanism *kyso_mechanism_find(const char *algorithm, const char *hash, GError **error);

/* Bytes of a digest of its hash. */
gsize kyso_mechanism_digest_size(const KysoMechanism *self);

/* TRUE where @key (public) is of the right type. */
gboolean kyso_mechanism_fits(const KysoMechanism *self, const EVP_PKEY *key);

/* Parameters for C_SignInit; what they point to is static. */
CK_MECHANISM kyso_mechanism_to_ck(const KysoMechanism *self);

/* What C_Sign takes for @digest: DigestInfo for PKCS #1 v1.5 (RFC 8017 §9.2), the digest for PSS,
 * its leftmost bytes as long as the curve's order for ECDSA (FIPS 186-5 §6.4.1). @ret has
 * KYSO_MECHANISM_MAX_INPUT bytes. Returns the size. */
gsize kyso_mechanism_input(const KysoMechanism *self, const EVP_PKEY *key, const guchar *digest,
                           guchar *ret);

/* What C_Sign gave, as others expect it: ECDSA's r || s becomes a DER SEQUENCE (RFC 3279 §2.2.3),
 * RSA stays. NULL where @raw cannot be such a signature. */
GBytes *kyso_mechanism_output(const KysoMechanism *self, const guchar *raw, gsize size);

/* A context that verifies with @key, for kyso_mechanism_verify, again and again by one thread. */
EVP_PKEY_CTX *kyso_mechanism_verifier(const KysoMechanism *self, EVP_PKEY *key);
gboolean kyso_mechanism_verify(const KysoMechanism *self, EVP_PKEY_CTX *verifier,
                               const guchar *digest, GBytes *signature);
