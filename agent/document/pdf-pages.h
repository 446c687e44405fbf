/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Pages by number, found by /Count from the nearer end of the tree: a document may have 81,000
 * pages, and every page touched stays in memory.
 */

#include "agent/document/pdf-file.h"

/* Points (1/72 inch) in the page's default user space; y grows upwards. */
typedef struct {
    double llx, lly, urx, ury;
} KysoPdfRect;

typedef struct {
    guint number; /* 1-based */
    KysoQpdfValue object;
    int id, generation;
    KysoPdfRect box; /* what is visible: /CropBox within /MediaBox */
    int rotate;      /* clockwise, when shown: 0, 90, 180, 270 */
} KysoPdfPage;

/* Page @number: 1 is the first, -1 the last. KYSO_ERROR_PLACE_OUTSIDE where there is none,
 * KYSO_ERROR_DOCUMENT_DAMAGED where the tree has no such page. */
gboolean kyso_pdf_pages_find(KysoPdfFile *file, gint64 number, KysoPdfPage *ret, GError **error);

/* Kids looked through to number all that stands on pages. */
#define KYSO_PDF_PAGES_MAX_STEPS 4000000

/* The number of page object @page (a /P entry), or 0 where it is not in the tree. Each kid looked
 * at takes one of *steps_left; when they are used up, the answer is 0. */
guint kyso_pdf_pages_number(KysoPdfFile *file, KysoQpdfValue page, guint64 *steps_left);

/* FALSE where @array is not four finite numbers; corners are put in order. */
gboolean kyso_pdf_pages_read_rect(KysoPdfFile *file, KysoQpdfValue array, KysoPdfRect *ret);

/* KYSO_ERROR_PLACE_OUTSIDE where @rect is not finite, has no area, or leaves the visible page. */
gboolean kyso_pdf_pages_check_rect(const KysoPdfPage *page, const KysoPdfRect *rect,
                                   GError **error);
