/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The CAs that we trust (anchors), those that only help to find the way to them (intermediates),
 * and the question whether a certificate comes from them (RFC 5280 §6, Decree 68/2024 Art. 32).
 *
 * An anchor need not be self-signed: GCC's first generation is pinned at its sub-CAs, since its
 * root signed them over SHA-1, which no security level of OpenSSL above 0 accepts. No level is
 * ever lowered: paths need 112 bits (RSA 2048, SHA-256) in every signature below the anchor.
 * Revocation is not looked at here.
 *
 * Time stamping authorities have anchors of their own beside these: GCC's is certified by a root
 * that is no anchor for people.
 *
 * Folders are read once, when loaded, and must be such as nobody else can write
 * (kyso_paths_is_trusted is the caller's). Checks are thread-safe.
 */

#include "agent/pki/certificate.h"

typedef struct _KysoTrust KysoTrust;

/* What a CA is trusted for. */
typedef enum {
    KYSO_TRUST_ANCHOR,           /* as it stands */
    KYSO_TRUST_INTERMEDIATE,     /* for nothing; helps to find the way */
    KYSO_TRUST_TIMESTAMP_ANCHOR, /* as it stands, for timestamps only */
    KYSO_N_TRUST_KINDS,
} KysoTrustKind;

/* "anchors", "intermediates", "timestamp-anchors". */
const char *kyso_trust_folder(KysoTrustKind kind);

/* In nobody. */
KysoTrust *kyso_trust_new(void);

/* Adds @certificates (KysoCertificates), before the first check. KYSO_ERROR_CONFIGURATION names
 * one that is not a CA's; on FALSE @self is of no use. */
gboolean kyso_trust_take(KysoTrust *self, KysoTrustKind kind, const GPtrArray *certificates,
                         GError **error);

/* Reads @dir/anchors, @dir/intermediates and @dir/timestamp-anchors: files *.pem, *.crt, *.cer, in
 * PEM (several a file) or DER. A missing folder is an empty one. KYSO_ERROR_CONFIGURATION names a
 * file that cannot be read or holds a certificate that is not a CA's. */
KysoTrust *kyso_trust_load(const char *dir, GError **error);

/* Adds another folder of the same form, before the first check. On FALSE @self is of no use. */
gboolean kyso_trust_add(KysoTrust *self, const char *dir, GError **error);

KysoTrust *kyso_trust_ref(KysoTrust *self);
void kyso_trust_unref(KysoTrust *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTrust, kyso_trust_unref)

/* Of KysoCertificate, owned by @self. */
const GPtrArray *kyso_trust_get_anchors(const KysoTrust *self);
const GPtrArray *kyso_trust_get_intermediates(const KysoTrust *self);

/*
 * TRUE where a path leads from @certificate to an anchor and holds at the moment @at.
 * @extra: KysoCertificates to find the way with, not trusted (those of a signature); may be NULL.
 * @ret_chain: the path, leaf first, anchor last, of KysoCertificate; may be NULL; untouched on
 * FALSE.
 *
 * KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER: no path, or a CA on it that must not issue this.
 * KYSO_ERROR_CERTIFICATE_NOT_YET_VALID, KYSO_ERROR_CERTIFICATE_EXPIRED: leaf or CA, at @at.
 * KYSO_ERROR_CERTIFICATE_WEAK: a key or a signature on the path below 112 bits.
 * KYSO_ERROR_CERTIFICATE_WRONG_USAGE: a critical extension that we do not know.
 */
gboolean kyso_trust_check(KysoTrust *self, const KysoCertificate *certificate,
                          const GPtrArray *extra, GDateTime *at, GPtrArray **ret_chain,
                          GError **error);

/* The same question about the certificate of a time stamping authority, to which the anchors for
 * timestamps count too. @ret_store: these anchors and conditions as OpenSSL wants them, the
 * caller's to free; may be NULL; untouched on FALSE. */
gboolean kyso_trust_check_timestamp(KysoTrust *self, const KysoCertificate *certificate,
                                    const GPtrArray *extra, GDateTime *at, X509_STORE **ret_store,
                                    GPtrArray **ret_chain, GError **error);
