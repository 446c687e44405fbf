/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Makes the incremental update that puts the proofs of a signature into the document: the document
 * security store (DSS) with certificates, OCSP answers and CRLs, and what of them belongs to one
 * signature (VRI): ISO 32000-2 §12.8.4.3, ETSI EN 319 142-1 §5.4.
 *
 * The blobs are opaque here. What an older store has stays in it.
 */

#include "agent/document/pdf-increment.h"

#define KYSO_PDF_PROOFS_MAX 64 /* blobs of each kind */
#define KYSO_PDF_PROOFS_MAX_SIZE (48 * 1024 * 1024)

typedef enum {
    KYSO_PDF_CERTIFICATES,
    KYSO_PDF_OCSPS,
    KYSO_PDF_CRLS,
    KYSO_PDF_N_PROOFS,
} KysoPdfProofKind;

typedef struct {
    GPtrArray *blobs[KYSO_PDF_N_PROOFS]; /* of GBytes */
    const char *signature; /* SHA-1 of the signature's /Contents, 40 upper-case hex; NULL: no VRI */
} KysoPdfProofs;

/* TRUE where the document has a store. */
gboolean kyso_pdf_proofs_exist(KysoPdfFile *file);

/* All that its store has, up to KYSO_PDF_PROOFS_MAX of each kind and KYSO_PDF_PROOFS_MAX_SIZE bytes
 * together; what cannot be read is left out. Fills @ret, whose arrays are the caller's to unref. */
void kyso_pdf_proofs_read(KysoPdfFile *file, KysoPdfProofs *ret);

/* NULL with KYSO_ERROR_DOCUMENT_DAMAGED. */
GBytes *kyso_pdf_proofs_prepare(KysoPdfFile *file, const KysoPdfProofs *proofs, GError **error);
