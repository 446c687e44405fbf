/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The signature algorithms of JWS that we know (RFC 7518 §3): those with a certificate's key and
 * SHA-2. "none" and the ones with a shared secret are not among them. Static values; thread-safe.
 */

#include "agent/cms/algorithm.h"
#include "agent/pki/certificate.h"

typedef struct {
    const char *name; /* of the `alg` parameter */
    KysoScheme scheme;
    const char *hash;   /* "SHA256", "SHA384", "SHA512" */
    guint bits;         /* of the curve; 0: RSA */
    gsize number_bytes; /* each of r and s */
} KysoJoseAlgorithm;

/* NULL where it is not known. */
const KysoJoseAlgorithm *kyso_jose_algorithm_from_name(const char *name);

/* What @scheme over @hash is called with the key of @certificate; NULL: JWS has no name for that,
 * as for P-384 with SHA-256. */
const KysoJoseAlgorithm *kyso_jose_algorithm_find(KysoScheme scheme, const char *hash,
                                                  const KysoCertificate *certificate);

/* FALSE where a signature by it cannot be of the key of @certificate. */
gboolean kyso_jose_algorithm_fits(const KysoJoseAlgorithm *self,
                                  const KysoCertificate *certificate);

/* "none" and HMAC: they would make everybody the signer (RFC 8725 §3.1). */
gboolean kyso_jose_algorithm_is_forbidden(const char *name);

/* A signature as JWS has it: ECDSA as r and s side by side (RFC 7518 §3.4) instead of DER
 * Ecdsa-Sig-Value; RSA as it is. NULL where @signature is neither. New. */
GBytes *kyso_jose_algorithm_to_jws(const KysoJoseAlgorithm *self, GBytes *signature);
GBytes *kyso_jose_algorithm_from_jws(const KysoJoseAlgorithm *self, GBytes *signature);
