/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A JWS in its compact form (RFC 7515 §7.1), and with the payload in it a JAdES of level B-B
 * (ETSI TS 119 182-1 §6.3), made in steps because the key is elsewhere: new gives the digest that
 * the token signs, finish takes the token's signature and gives the whole.
 *
 * The payload is signed byte for byte, and not kept between the steps. The protected header says
 * alg, typ, cty, iat (§5.1.11 has it in the place of sigT), x5t#S256 and x5c. One thread at a time.
 */

#include "agent/pki/certificate.h"

#define KYSO_JWS_MAX_PAYLOAD (4 * 1024 * 1024) /* bytes: a program holds a JWS in memory */

typedef struct {
    KysoCertificate *signer;
    const GPtrArray *chain;   /* of KysoCertificate, leaf first; self-signed ones are left out */
    const char *algorithm;    /* "RSA-PKCS1", "RSA-PSS", "ECDSA" */
    const char *hash;         /* "SHA256", "SHA384", "SHA512" */
    GBytes *payload;          /* at most KYSO_JWS_MAX_PAYLOAD */
    const char *content_type; /* cty: "json", "text/plain"; NULL: not said */
    GDateTime *signing_time;  /* any zone */
} KysoJwsSpec;

typedef struct _KysoJwsBuilder KysoJwsBuilder;

/* Nothing of @spec needs to outlive the call. KYSO_ERROR_MECHANISM_UNSUPPORTED: JWS has no name for
 * this algorithm with this key. */
KysoJwsBuilder *kyso_jws_builder_new(const KysoJwsSpec *spec, GError **error);
void kyso_jws_builder_free(KysoJwsBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoJwsBuilder, kyso_jws_builder_free)

/* Hash over the signing input (RFC 7515 §5.1): what the token signs. Owned by @self. */
GBytes *kyso_jws_builder_get_digest(const KysoJwsBuilder *self);

/* The JWS in ASCII. @payload: the one of new; NULL leaves it out (RFC 7515 appendix F).
 * @signature: as in kyso_cades_builder_finish. KYSO_ERROR_SIGNATURE_WRONG: not made by the signer's
 * key over our digest. */
GBytes *kyso_jws_builder_finish(const KysoJwsBuilder *self, GBytes *signature, GBytes *payload,
                                GError **error);
