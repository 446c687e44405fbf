/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a JWS signature is over (RFC 7515 §5.1), and how it names a certificate (§4.1.8).
 * Thread-safe.
 */

#include <glib.h>

/* The digest by @hash ("SHA256", "SHA384", "SHA512") of @header (base64url, @length bytes), a dot,
 * and @payload in base64url. */
GBytes *kyso_signing_input_hash(const char *hash, const char *header, gsize length,
                                GBytes *payload);

/* x5t#S256 of a certificate's DER. New text. */
char *kyso_signing_input_thumbprint(GBytes *der);
