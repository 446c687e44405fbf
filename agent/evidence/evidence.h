/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What proves later that the signatures of one document were good (Circular 15/2025 Art. 5.4,
 * Circular 41/2017 Art. 9): a description in JSON, and the certificates, OCSP answers, CRLs and
 * timestamps that it names by their digests. A plain value; one thread at a time.
 */

#include <glib.h>

typedef struct {
    char *digest;     /* SHA-256, lower-case hex */
    const char *type; /* "certificate", "ocsp", "crl", "timestamp"; static */
    GBytes *der;
} KysoEvidenceItem;

typedef struct {
    gint64 id;     /* from 1, never given twice; given by the store */
    char *digest;  /* of the file that holds the signatures: SHA-256, lower-case hex */
    char *beside;  /* of the file that a signature beside it is over; "": it holds its signatures */
    char *kind;    /* "signed", "augmented", "received" */
    char *time;    /* RFC 3339 with +07:00, when it was kept */
    char *content; /* a JSON object, one line */
    GPtrArray *items; /* of KysoEvidenceItem, each digest once; NULL where only listed */
} KysoEvidence;

/* All empty, without items. */
KysoEvidence *kyso_evidence_new(void);
void kyso_evidence_free(KysoEvidence *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoEvidence, kyso_evidence_free)

/* Adds @der unless it is there; @type as in KysoEvidenceItem, and static. The digest of it, owned
 * by @self. */
const char *kyso_evidence_add(KysoEvidence *self, const char *type, GBytes *der);

/* "certificate", ... as a static text, or NULL where @type is none of them. */
const char *kyso_evidence_type(const char *type);
