/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A detached CAdES signature (RFC 5652, EN 319 122-1 levels B-B to B-LT; in PDF: EN 319 142-1),
 * made in steps because the key is elsewhere: new gives the digest that the token signs, finish
 * takes the token's signature and gives the whole.
 *
 * No private key and no content ever comes here. One thread at a time.
 */

#include "agent/pki/certificate.h"
#include "agent/pki/revocation.h"

typedef enum {
    KYSO_CADES_PADES,    /* in a PDF: no signing-time attribute, the time stands in /M */
    KYSO_CADES_DETACHED, /* beside a file: signing-time is there */
} KysoCadesProfile;

typedef struct {
    KysoCertificate *signer;
    const GPtrArray *chain; /* of KysoCertificate, embedded once each; may hold @signer; or NULL.
                               Self-signed ones are left out: who verifies has his own */
    const char *algorithm;  /* "RSA-PKCS1", "RSA-PSS" (MGF1 and salt of the hash), "ECDSA" */
    const char *hash;       /* "SHA256", "SHA384", "SHA512" */
    GBytes *content_digest; /* of what is signed, by @hash */
    KysoCadesProfile profile;
    GDateTime *signing_time; /* any zone; used by KYSO_CADES_DETACHED only */
} KysoCadesSpec;

typedef struct _KysoCadesBuilder KysoCadesBuilder;

/* Nothing of @spec needs to outlive the call. KYSO_ERROR_WRONG_PARAMETERS: an algorithm or hash
 * not of the list or not of the key, a digest of the wrong length. */
KysoCadesBuilder *kyso_cades_builder_new(const KysoCadesSpec *spec, GError **error);

/* How large a CMS by @spec will be at most, in bytes, before timestamp and proofs are added;
 * content_digest may be NULL. 0: the errors of kyso_cades_builder_new. */
gsize kyso_cades_builder_measure(const KysoCadesSpec *spec, GError **error);

void kyso_cades_builder_free(KysoCadesBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCadesBuilder, kyso_cades_builder_free)

/* Hash over the DER SET OF signed attributes (RFC 5652 §5.4): what the token signs. Owned by
 * @self. */
GBytes *kyso_cades_builder_get_digest(const KysoCadesBuilder *self);

/* The ContentInfo in DER, at most about 8 KiB. @signature: as many bytes as the modulus for RSA,
 * DER Ecdsa-Sig-Value (RFC 3279 §2.2.3) for ECDSA. KYSO_ERROR_SIGNATURE_WRONG: not made by the
 * signer's key over our digest; another one may then be tried. */
GBytes *kyso_cades_builder_finish(KysoCadesBuilder *self, GBytes *signature, GError **error);

/* After finish. The digest of the signature's value by "SHA256", which a timestamp is asked for. */
GBytes *kyso_cades_builder_hash_signature(const KysoCadesBuilder *self, GError **error);

/* After finish: the ContentInfo with the timestamp @token in it, level B-T, about 6 KiB larger. The
 * token is taken as it is: whoever got it has checked it. */
GBytes *kyso_cades_builder_add_timestamp(KysoCadesBuilder *self, GBytes *token, GError **error);

/* After that: the ContentInfo with the certificates and CRLs of @proofs among its own, level B-LT
 * (EN 319 122-1 §6.3). Its OCSP answers are not taken: OpenSSL cannot put them there. */
GBytes *kyso_cades_builder_add_proofs(KysoCadesBuilder *self, const KysoProofs *proofs,
                                      GError **error);
