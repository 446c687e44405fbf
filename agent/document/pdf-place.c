/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-place.h"

/* The corner (@x, @y) of a page turned clockwise by its /Rotate (ISO 32000-1 table 30). */
static void
turn_back(const KysoPdfPage *page, double x, double y, double *ret_x, double *ret_y)
{
    const KysoPdfRect *box = &page->box;

    switch (page->rotate) {
    case 90:
        *ret_x = box->urx - y;
        *ret_y = box->lly + x;
        break;
    case 180:
        *ret_x = box->urx - x;
        *ret_y = box->ury - y;
        break;
    case 270:
        *ret_x = box->llx + y;
        *ret_y = box->ury - x;
        break;
    default:
        *ret_x = box->llx + x;
        *ret_y = box->lly + y;
    }
}

static void
turn(const KysoPdfPage *page, double x, double y, double *ret_x, double *ret_y)
{
    const KysoPdfRect *box = &page->box;

    switch (page->rotate) {
    case 90:
        *ret_x = y - box->lly;
        *ret_y = box->urx - x;
        break;
    case 180:
        *ret_x = box->urx - x;
        *ret_y = box->ury - y;
        break;
    case 270:
        *ret_x = box->ury - y;
        *ret_y = x - box->llx;
        break;
    default:
        *ret_x = x - box->llx;
        *ret_y = y - box->lly;
    }
}

static KysoPdfRect
in_order(double x0, double y0, double x1, double y1)
{
    return (KysoPdfRect){MIN(x0, x1), MIN(y0, y1), MAX(x0, x1), MAX(y0, y1)};
}

KysoPdfRect
kyso_pdf_place_from_shown(const KysoPdfPage *page, const KysoPdfRect *rect)
{
    double x0, y0, x1, y1;

    turn_back(page, rect->llx, rect->lly, &x0, &y0);
    turn_back(page, rect->urx, rect->ury, &x1, &y1);
    return in_order(x0, y0, x1, y1);
}

KysoPdfRect
kyso_pdf_place_to_shown(const KysoPdfPage *page, const KysoPdfRect *rect)
{
    double x0, y0, x1, y1;

    turn(page, rect->llx, rect->lly, &x0, &y0);
    turn(page, rect->urx, rect->ury, &x1, &y1);
    return in_order(x0, y0, x1, y1);
}

static KysoPdfRect
around(double x, double y, double width, double height)
{
    return (KysoPdfRect){x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

KysoPdfRect
kyso_pdf_place_fit_image(const KysoPdfRect *rect, const KysoPngSides *sides)
{
    double width = rect->urx - rect->llx, height = rect->ury - rect->lly;
    double scale = MIN(width / sides->width, height / sides->height);

    return around((rect->llx + rect->urx) / 2, (rect->lly + rect->ury) / 2, sides->width * scale,
                  sides->height * scale);
}

KysoPdfRect
kyso_pdf_place_over_third(const KysoPdfRect *leader, double width, double height)
{
    double right = leader->llx + (leader->urx - leader->llx) / 3;

    return around(right - width / 2, (leader->lly + leader->ury) / 2, width, height);
}
