/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The end of signatures.verify where the office receives the document and wants to keep what proves
 * its signatures: the status of each certificate is asked for now, the document stamped where a
 * timestamp service is configured (Circular 41/2017 Art. 9.1), and all of it kept. Main thread
 * only.
 */

#include "agent/core/agent.h"
#include "agent/core/document-report.h"
#include "agent/core/private-copy.h"

/* Answers @job with @report on @copy, both taken, and "evidence". @signature: that beside it, or
 * NULL; borrowed for the call. A service that does not answer is told, and does not end it; what
 * cannot be kept does. */
void kyso_verifying_evidence_finish(KysoAgent *agent, KysoJob *job, KysoDocumentReport *report,
                                    KysoPrivateCopy *copy, GBytes *signature);
