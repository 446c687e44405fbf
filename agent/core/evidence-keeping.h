/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Evidence on its way to the disk, in a thread of its own: a document is handed over only when its
 * evidence is there. Main thread only.
 */

#include "agent/core/evidence-content.h"
#include "agent/core/signer-state.h"

/* FALSE where the administrator wants none kept. */
gboolean kyso_evidence_keeping_is_wanted(const KysoSigner *signer);

/* Keeps what @facts (borrowed for the call) say. */
void kyso_evidence_keeping_put_async(KysoSigner *signer, const KysoEvidenceFacts *facts,
                                     GAsyncReadyCallback done, gpointer user_data);

/* The id that it got, or 0 with KYSO_ERROR_EVIDENCE_UNAVAILABLE or KYSO_ERROR_DISK_FULL. */
gint64 kyso_evidence_keeping_put_finish(GAsyncResult *result, GError **error);

/* Its document was not handed over after all. */
void kyso_evidence_keeping_forget(KysoSigner *signer, gint64 id);
