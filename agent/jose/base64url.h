/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Base64url as JOSE has it (RFC 7515 §2): no padding, and one text only for the same bytes.
 * Thread-safe.
 */

#include <glib.h>

/* New text. */
char *kyso_base64url_encode(const void *data, gsize size);

/* NULL where @text of @length bytes has a letter that is not of the alphabet, padding, a length
 * that none has, or bits set that no byte takes: who can write one signature in two ways could pass
 * off two of them. "" gives no bytes. */
GBytes *kyso_base64url_decode(const char *text, gsize length);
