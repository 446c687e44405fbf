/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What is read from a certificate that libp11 holds.
 */

#include <glib.h>
#include <libp11.h>

/* Its DER, or NULL where it cannot be encoded. */
GBytes *kyso_certificate_der(const PKCS11_CERT *certificate);

/* Its CKA_ID in lower-case hex. g_free. */
char *kyso_certificate_key_id(const PKCS11_CERT *certificate);
