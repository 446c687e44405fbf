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

/* New: the parts of the stamp, 50 x 35 mm, as document.prepare draws them. */
json_t *kyso_sign_texts_stamp(const KysoSigningDocument *self);
