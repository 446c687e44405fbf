/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One X.509 certificate (RFC 5280), read once; never changed after.
 *
 * Its identity is its full DER: kyso_certificate_get_id. Names come as valid UTF-8 on one line,
 * Vietnamese as it is written; they are text for people, never something to compare.
 * Immutable and atomically ref-counted: thread-safe.
 */

#include <glib.h>
#include <openssl/types.h>

#define KYSO_CERTIFICATE_MAX_SIZE (64 * 1024) /* bytes of DER */

typedef struct _KysoCertificate KysoCertificate;

/* Reads exactly one certificate in DER, nothing after it. KYSO_ERROR_CERTIFICATE_UNREADABLE. */
KysoCertificate *kyso_certificate_new(GBytes *der, GError **error);

/* The same of a certificate that OpenSSL has read already; @x509 stays the caller's. */
KysoCertificate *kyso_certificate_new_from_x509(X509 *x509, GError **error);

KysoCertificate *kyso_certificate_ref(KysoCertificate *self);
void kyso_certificate_unref(KysoCertificate *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCertificate, kyso_certificate_unref)

/* All that follows is owned by @self and lives as long. No text is ever NULL: what the certificate
 * does not say is "". */

const char *kyso_certificate_get_id(const KysoCertificate *self); /* SHA-256 of the DER, 64 hex */
GBytes *kyso_certificate_get_der(const KysoCertificate *self);
X509 *kyso_certificate_get_x509(const KysoCertificate *self);

const char *kyso_certificate_get_common_name(const KysoCertificate *self);
const char *kyso_certificate_get_organization(const KysoCertificate *self);

/* NULL-terminated, in the certificate's order: widest unit first. */
const char *const *kyso_certificate_get_organizational_units(const KysoCertificate *self);

/* "CN=Nguyễn Văn Thử,OU=Văn phòng,O=UBND xã Thử Nghiệm,C=VN": RFC 4514, but letters beyond ASCII
 * stand unescaped. */
const char *kyso_certificate_get_subject(const KysoCertificate *self);
const char *kyso_certificate_get_issuer(const KysoCertificate *self);
const char *kyso_certificate_get_issuer_common_name(const KysoCertificate *self);

const char *kyso_certificate_get_serial(const KysoCertificate *self); /* upper-case hex */

/* UTC; both ends belong to the period of validity (RFC 5280 §4.1.2.5). */
GDateTime *kyso_certificate_get_not_before(const KysoCertificate *self);
GDateTime *kyso_certificate_get_not_after(const KysoCertificate *self);

const char *kyso_certificate_get_key_type(const KysoCertificate *self); /* "RSA", "EC", "OTHER" */
guint kyso_certificate_get_key_bits(const KysoCertificate *self);
gboolean kyso_certificate_is_ca(const KysoCertificate *self);

/*
 * May this certificate sign documents at the moment @at? The path to a trusted CA is another
 * question: kyso_trust_check. The first that fails, in this order, is the error:
 *
 * KYSO_ERROR_CERTIFICATE_NOT_YET_VALID, KYSO_ERROR_CERTIFICATE_EXPIRED: the period of validity.
 * KYSO_ERROR_CERTIFICATE_WRONG_USAGE: a CA; a key usage without digitalSignature and
 *   nonRepudiation; extended key usages that are all of machines (TLS server, time stamping, OCSP,
 *   code signing); a critical extension that we do not know.
 * KYSO_ERROR_CERTIFICATE_WEAK: RSA under 2048 bits; EC off P-256, P-384, P-521; other keys; signed
 *   by its CA over a hash that is not SHA-2 of 256 bits or more, or SHA-3 (Circular 15/2025
 *   Annex I).
 */
gboolean kyso_certificate_check_signer(const KysoCertificate *self, GDateTime *at, GError **error);
