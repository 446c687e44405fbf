/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a signature shows and where, by its purpose (Decree 30/2020, annex I): from the request and
 * the inspected document to the parameters of document.prepare. Nothing is asked of anybody; where
 * a place must be found first, it says what to look for. Main thread only.
 */

#include "agent/core/sign-doc-state.h"

/* Does what is to be reserved need fields that are not there yet? After a signature they would
 * break it. */
gboolean kyso_sign_look_adds_fields(const KysoSigningDocument *self);

/* Decides which field is signed and what goes into it. KYSO_ERROR_WRONG_PARAMETERS,
 * KYSO_ERROR_FIELD_MISSING, KYSO_ERROR_CONFIGURATION (a template). */
gboolean kyso_sign_look_begin(KysoSigningDocument *self, GError **error);

/* New: {"name", "anchors"} for document.places; NULL: nothing has to be found. */
json_t *kyso_sign_look_questions(const KysoSigningDocument *self);

/* New: what document.prepare must be told of field, fields and drawing. @found: the answer of
 * document.places, or NULL. Fills self->places. KYSO_ERROR_FIELD_MISSING: something is typed where
 * a blank should be; KYSO_ERROR_PLACE_OUTSIDE: an anchor's text is not there. */
json_t *kyso_sign_look_params(KysoSigningDocument *self, const json_t *found, GError **error);
