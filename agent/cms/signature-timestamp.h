/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The signature timestamp: an RFC 3161 token over the signature's own value, among the attributes
 * that are not signed (RFC 3161 appendix A, EN 319 122-1 §5.3). It says that the signature was
 * there at that time. Thread-safe.
 */

#include <openssl/cms.h>

#include "agent/pki/timestamp.h"

/* Puts @token in. FALSE leaves OpenSSL's reason in its queue. */
gboolean kyso_signature_timestamp_add(CMS_SignerInfo *info, GBytes *token);

/* The digest by @hash of what the token is about. NULL for a hash that is not known. */
GBytes *kyso_signature_timestamp_digest(CMS_SignerInfo *info, const char *hash);

/* The first token of @info that is right, or NULL with @error untouched where there is none at all,
 * or set by kyso_timestamp_check where none is right. */
KysoTimestamp *kyso_signature_timestamp_find(CMS_SignerInfo *info, KysoTrust *trust,
                                             const GPtrArray *certificates, GError **error);
