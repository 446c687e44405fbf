/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Encrypts what an update adds to an encrypted document: the strings and the stream of each new
 * object, with the document's own key (ISO 32000-1 §7.6.2, ISO 32000-2 §7.6.3). What must stay in
 * clear (/Contents of a signature, cross-reference streams) is not given to it.
 *
 * Only for text that this program has written: a stream's /Length is direct, and "\nendstream" ends
 * it. One thread at a time.
 */

#include "agent/document/qpdf-security.h"

/* The bytes of @text from @start on, a part of object (@id, @generation) that cuts no token, are
 * encrypted in place. FALSE: @text is of no more use. KYSO_ERROR_DOCUMENT_ENCRYPTED where a
 * signature stands in the part, KYSO_ERROR_INTERNAL. */
gboolean kyso_pdf_encryption_apply(KysoQpdfReader *reader, const KysoQpdfSecurity *security,
                                   guint32 id, int generation, GString *text, gsize start,
                                   GError **error);
