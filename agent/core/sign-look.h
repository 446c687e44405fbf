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

/* New: what document.prepare must be told of field, fields and drawing, for each signature that the
 * document gets, in their order. @found: the answer of document.places, or NULL. Fills
 * self->places. KYSO_ERROR_FIELD_MISSING: something is typed where a blank should be;
 * KYSO_ERROR_PLACE_OUTSIDE: an anchor's text is not there. */
json_t *kyso_sign_look_list(KysoSigningDocument *self, const json_t *found, GError **error);

/* ---- for sign-issue.c ---- */

/* Of the inspection; NULL: there is none. */
const json_t *kyso_sign_look_find_field(const KysoSigningDocument *self, const char *name);

/* Is there a field for @blank that can still be filled or signed? */
gboolean kyso_sign_look_is_free(const KysoSigningDocument *self, KysoBlank blank);

/* @stem and a number, which no field has. g_free. */
char *kyso_sign_look_new_name(const KysoSigningDocument *self, const char *stem);

/* The field of the leader's signature, where it shows; else NULL. */
const json_t *kyso_sign_look_leader(const KysoSigningDocument *self);

/* Width of the real seal; 0: nobody has told. */
double kyso_sign_look_seal_mm(const KysoSigningDocument *self);

void kyso_sign_look_add_text(json_t *look, const char *value, int size, const char *align,
                             gboolean is_exact);
