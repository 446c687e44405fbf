/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The texts that a signature shows: number and date, the line of an appendix or a copy, the stamp
 * of an incoming document; from the request and its metadata (Decree 30/2020, annexes I, IV and
 * VI).
 */

#include "agent/core/sign-doc-state.h"

/* Number, day and month for `issue`, as given in "fill", else by CodeNumber and IssuedDate; new
 * texts, NULL where nothing is given. KYSO_ERROR_WRONG_PARAMETERS: no day, no month, no date. */
gboolean kyso_sign_texts_fill(const KysoSignItem *item, char **ret_fill, GError **error);

/* The line of an appendix or a copy. g_free. KYSO_ERROR_WRONG_PARAMETERS: metadata are missing. */
char *kyso_sign_texts_line(const KysoSigningDocument *self, GError **error);

/* What a signature writes on the page, in short, for the person who is asked for the PIN: the line,
 * the note, number and date. NULL: nothing. g_free. */
char *kyso_sign_texts_note(const KysoSigningDocument *self);

/* New: the parts of the stamp, 50 x 35 mm, as document.prepare draws them. */
json_t *kyso_sign_texts_stamp(const KysoSigningDocument *self);
