/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One place of one document: from what the caller wants and what was found in the text to the page
 * and rectangle of a field. What was chosen, and how sure it is, is kept for the answer.
 */

#include "agent/core/sign-doc-state.h"

/* Puts "page", "rect" and "shown" into @field. @anchor: the key of an anchor of ours; @kind: that
 * of document.places. KYSO_ERROR_PLACE_OUTSIDE, KYSO_ERROR_FIELD_MISSING. */
gboolean kyso_sign_place_choose(KysoSigningDocument *self, const json_t *found,
                                const KysoPlace *place, const char *anchor, const char *kind,
                                json_t *field, GError **error);

/* Does something stand already where @kind would go? */
gboolean kyso_sign_place_is_typed(const json_t *found, const char *kind);

/* Keeps page and rect of @field as those of @kind. */
void kyso_sign_place_report(KysoSigningDocument *self, const char *kind, const json_t *field,
                            const char *source, double confidence);
