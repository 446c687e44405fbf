/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The evidence of one document, put together: whose certificates, their path and rules, their
 * status when that was asked for, the timestamps, who answers for it (Circular 15/2025 Art. 5.4,
 * Circular 41/2017 Art. 9.1). Its form is in agent/evidence/README.md. Main thread only.
 */

#include "agent/core/document-report.h"
#include "agent/evidence/evidence.h"

/* All borrowed. */
typedef struct {
    const char *kind;         /* "signed", "augmented", "received" */
    const char *purpose;      /* NULL: not known */
    const char *digest;       /* of the file that holds the signatures: SHA-256, hex */
    goffset size;             /* of it, in bytes */
    const char *beside;       /* of the file that a signature beside it is over; NULL: none */
    const char *name;         /* as the caller calls it; NULL or "": not at all */
    const char *input_digest; /* of what it was made of; NULL: nothing */
    const char *metadata;     /* JSON object of what it is by the records rules; NULL: not known */
    gint64 journal;           /* number of its record; 0: none */
    const KysoDocumentReport *report;
    const KysoProofs *proofs;       /* what was asked for just now; NULL: nothing */
    int status_code;                /* why that could not be had, or 0 */
    const KysoTimestamp *reception; /* over digest, given when it was received; NULL: none */
    int reception_code;             /* why not, or 0 */
} KysoEvidenceFacts;

KysoEvidence *kyso_evidence_content_new(const KysoEvidenceFacts *facts);

/* What the API tells of @evidence: its content, and what the store knows. New. */
json_t *kyso_evidence_content_to_json(const KysoEvidence *evidence);

/* All of @evidence as one file: the same, and each item with its "der" in base64. New. */
json_t *kyso_evidence_content_export(const KysoEvidence *evidence);
