/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What one OCSP answer (RFC 6960) or one CRL (RFC 5280 §5) says about one certificate: bytes in,
 * status out, no network.
 *
 * Neither is believed for where it came from: the issuer of the certificate signed it, or for OCSP
 * somebody whom the issuer named for that alone. "unknown" is never good. Signatures over less
 * than SHA-256 do not count. Thread-safe.
 */

#include "agent/pki/certificate.h"

#define KYSO_OCSP_MAX_SIZE (256 * 1024)       /* bytes */
#define KYSO_CRL_MAX_SIZE (32 * 1024 * 1024)  /* bytes */
#define KYSO_REVOCATION_SKEW_SECONDS (5 * 60) /* by which clocks may differ */

typedef struct {
    GBytes *der; /* the answer itself: OCSPResponse or CertificateList */
    GDateTime *this_update;
    GDateTime *next_update;  /* NULL: it does not say */
    GDateTime *revoked_at;   /* NULL: good */
    GPtrArray *certificates; /* of KysoCertificate: who signed it, where that is not the issuer */
} KysoRevocationAnswer;

void kyso_revocation_answer_free(KysoRevocationAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoRevocationAnswer, kyso_revocation_answer_free)

/* The OCSPRequest for @certificate of @issuer, in DER; CertID over SHA-1, which is what every
 * responder knows (RFC 5019 §2.1.1), and no nonce, since an answer may come from a cache. */
GBytes *kyso_revocation_answer_new_request(const KysoCertificate *certificate,
                                           const KysoCertificate *issuer, GError **error);

/* Reads an OCSPResponse. NULL with KYSO_ERROR_REVOCATION_WRONG: not such an answer, not about this
 * certificate, not signed by somebody who may, "unknown", or made for another time than now; with
 * KYSO_ERROR_REVOCATION_UNAVAILABLE where the responder says that it cannot answer.
 *
 * @at: when it must hold: within its own period, or earlier: an answer made after @at tells about
 * @at too, since what is revoked stays so. */
KysoRevocationAnswer *kyso_revocation_answer_new_ocsp(GBytes *der,
                                                      const KysoCertificate *certificate,
                                                      const KysoCertificate *issuer, GDateTime *at,
                                                      GError **error);

/* The same of a CRL. Delta CRLs, indirect ones and those for some reasons or other certificates
 * only are KYSO_ERROR_REVOCATION_WRONG. */
KysoRevocationAnswer *kyso_revocation_answer_new_crl(GBytes *der,
                                                     const KysoCertificate *certificate,
                                                     const KysoCertificate *issuer, GDateTime *at,
                                                     GError **error);

/* TRUE where it says that the certificate was revoked at @at. */
gboolean kyso_revocation_answer_is_revoked(const KysoRevocationAnswer *self, GDateTime *at);
