/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where a field goes on its page, in the end: places may be told as the page is shown, and be made
 * to fit the image in them.
 */

#include "agent/document/pdf-pages.h"
#include "agent/document/png-image.h"

typedef enum {
    KYSO_PDF_FIT_NONE,
    KYSO_PDF_FIT_IMAGE, /* as large as the image, in proportion and centred, becomes in it */
    KYSO_PDF_FIT_SEAL,  /* it is the leader's image: the seal covers the left third of it */
} KysoPdfFit;

/* @rect of @page as it is shown (points, origin bottom left of its box, turned) in its default user
 * space, and the other way round. */
KysoPdfRect kyso_pdf_place_from_shown(const KysoPdfPage *page, const KysoPdfRect *rect);
KysoPdfRect kyso_pdf_place_to_shown(const KysoPdfPage *page, const KysoPdfRect *rect);

/* The part of @rect, as shown, that an image of @sides fills. */
KysoPdfRect kyso_pdf_place_fit_image(const KysoPdfRect *rect, const KysoPngSides *sides);

/* Where a seal of @width × @height covers the left third of @leader (Decree 30/2020, annex I
 * §II.8a); both as shown. */
KysoPdfRect kyso_pdf_place_over_third(const KysoPdfRect *leader, double width, double height);
