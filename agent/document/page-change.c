/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-change.h"

#include <string.h>

/* The search for the pages that show an object ends here; the change is put down all the same. */
#define MAX_PAGES 2000
#define MAX_VISITS 50000

static gboolean
is_type(KysoPdfFile *file, KysoQpdfValue value, const char *type)
{
    return kyso_qpdf_reader_is_name(file->reader,
                                    kyso_qpdf_reader_get(file->reader, value, "/Type"), type);
}

/* /Annots */

static gboolean
is_new_widget(KysoPdfComparison *self, KysoQpdfValue item)
{
    int id, generation;

    return kyso_qpdf_reader_reference(self->new->reader, item, &id, &generation) &&
           g_hash_table_contains(self->new_widgets, GINT_TO_POINTER(id));
}

/* TRUE where @new holds all of @old in its order, and between them new widgets only. */
static gboolean
has_only_new_widgets(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    guint n_old = kyso_qpdf_reader_n_items(self->old->reader, old);
    guint n_new = kyso_qpdf_reader_n_items(self->new->reader, new), i = 0;

    for (guint j = 0; j < n_new; j++) {
        KysoQpdfValue item = kyso_qpdf_reader_item(self->new->reader, new, j);
        if (i < n_old && kyso_pdf_comparison_is_equal(
                             self, kyso_qpdf_reader_item(self->old->reader, old, i), item))
            i++;
        else if (!is_new_widget(self, item))
            return FALSE;
    }
    return i == n_old;
}

static KysoPdfChangeKind
kind_of_key(const char *key)
{
    static const char *const boxes[] = {"/MediaBox", "/CropBox",  "/Rotate", "/UserUnit",
                                        "/TrimBox",  "/BleedBox", "/ArtBox", NULL};

    return strcmp(key, "/Annots") == 0   ? KYSO_PDF_ANNOTATION_CHANGED
           : g_strv_contains(boxes, key) ? KYSO_PDF_PAGE_BOX_CHANGED
           : strcmp(key, "/Parent") == 0 ? KYSO_PDF_PAGES_CHANGED
                                         : KYSO_PDF_CONTENT_CHANGED;
}

static void
check_page(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old, new);
    KysoQpdfValue old_list = kyso_pdf_comparison_get_old(self, old, "/Annots");
    guint number = kyso_pdf_pages_number(self->new, new, &self->page_steps);

    if (has_only_new_widgets(self, old_list, kyso_pdf_comparison_get_new(self, new, "/Annots")))
        kyso_pdf_comparison_explain(self, old_list, 1);
    else
        kyso_pdf_comparison_add(self, KYSO_PDF_ANNOTATION_CHANGED, number, NULL);
    for (char **key = changed; *key != NULL; key++)
        if (strcmp(*key, "/Annots") != 0)
            kyso_pdf_comparison_add(self, kind_of_key(*key), number, NULL);
    kyso_pdf_comparison_explain(self, old, G_MAXUINT);
}

void
kyso_page_change_check(KysoPdfComparison *self)
{
    GHashTableIter iter;
    gpointer value;
    int id, generation;

    g_hash_table_iter_init(&iter, self->pair->touched);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        KysoPdfTouch *touch = value;
        KysoQpdfValue old = kyso_pdf_touched_old(self->pair, touch);
        KysoQpdfValue new = kyso_pdf_touched_new(self->pair, touch);
        if (!touch->is_explained && new != 0 && is_type(self->old, old, "/Page"))
            check_page(self, old, new);
    }
    /* Pages that stand as they were, while the list of their annotations is an object that grew. */
    g_hash_table_iter_init(&iter, self->new_widgets);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        KysoQpdfValue page = kyso_pdf_comparison_get_new(self, GPOINTER_TO_UINT(value), "/P");
        if (kyso_qpdf_reader_reference(self->new->reader, page, &id, &generation) &&
            kyso_pdf_touched_get(self->pair, self->new, page) == NULL)
            check_page(self, kyso_qpdf_reader_object(self->old->reader, id, generation), page);
    }
}

/* Blame */

typedef struct {
    KysoPdfFile *file;
    GHashTable *wanted; /* object numbers */
    GHashTable *seen;
    guint visits_left;
} Search;

/* TRUE where one of the wanted objects can be reached from @value without going over another
 * page. */
static gboolean
reaches(Search *search, KysoQpdfValue value, guint depth)
{
    g_autoptr(GArray) ids = kyso_qpdf_reader_references(search->file->reader, value);

    for (guint i = 0; i < ids->len && search->visits_left > 0; i++) {
        gpointer id = GINT_TO_POINTER(g_array_index(ids, int, i));
        if (g_hash_table_contains(search->wanted, id))
            return TRUE;
        if (depth == 0 || !g_hash_table_add(search->seen, id))
            continue;
        search->visits_left--;
        KysoQpdfValue next = kyso_qpdf_reader_object(search->file->reader, GPOINTER_TO_INT(id), 0);
        if (!is_type(search->file, next, "/Page") && !is_type(search->file, next, "/Pages") &&
            reaches(search, next, depth - 1))
            return TRUE;
    }
    return FALSE;
}

