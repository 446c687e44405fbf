/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the agent wants to know of a PDF before it decides: pages, signatures, form fields. Facts as
 * the document claims them; nothing is verified here.
 */

#include "agent/document/pdf-file.h"
#include "ipc/wire/json.h"

/* The result of document.inspect (agent/document/README.md) with the sizes of the @n_pages pages in
 * @pages. Errors: kyso_pdf_pages_find, KYSO_ERROR_DOCUMENT_DAMAGED, and
 * KYSO_ERROR_DOCUMENT_TOO_LARGE for more signatures than fit a message. */
json_t *kyso_pdf_inspect(KysoPdfFile *file, const gint64 *pages, guint n_pages, GError **error);
