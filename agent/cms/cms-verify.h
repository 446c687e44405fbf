/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The verdict on one detached CMS signature, as a stranger would give it (RFC 5652 §5.6,
 * EN 319 102-1 in small). Takes those of CAdES and PAdES and the older adbe.pkcs7.detached, in DER
 * or BER.
 *
 * Everything read here is hostile until the report says otherwise. A timestamp over the signature
 * says when it was there, and its time goes before what the signer claims; one that is wrong leaves
 * the verdict open. Revocation is not looked at: so a certificate that has expired since leaves the
 * verdict open too. Thread-safe.
 */

#include "agent/pki/timestamp.h"
#include "agent/pki/trust.h"

#define KYSO_CMS_MAX_SIZE (16 * 1024 * 1024) /* bytes, with the padding */

typedef enum {
    KYSO_VALID,        /* intact, and signed by a certificate that was good and is */
    KYSO_INVALID,      /* not intact, or signed by a certificate that was not allowed to */
    KYSO_UNDETERMINED, /* what is here does not say whether the certificate was good, or the
                          signature is over a hash that we do not know */
} KysoSignatureVerdict;

typedef struct {
    KysoSignatureVerdict verdict;

    /* NULL where the verdict needs no word; else one of: "signer_missing", "several_signers",
     * "content_present",
     * "wrong_content_type", "signer_certificate_missing", "attributes_missing",
     * "hash_unsupported", "digest_mismatch", "signature_mismatch", "signing_certificate_mismatch",
     * "certificate", "timestamp". Static. */
    const char *reason;

    /* The digest is that of the content, the signature over the attributes is right, and an ESS
     * signing-certificate attribute, where there is one, names the signer's certificate. */
    gboolean integrity;

    int certificate_code; /* 0 or a KYSO_ERROR_CERTIFICATE_* */

    KysoCertificate *signer;  /* NULL where it is not embedded */
    GPtrArray *certificates;  /* of KysoCertificate: all embedded ones; never NULL */
    GPtrArray *crls;          /* of GBytes: all embedded CRLs in DER; never NULL */
    GPtrArray *chain;         /* of KysoCertificate: leaf to anchor; NULL without a good path */
    const char *algorithm;    /* "RSA-PKCS1", "RSA-PSS", "ECDSA" or "OTHER"; static */
    const char *hash;         /* "SHA1", "SHA256", "SHA384", "SHA512" or "OTHER"; static */
    gboolean is_weak;         /* a warning: SHA-1, which binds the content no more */
    gboolean is_cades;        /* has an ESS signing-certificate attribute */
    gboolean has_timestamp;   /* has a signature timestamp attribute, right or wrong */
    KysoTimestamp *timestamp; /* the first right one; NULL: none */
    GDateTime *signing_time;  /* the attribute, UTC, or NULL; what the signer says, no proof */
} KysoSignatureReport;

/* For signatures of other forms than CMS. INVALID, by algorithm and hash "OTHER". */
KysoSignatureReport *kyso_signature_report_new(void);
void kyso_signature_report_free(KysoSignatureReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignatureReport, kyso_signature_report_free)

/* With signer, certificates, integrity and timestamps known: judges the certificate, and with it
 * the signature, at @claimed_time as kyso_cms_verify has it. */
void kyso_signature_report_judge(KysoSignatureReport *self, KysoTrust *trust,
                                 GDateTime *claimed_time);

/* "valid", "invalid", "undetermined". */
const char *kyso_signature_verdict_name(KysoSignatureVerdict verdict);

/* The digest of the signed content by @hash ("SHA1", "SHA256", "SHA384", "SHA512"), or NULL with
 * @error set. Called at most once, in the calling thread. */
typedef GBytes *(*KysoContentDigest)(const char *hash, gpointer user_data, GError **error);

/*
 * @der: one ContentInfo; zeros may follow (the padding of a PDF's /Contents), nothing else.
 * @trust: NULL trusts nobody: at best KYSO_UNDETERMINED.
 * @claimed_time: when it was signed by the document's word (/M of a PDF), or NULL for that of the
 *   signing-time attribute, or now. It can only make the verdict worse, never better: VALID needs a
 *   certificate that holds then and now.
 *
 * NULL with KYSO_ERROR_SIGNATURE_UNREADABLE where @der is not a CMS SignedData, or with the error
 * of @content_digest. All else is in the report.
 */
KysoSignatureReport *kyso_cms_verify(GBytes *der, KysoContentDigest content_digest,
                                     gpointer user_data, KysoTrust *trust, GDateTime *claimed_time,
                                     GError **error);
