/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The signature algorithms of the API: an OID, what the token is asked for, what CMS writes.
 * Static values; thread-safe.
 */

#include "agent/pki/certificate.h"
#include "pkcs11/pool/pool.h"

typedef struct {
    const char *oid;       /* signAlgo of ipc/PROTOCOL.md */
    const char *key_type;  /* "RSA", "EC" */
    const char *algorithm; /* "RSA-PKCS1", "RSA-PSS", "ECDSA": agent/cms */
    const char *hash;      /* "SHA256", "SHA384", "SHA512" */
    KysoSignAlgorithm token_algorithm;
} KysoSignatureScheme;

/* The scheme @oid, or, where @oid is NULL, the one that fits the key. KYSO_ERROR_WRONG_PARAMETERS
 * for an unknown OID, KYSO_ERROR_MECHANISM_UNSUPPORTED where the key is of another kind. */
const KysoSignatureScheme *
kyso_signature_scheme_find(const char *oid, const KysoCertificate *certificate, GError **error);

/* "SHA256" for 2.16.840.1.101.3.4.2.1 and so on; NULL for others. */
const char *kyso_signature_scheme_hash_of_oid(const char *oid);

/* Bytes of a digest by @hash. */
gsize kyso_signature_scheme_digest_size(const char *hash);
