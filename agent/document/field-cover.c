/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/field-cover.h"

#include <string.h>

#include "ipc/base/error.h"

/* The seal with its lines takes 5 % of a page, an incoming stamp 3 %. */
#define MAX_PART_OF_PAGE 8

/* The incumbent's seal box lies over 92 % of the leader's: the seal itself covers a third of it. */
#define MAX_PART_OF_SIGNATURE 0.95
#define MAX_PART_OF_VALUE 0.5

#define A4 ((KysoPdfRect){0, 0, 595, 842})

static double
area_of(const KysoPdfRect *rect)
{
    return MAX(rect->urx - rect->llx, 0) * MAX(rect->ury - rect->lly, 0);
}

gboolean
kyso_field_cover_is_small(const KysoPdfRect *rect, const KysoPdfPage *page)
{
    return area_of(rect) <= area_of(&page->box) / MAX_PART_OF_PAGE;
}

gboolean
kyso_field_cover_hides(const KysoPdfRect *rect, const KysoPdfRect *other, gboolean is_signature)
{
    KysoPdfRect both = {MAX(rect->llx, other->llx), MAX(rect->lly, other->lly),
                        MIN(rect->urx, other->urx), MIN(rect->ury, other->ury)};
    double most = is_signature ? MAX_PART_OF_SIGNATURE : MAX_PART_OF_VALUE;

    return area_of(other) > 0 && area_of(&both) > area_of(other) * most;
}

KysoPdfPage
kyso_field_cover_page(KysoPdfFile *file, KysoQpdfValue widget, guint64 *steps_left)
{
    KysoPdfPage page = {.box = A4};
    KysoQpdfValue object = kyso_qpdf_reader_get(file->reader, widget, "/P");
    guint number = object != 0 ? kyso_pdf_pages_number(file, object, steps_left) : 0;

    if (number == 0 || !kyso_pdf_pages_find(file, number, &page, NULL))
        kyso_qpdf_reader_reference(file->reader, object, &page.id, &page.generation);
    return page;
}

static gboolean
is_on_page(KysoPdfFile *file, KysoQpdfValue widget, const KysoPdfPage *page)
{
    int id = 0, generation = 0;

    kyso_qpdf_reader_reference(file->reader, kyso_qpdf_reader_get(file->reader, widget, "/P"), &id,
                               &generation);
    return id == page->id && generation == page->generation;
}

static gboolean
hides(KysoPdfFile *file, const KysoPdfPage *page, const KysoPdfRect *rect,
      const KysoPdfField *field)
{
    KysoPdfRect other;

    return field->value != 0 && field->widget != 0 && is_on_page(file, field->widget, page) &&
           kyso_pdf_pages_read_rect(
               file, kyso_qpdf_reader_get(file->reader, field->widget, "/Rect"), &other) &&
           kyso_field_cover_hides(rect, &other, g_str_equal(field->type, "Sig"));
}

gboolean
kyso_field_cover_check(KysoPdfFile *file, GHashTable *known, const char *name,
                       const KysoPdfPage *page, const KysoPdfRect *rect, GError **error)
{
    GHashTableIter iter;
    gpointer other, field;

    if (!kyso_field_cover_is_small(rect, page)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_COVERS, "\"%s\" is too large", name);
        return FALSE;
    }
    g_hash_table_iter_init(&iter, known);
    while (g_hash_table_iter_next(&iter, &other, &field)) {
        if (strcmp(other, name) == 0 || !hides(file, page, rect, field))
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_COVERS, "\"%s\" would hide \"%s\"", name,
                    (const char *) other);
        return FALSE;
    }
    return TRUE;
}
