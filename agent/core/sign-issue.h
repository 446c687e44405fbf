/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What `issue` puts into a letter: number, day and month in their blanks, the seal over the left
 * third of the leader's image. Text fields that the leader has left are filled in the update of the
 * seal. Where he has left none, each blank is a signature of the agency's own, before that of the
 * seal: only signatures may be added behind his. Main thread only.
 */

#include "agent/core/sign-doc-state.h"

/* Decides which field has the seal, and what goes into the blanks. KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_sign_issue_begin(KysoSigningDocument *self, GError **error);

/* Appends to @looks what document.prepare must be told for each signature, that of the seal last.
 * KYSO_ERROR_FIELD_MISSING: something is typed where a blank should be; KYSO_ERROR_PLACE_OUTSIDE.
 */
gboolean kyso_sign_issue_looks(KysoSigningDocument *self, const json_t *found, json_t *looks,
                               GError **error);
