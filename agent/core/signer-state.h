/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the methods of the signing module share. Main thread only, but for trust and roles, which
 * are immutable.
 */

#include "agent/core/signer.h"
#include "agent/evidence/evidence-store.h"
#include "agent/journal/journal.h"
#include "agent/pki/roles.h"
#include "agent/pki/trust.h"
#include "agent/policy/policy.h"

typedef struct _KysoKeySearches KysoKeySearches;

struct _KysoSigner {
    KysoAgent *agent;
    KysoTrust *trust;
    KysoRoles *roles;
    KysoJournal *journal;        /* NULL until first asked for */
    KysoEvidenceStore *evidence; /* the same */
    GHashTable *authorizations;  /* SAD -> KysoAuthorization, agent/core/hash-signing.c */
    KysoKeySearches *searches;   /* requests that look for their key */
    guint n_documents;           /* of all signDoc requests under way */
};

/* Borrowed. KYSO_ERROR_JOURNAL_UNAVAILABLE, KYSO_ERROR_JOURNAL_BROKEN, KYSO_ERROR_DISK_FULL. */
KysoJournal *kyso_signer_get_journal(KysoSigner *self, GError **error);

/* Borrowed. KYSO_ERROR_EVIDENCE_UNAVAILABLE, KYSO_ERROR_DISK_FULL. */
KysoEvidenceStore *kyso_signer_get_evidence(KysoSigner *self, GError **error);

KysoRole kyso_signer_get_role(KysoSigner *self, const KysoCertificate *certificate);

/* 0, or why this certificate must not sign now: KYSO_ERROR_CERTIFICATE_*. Validity and usage come
 * before the path (Decree 68/2024 Art. 29). @ret_chain (may be NULL) is set where 0; @ret_fault
 * (may be NULL) where not. */
int kyso_signer_check_certificate(KysoSigner *self, const KysoCertificate *certificate,
                                  GPtrArray **ret_chain, GError **ret_fault);
