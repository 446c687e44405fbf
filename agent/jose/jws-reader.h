/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A JWS taken apart: the compact form, and the JSON forms with one signature (RFC 7515 §7). Bytes
 * in, values out; nothing is verified here, and all of it is hostile.
 *
 * Refused: letters that are not base64url, anything behind the end but one line break, a name twice
 * in a header or in both headers, more than 32 levels. Thread-safe.
 */

#include "ipc/wire/json.h"

#define KYSO_JWS_MAX_SIZE (6 * 1024 * 1024) /* bytes */

typedef struct {
    char *protected_text; /* base64url, as it was signed */
    json_t *header;       /* the protected one: an object */
    GBytes *payload;      /* NULL: detached */
    GBytes *signature;    /* "" for `alg` "none" */
} KysoJws;

/* TRUE where a file that begins so (at least 16 bytes, or all of it) is meant to be a JWS. */
gboolean kyso_jws_is_begun_by(const char *start, gsize size);

/* KYSO_ERROR_SIGNATURE_UNREADABLE. */
KysoJws *kyso_jws_read(GBytes *data, GError **error);
void kyso_jws_free(KysoJws *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoJws, kyso_jws_free)
