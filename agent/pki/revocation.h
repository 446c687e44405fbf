/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Is a certificate revoked now? Asks the OCSP responders that the certificate names, in its order,
 * then its CRLs (Decree 68/2024 Art. 29; Circular 15/2025 Annex II 1.2), and keeps the proofs.
 *
 * Fails closed: no answer is not "good". What the disk has is taken only while it holds. Asks the
 * network and blocks: to be called from a thread that is not the main one. Thread-safe.
 */

#include "agent/pki/fetch.h"
#include "agent/pki/revocation-answer.h"

typedef struct {
    KysoFetchRules rules;
    const char *cache_dir; /* folder of agent/pki/proof-cache.h; NULL: nothing is kept */
    gboolean only_crls;    /* where proofs can be CRLs only; no OCSP is asked for */
} KysoRevocationService;

/* What proves that certificates were good: for B-LT. */
typedef struct {
    GPtrArray *certificates; /* of KysoCertificate, each once */
    GPtrArray *ocsps, *crls; /* of GBytes in DER, each once */
} KysoProofs;

KysoProofs *kyso_proofs_new(void);
void kyso_proofs_free(KysoProofs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoProofs, kyso_proofs_free)

typedef enum {
    KYSO_REVOCATION_NOT_PROVEN,
    KYSO_REVOCATION_GOOD,
    KYSO_REVOCATION_REVOKED,
} KysoRevocationStatus;

/* "not_proven", "good", "revoked". */
const char *kyso_revocation_status_name(KysoRevocationStatus status);

/* What @proofs (NULL: none) say about the path @chain at the moment @at, without the network: good
 * where each certificate but the anchor is; revoked where one was. Only what its issuer has signed
 * counts. */
KysoRevocationStatus kyso_proofs_judge(const KysoProofs *proofs, const GPtrArray *chain,
                                       GDateTime *at);

/* The earliest moment at which @proofs, by what holds at the moment @now, call a certificate of
 * @chain revoked; new, or NULL. */
GDateTime *kyso_proofs_find_revocation(const KysoProofs *proofs, const GPtrArray *chain,
                                       GDateTime *now);

/*
 * TRUE where nothing on the path @chain (KysoCertificates, leaf first, anchor last) is revoked now.
 * @proofs: gets the certificates of the path, of those who answered, and the answers; may be NULL.
 * On FALSE it may have got some.
 *
 * KYSO_ERROR_CERTIFICATE_REVOKED; KYSO_ERROR_REVOCATION_UNAVAILABLE, KYSO_ERROR_REVOCATION_WRONG,
 * KYSO_ERROR_SERVICE_TOO_SLOW, KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE: no answer that counts, the most
 * telling of all that went wrong; KYSO_ERROR_CANCELLED.
 */
gboolean kyso_revocation_check(const KysoRevocationService *service, const GPtrArray *chain,
                               KysoProofs *proofs, GCancellable *cancellable, GError **error);