/* Every page of @file on which one of @wanted shows. */
static gboolean
blame_pages(KysoPdfComparison *self, KysoPdfFile *file, GHashTable *wanted)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    Search search = {file, wanted, seen, MAX_VISITS};
    gboolean is_found = FALSE;

    for (guint number = 1; number <= MIN(file->page_count, MAX_PAGES); number++) {
        KysoPdfPage page;
        if (!kyso_pdf_pages_find(file, number, &page, NULL))
            continue;
        g_hash_table_remove_all(seen);
        if (!reaches(&search, page.object, 8))
            continue;
        kyso_pdf_comparison_add(self, KYSO_PDF_CONTENT_CHANGED, number, NULL);
        is_found = TRUE;
    }
    return is_found;
}

/* A cross-reference stream or object stream to which nobody refers is no part of the content. */
static gboolean
is_bookkeeping(KysoPdfComparison *self, const KysoPdfTouch *touch)
{
    KysoQpdfValue old = kyso_pdf_touched_old(self->pair, touch);
    KysoQpdfValue new = kyso_pdf_touched_new(self->pair, touch);

    return touch->n_references == 0 &&
           (is_type(self->old, old, "/XRef") || is_type(self->old, old, "/ObjStm")) &&
           (new == 0 || is_type(self->new, new, "/XRef") || is_type(self->new, new, "/ObjStm"));
}

/* TRUE where @touch is put down as what it is; else it is asked which pages show it. */
static gboolean
blame_by_type(KysoPdfComparison *self, const KysoPdfTouch *touch)
{
    KysoQpdfValue old = kyso_pdf_touched_old(self->pair, touch);
    KysoQpdfValue new = kyso_pdf_touched_new(self->pair, touch);

    if (is_type(self->old, old, "/Pages") || is_type(self->old, old, "/Page")) {
        kyso_pdf_comparison_add(self, KYSO_PDF_PAGES_CHANGED, 0, NULL);
        return TRUE;
    }
    if (kyso_pdf_comparison_get_old(self, old, "/ByteRange") != 0) {
        kyso_pdf_comparison_add(self, KYSO_PDF_SIGNATURE_CHANGED, 0, NULL);
        return TRUE;
    }
    if (kyso_pdf_comparison_get_old(self, old, "/Rect") != 0 &&
        kyso_pdf_comparison_get_old(self, old, "/Subtype") != 0) {
        kyso_pdf_comparison_add(self, KYSO_PDF_ANNOTATION_CHANGED,
                                kyso_pdf_comparison_page_of(self, new), NULL);
        return TRUE;
    }
    return FALSE;
}

/* The numbers of pages that were not there before. */
static void
blame_new_pages(KysoPdfComparison *self)
{
    KysoPdfPage page;

    for (guint number = 1; number <= MIN(self->new->page_count, MAX_PAGES); number++) {
        if (!kyso_pdf_pages_find(self->new, number, &page, NULL))
            continue;
        KysoPdfTouch *touch = kyso_pdf_touched_get(self->pair, self->new, page.object);
        if (touch != NULL && touch->old_generation < 0)
            kyso_pdf_comparison_add(self, KYSO_PDF_PAGES_CHANGED, number, NULL);
    }
}

/* What is in @touch and not explained; a new object is one where the signed revision refers to its
 * number, so that the signed pages would come to show it. */
static gboolean
is_to_blame(KysoPdfComparison *self, const KysoPdfTouch *touch)
{
    if (touch->old_generation < 0)
        return touch->n_references > 0;
    return !touch->is_explained && !is_bookkeeping(self, touch) &&
           !kyso_pdf_touched_is_same(self->pair, touch);
}

void
kyso_page_change_blame(KysoPdfComparison *self)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer id, value;

    g_hash_table_iter_init(&iter, self->pair->touched);
    while (g_hash_table_iter_next(&iter, &id, &value))
        if (is_to_blame(self, value) && !blame_by_type(self, value))
            g_hash_table_add(wanted, id);
    blame_new_pages(self);
    if (g_hash_table_size(wanted) == 0)
        return;
    gboolean is_found = blame_pages(self, self->old, wanted);
    is_found |= blame_pages(self, self->new, wanted);
    if (!is_found)
        kyso_pdf_comparison_add(self, KYSO_PDF_OTHER_CHANGED, 0, NULL);
}
