/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The windows before the PIN of a batch: its list, page by page; or, where the rules want each
 * document opened, one for each.
 */

#include "agent/dialog/pinentry.h"
#include "agent/dialog/question.h"

/* Shows what @question needs; nothing where the PIN window has room for all. Appends to @left_out
 * (guint) the documents that the person leaves out. KYSO_ERROR_PIN_CANCELLED,
 * KYSO_ERROR_DOCUMENT_NOT_OPENED (all were left out), and those of kyso_pinentry_ask_pin. */
gboolean kyso_batch_windows_show(KysoPinentry *pinentry, const KysoQuestion *question,
                                 GArray *left_out, GError **error);
