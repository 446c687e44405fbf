/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where evidence is kept until its document is deleted (Circular 41/2017 Art. 10): one SQLite file
 * beside the journal. What several documents share (the CA's certificates, a CRL) is there once,
 * and goes with the last of them. Deleted evidence is overwritten.
 *
 * All calls block, and are thread-safe: to be called from a thread that is not the main one, but
 * for kyso_evidence_store_open.
 *
 * Every call fails with KYSO_ERROR_DISK_FULL, or else with KYSO_ERROR_EVIDENCE_UNAVAILABLE.
 */

#include "agent/evidence/evidence.h"

typedef struct _KysoEvidenceStore KysoEvidenceStore;

/* Opens or starts the store in the folder @dir, which is there. */
KysoEvidenceStore *kyso_evidence_store_open(const char *dir, GError **error);
KysoEvidenceStore *kyso_evidence_store_ref(KysoEvidenceStore *self);
void kyso_evidence_store_unref(KysoEvidenceStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoEvidenceStore, kyso_evidence_store_unref)

/* TRUE means that all of @evidence is on disk; sets its id. On FALSE nothing of it is. */
gboolean kyso_evidence_store_put(KysoEvidenceStore *self, KysoEvidence *evidence, GError **error);

/* At most @limit, newest first, without their items: of the document with @digest (NULL: of all),
 * and older than @before (0: from the newest on). */
GPtrArray *kyso_evidence_store_list(KysoEvidenceStore *self, const char *digest, gint64 before,
                                    guint limit, GError **error);

/* One with its items. KYSO_ERROR_EVIDENCE_NOT_FOUND. */
KysoEvidence *kyso_evidence_store_get(KysoEvidenceStore *self, gint64 id, GError **error);

/* How many of the document with @digest there are; -1 on error. */
gint64 kyso_evidence_store_count(KysoEvidenceStore *self, const char *digest, GError **error);

/* Deletes all of the document with @digest, and nothing else; *ret_n (may be NULL) tells how many.
 */
gboolean kyso_evidence_store_delete(KysoEvidenceStore *self, const char *digest, guint *ret_n,
                                    GError **error);

/* Deletes one. */
gboolean kyso_evidence_store_forget(KysoEvidenceStore *self, gint64 id, GError **error);
