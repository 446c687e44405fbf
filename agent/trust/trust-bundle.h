/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A bundle of CA certificates, signed by one whom this machine's administrator has named: a CMS
 * SignedData (RFC 5652) around JSON, as agent/trust/README.md has it. Thread-safe.
 *
 * Nothing in it counts before the signature holds, by a certificate that is pinned here: no path,
 * no CA, no certificate of the bundle itself makes it good.
 */

#include "agent/pki/trust.h"

#define KYSO_TRUST_BUNDLE_MAX (8 * 1024 * 1024) /* bytes of the file */

typedef struct {
    char *name;
    GPtrArray *certificates[KYSO_N_TRUST_KINDS]; /* of KysoCertificate */
} KysoTrustSet;

typedef struct {
    gint64 serial;           /* grows from bundle to bundle */
    char *issued;            /* a day, "2026-11-26" */
    KysoCertificate *signer; /* one of the pinned */
    GPtrArray *sets;         /* of KysoTrustSet, in the bundle's order */
} KysoTrustBundle;

/* @signers: the pinned KysoCertificates. Whether the signer's certificate holds today is the
 * caller's question.
 *
 * KYSO_ERROR_BUNDLE_MALFORMED, KYSO_ERROR_BUNDLE_SIGNER_UNKNOWN (also of several signers),
 * KYSO_ERROR_BUNDLE_SIGNATURE_INVALID (also by a key or hash below 112 bits). */
KysoTrustBundle *kyso_trust_bundle_read(GBytes *file, const GPtrArray *signers, GError **error);
void kyso_trust_bundle_free(KysoTrustBundle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTrustBundle, kyso_trust_bundle_free)

/* Owned by @self, or NULL. */
const KysoTrustSet *kyso_trust_bundle_find(const KysoTrustBundle *self, const char *name);

/* 1 to 64 of a-z, 0-9 and "-". */
gboolean kyso_trust_bundle_is_name(const char *name);
