/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A CAdES signature that is there already, and what is added to it later: a timestamp over its
 * value, and proofs (EN 319 122-1 §6). What the signature covers is never written.
 *
 * Whether the signature is any good is not asked here: verify before, and the result again.
 * One thread at a time.
 */

#include "agent/pki/revocation.h"

typedef struct _KysoCadesExtension KysoCadesExtension;

/* @der: a SignedData with one signer, and nothing behind it. KYSO_ERROR_SIGNATURE_UNREADABLE. */
KysoCadesExtension *kyso_cades_extension_new(GBytes *der, GError **error);
void kyso_cades_extension_free(KysoCadesExtension *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCadesExtension, kyso_cades_extension_free)

/* SHA-256 of the signature's value: what a timestamp over it is about. */
GBytes *kyso_cades_extension_hash(const KysoCadesExtension *self, GError **error);

/* KYSO_ERROR_INTERNAL. */
gboolean kyso_cades_extension_add_timestamp(KysoCadesExtension *self, GBytes *token,
                                            GError **error);
gboolean kyso_cades_extension_add_proofs(KysoCadesExtension *self, const KysoProofs *proofs,
                                         GError **error);

/* The signature as it is now, in DER. */
GBytes *kyso_cades_extension_encode(const KysoCadesExtension *self, GError **error);
