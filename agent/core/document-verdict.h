/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What all signatures of a document say together: one verdict, whether the process was right
 * (leader, then number and date, then agency: Decree 30/2020 Art. 13-17), and what the records
 * clerk who received it may tell its sender (Art. 21). Pure.
 */

#include "agent/core/document-report.h"

/* "valid", "invalid", "undetermined" or "unsigned". */
const char *kyso_document_verdict_get(const KysoDocumentReport *report);

/* "complete", "approved", "agency_only", "wrong_order" or "none". */
const char *kyso_document_verdict_process(const KysoDocumentReport *report);

/* TRUE where the last signature speaks for the document as it stands. */
gboolean kyso_document_verdict_is_covered(const KysoDocumentReport *report);

/* {"accept", "reason": {"vi", "en"}}. New. */
json_t *kyso_document_verdict_advise(const KysoDocumentReport *report);
