/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Invented people, offices and CAs for tests: a certificate with its private key, made on the spot
 * by OpenSSL calls. What fails here aborts the test.
 */

#include <glib.h>

#include "agent/pki/certificate.h"
#include "agent/pki/openssl.h"
#include "agent/pki/trust.h"

typedef struct {
    KysoCertificate *certificate;
    EVP_PKEY *key;
} KysoAuthority;

typedef struct {
    const char *common_name;
    const char *organization; /* NULL: "UBND xã Thử Nghiệm" */
    const char *unit;         /* NULL: none; several parted by '/' */
    const char *key;          /* NULL: "EC-P-256"; "EC-" and a curve, "RSA-" and bits,
                                 "ED25519" */
    const char *hash;         /* by the issuer; NULL: "SHA256" */
    int from_days, to_days;   /* from now; both 0: -30 and 365 */
    gboolean is_ca;
    const char *key_usage;          /* as in openssl.cnf; NULL: fitting; "": no such extension */
    const char *extended_key_usage; /* NULL: no such extension */
    const char *ocsp_url, *crl_url; /* where its status is told; NULL: not said */
    const char *critical_unknown;   /* a critical extension under this OID; NULL: none */
} KysoAuthoritySpec;

/* @issuer NULL: self-signed. */
KysoAuthority *kyso_authority_new(const KysoAuthoritySpec *spec, const KysoAuthority *issuer);
void kyso_authority_free(KysoAuthority *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoAuthority, kyso_authority_free)

/* A CA, and somebody of it, with nothing special. */
KysoAuthority *kyso_authority_new_ca(const char *common_name, const KysoAuthority *issuer);
KysoAuthority *kyso_authority_new_signer(const char *common_name, const char *key,
                                         const KysoAuthority *issuer);

/* What a token does: @algorithm as in KysoCadesSpec. */
GBytes *kyso_authority_sign(const KysoAuthority *self, const char *algorithm, const char *hash,
                            GBytes *digest);

/* @days from now. */
GDateTime *kyso_authority_day(int days);

GBytes *kyso_authority_digest(const char *hash, const char *text);

/* Writes the certificate in PEM to @dir/@folder/@name, making the folder. */
void kyso_authority_write(const KysoAuthority *self, const char *dir, const char *folder,
                          const char *name);

/* Trust in @anchor alone, NULL-terminated list of intermediates after it. */
KysoTrust *kyso_authority_trust(const KysoAuthority *anchor, ...) G_GNUC_NULL_TERMINATED;

/* Deletes a folder with all that is in it. */
void kyso_authority_remove_folder(const char *dir);
