/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The private keys of a PIV card, and what GENERAL AUTHENTICATE does with them (SP 800-73-4 part 2
 * §3.2.4): RSA-2048 and -3072 (raw), P-256 and P-384 (ECDSA). */

#include "tests/kit/rig/apdu.h"

#define PIV_SLOT_SIGNATURE 0x9C /* wants the PIN before each use */
#define PIV_SLOT_CARD 0x9E      /* wants none */

/* slot -> EVP_PKEY */
GHashTable *piv_keys_new(void);

/* Both PEM files. The certificate goes into @objects. */
gboolean piv_keys_load(GHashTable *keys, GHashTable *objects, guint8 slot, const char *key_path,
                       const char *certificate_path, GError **error);

/* @data: the dynamic authentication template. Whether a PIN was needed is the caller's business. */
guint16 piv_keys_authenticate(GHashTable *keys, guint8 algorithm, guint8 slot, Span data,
                              GByteArray *out);
