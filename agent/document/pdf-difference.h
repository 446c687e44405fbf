/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What changed after each signature (ISO 32000-2 §12.8): the revision that it covers, which is the
 * file up to the end of its byte range, against the document of today, object by object. What is
 * known to be harmless is allowed (pdf-comparison.h has the list); everything else, and everything
 * that is not understood, is a change. Says nothing about cryptography. One thread at a time.
 */

#include <jansson.h>

#include "agent/document/pdf-fields.h"

/* How much may still be looked at: a file may have very many signatures. */
typedef struct {
    guint signatures_left, changes_left;
} KysoPdfDifferenceBudget;

#define KYSO_PDF_DIFFERENCE_BUDGET ((KysoPdfDifferenceBudget){64, 512})

/* For the signature that is the value of @field and covers @range (NULL: no byte range that could
 * be one):
 *
 *   {"status": "none", "allowed", "changed" or "unclear",
 *    "changes": [{"kind", "allowed", "page" (0: none), "field" (or null)}]}
 *
 * "none" means that the signature covers all of the file; "unclear" that nothing can be said. New.
 */
json_t *kyso_pdf_difference_find(KysoPdfFile *file, const KysoPdfField *field,
                                 const gint64 range[4], KysoPdfDifferenceBudget *budget);
