/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A document as poppler opens it, and its pages by number. Only kyso-document-pages links this.
 */

#include <poppler.h>

/* Names of our own: later popplers define the clean-up of theirs. */
typedef PopplerDocument KysoShownDocument;
typedef PopplerPage KysoShownPage;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoShownDocument, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoShownPage, g_object_unref)

/* The document behind @fd (borrowed). KYSO_ERROR_DOCUMENT_DAMAGED, _NO_PAGES;
 * KYSO_ERROR_PASSWORD_NEEDED, _WRONG: see document-password.h. */
PopplerDocument *kyso_page_source_open(int fd, GError **error);

/* Page @number: 1 is the first, -1 the last. KYSO_ERROR_PLACE_OUTSIDE where there is none. */
PopplerPage *kyso_page_source_get(PopplerDocument *document, gint64 number, GError **error);
