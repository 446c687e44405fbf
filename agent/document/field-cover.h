/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a field that is signed or filled may hide of the page and of what stands on it. The verifier
 * takes more for tampering with the signatures before it, so nobody is asked to sign it.
 */

#include "agent/document/pdf-fields.h"

/* FALSE where @rect takes more of @page than any seal or stamp does. */
gboolean kyso_field_cover_is_small(const KysoPdfRect *rect, const KysoPdfPage *page);

/* TRUE where @rect hides nearly all of @other, a signature, or half of it, a value. */
gboolean kyso_field_cover_hides(const KysoPdfRect *rect, const KysoPdfRect *other,
                                gboolean is_signature);

/* The page that @widget names by /P; where that is not in the tree, an A4 page with the number 0.
 * *steps_left as kyso_pdf_pages_number. */
KysoPdfPage kyso_field_cover_page(KysoPdfFile *file, KysoQpdfValue widget, guint64 *steps_left);

/* KYSO_ERROR_PLACE_COVERS where field @name at @rect of @page would take too much of it, or hide
 * one of the @known fields (kyso_pdf_fields_index) that has a value. */
gboolean kyso_field_cover_check(KysoPdfFile *file, GHashTable *known, const char *name,
                                const KysoPdfPage *page, const KysoPdfRect *rect, GError **error);
