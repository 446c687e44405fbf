/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Timestamps (RFC 3161, RFC 5816): the question to a time stamping authority (TSA), the check of
 * its answer, and the check of a token that a document carries. Bytes in, bytes out, no network.
 *
 * A token is believed only where all holds: granted; it stamps this very digest (SHA-256, 384 or
 * 512), with our nonce and under the policy asked for; its signer's certificate has time stamping
 * as its sole and critical usage, is the one that its ESS attribute names, and leads to an anchor
 * at the time that it states. Thread-safe.
 */

#include "agent/pki/trust.h"

#define KYSO_TIMESTAMP_MAX_SIZE (64 * 1024) /* bytes of an answer or a token */

typedef struct {
    GBytes *token;           /* the ContentInfo in DER */
    GDateTime *time;         /* genTime, UTC */
    char *policy;            /* OID in dots */
    char *hash;              /* "SHA256", "SHA384", "SHA512": of the imprint */
    KysoCertificate *signer; /* the TSA's */
    GPtrArray *chain;        /* of KysoCertificate: leaf to anchor */
    GPtrArray *certificates; /* of KysoCertificate: all embedded ones */
} KysoTimestamp;

void kyso_timestamp_free(KysoTimestamp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTimestamp, kyso_timestamp_free)

typedef struct _KysoTimestampQuery KysoTimestampQuery;

/* A question about @digest by @hash ("SHA256", "SHA384", "SHA512"); @policy: OID in dots, or NULL
 * for the TSA's own. Asks for the certificate and has a fresh nonce of 16 random bytes.
 * KYSO_ERROR_WRONG_PARAMETERS, KYSO_ERROR_INTERNAL. */
KysoTimestampQuery *kyso_timestamp_query_new(const char *hash, GBytes *digest, const char *policy,
                                             GError **error);
void kyso_timestamp_query_free(KysoTimestampQuery *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTimestampQuery, kyso_timestamp_query_free)

GBytes *kyso_timestamp_query_get_der(const KysoTimestampQuery *self); /* owned by @self */

/* Reads the TimeStampResp to @self. KYSO_ERROR_TIMESTAMP_UNAVAILABLE: refused, with the TSA's
 * words; KYSO_ERROR_TIMESTAMP_WRONG: all else that is not as it must be. */
KysoTimestamp *kyso_timestamp_query_finish(const KysoTimestampQuery *self, GBytes *response,
                                           KysoTrust *trust, GError **error);

/* The digest by @hash of what the token stamps, or NULL with @error set. Called at most once. */
typedef GBytes *(*KysoTimestampDigest)(const char *hash, gpointer user_data, GError **error);

/* Checks a token that a document carries. @extra: KysoCertificates that may help, or NULL.
 * KYSO_ERROR_TIMESTAMP_WRONG, or the error of @digest. */
KysoTimestamp *kyso_timestamp_check(GBytes *token, KysoTimestampDigest digest, gpointer user_data,
                                    KysoTrust *trust, const GPtrArray *extra, GError **error);
