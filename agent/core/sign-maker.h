/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How the signature of a document is made, by its form: what the token signs, and what becomes of
 * the token's answer. Main thread only.
 */

#include <glib.h>

typedef struct _KysoSigningDocument KysoSigningDocument;

typedef struct {
    /* With what is signed known (content_digest, contents): the rest of what is signed. */
    gboolean (*start)(KysoSigningDocument *self, GError **error);
    /* What the token signs. Owned by @self. */
    GBytes *(*get_digest)(const KysoSigningDocument *self);
    /* The whole, with the token's signature in it. */
    GBytes *(*finish)(KysoSigningDocument *self, GBytes *signature, GError **error);
    /* Of that, the SHA-256 that a timestamp is asked for; and the whole with the timestamp. */
    GBytes *(*hash_signature)(const KysoSigningDocument *self, GError **error);
    GBytes *(*add_timestamp)(KysoSigningDocument *self, GBytes *token, GError **error);
} KysoSignatureMaker;

extern const KysoSignatureMaker kyso_sign_maker_cades;

/* How large the CMS of @self will be, in bytes, without a timestamp; 0: @error. */
gsize kyso_sign_maker_measure_cades(const KysoSigningDocument *self, GError **error);

extern const KysoSignatureMaker kyso_sign_maker_jws; /* no timestamps: level B-B */
extern const KysoSignatureMaker kyso_sign_maker_xades;
