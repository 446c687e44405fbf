/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-pages.h"

#include "ipc/base/error.h"

#include <math.h>

#define MAX_DEPTH 64
#define EDGE 0.01 /* points that a rectangle may stand out by rounding */

/* The way down the tree to one page, with what a page inherits (ISO 32000-1 §7.7.3.4). */
typedef struct {
    KysoPdfFile *file;
    gint64 skip; /* pages still to pass before ours, from the front or the back */
    gboolean from_end;
    KysoQpdfValue media_box, crop_box, rotate;
    KysoQpdfValue found;
} PageSearch;

static KysoQpdfValue
get(KysoPdfFile *file, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(file->reader, dictionary, key);
}

static void
inherit(PageSearch *search, KysoQpdfValue node, const char *key, KysoQpdfValue *value)
{
    KysoQpdfValue own = get(search->file, node, key);
    if (own != 0)
        *value = own;
}

static gint64
node_count(KysoPdfFile *file, KysoQpdfValue node)
{
    gint64 count = 1;

    if (get(file, node, "/Kids") != 0) {
        count = 0;
        kyso_qpdf_reader_as_int(file->reader, get(file, node, "/Count"), &count);
    }
    return MAX(count, 0);
}

static gboolean search_node(PageSearch *search, KysoQpdfValue node, guint depth);

/* A node with as many kids as pages holds only leaves, so ours can be taken at once. */
static gboolean
search_leaves(PageSearch *search, KysoQpdfValue kids, guint n, guint depth)
{
    guint index = (guint) (search->from_end ? n - 1 - search->skip : search->skip);
    KysoQpdfValue kid = kyso_qpdf_reader_item(search->file->reader, kids, index);

    if (get(search->file, kid, "/Kids") != 0)
        return FALSE;
    search->skip = 0;
    return search_node(search, kid, depth + 1);
}

static gboolean
search_kids(PageSearch *search, KysoQpdfValue node, KysoQpdfValue kids, guint depth)
{
    KysoQpdfReader *reader = search->file->reader;
    guint n = kyso_qpdf_reader_n_items(reader, kids);

    if (node_count(search->file, node) == n && search->skip < n &&
        search_leaves(search, kids, n, depth))
        return TRUE;

    for (guint i = 0; i < n; i++) {
        KysoQpdfValue kid = kyso_qpdf_reader_item(reader, kids, search->from_end ? n - 1 - i : i);
        gint64 count = node_count(search->file, kid);
        if (search->skip < count)
            return search_node(search, kid, depth + 1);
        search->skip -= count;
    }
    return FALSE;
}

static gboolean
search_node(PageSearch *search, KysoQpdfValue node, guint depth)
{
    KysoQpdfValue kids = get(search->file, node, "/Kids");

    if (depth > MAX_DEPTH ||
        kyso_qpdf_reader_type(search->file->reader, node) != KYSO_QPDF_DICTIONARY)
        return FALSE;
    inherit(search, node, "/MediaBox", &search->media_box);
    inherit(search, node, "/CropBox", &search->crop_box);
    inherit(search, node, "/Rotate", &search->rotate);
    if (kids != 0)
        return search_kids(search, node, kids, depth);
    search->found = node;
    return search->skip == 0;
}

gboolean
kyso_pdf_pages_read_rect(KysoPdfFile *file, KysoQpdfValue array, KysoPdfRect *ret)
{
    double v[4];

    if (kyso_qpdf_reader_n_items(file->reader, array) != G_N_ELEMENTS(v))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(v); i++) {
        KysoQpdfValue item = kyso_qpdf_reader_item(file->reader, array, i);
        if (!kyso_qpdf_reader_as_number(file->reader, item, &v[i]) || !isfinite(v[i]))
            return FALSE;
    }
    *ret = (KysoPdfRect){MIN(v[0], v[2]), MIN(v[1], v[3]), MAX(v[0], v[2]), MAX(v[1], v[3])};
    return TRUE;
}

/* ISO 32000-1 §14.11.2: what of the crop box lies outside the media box is not shown. */
static void
page_set_box(PageSearch *search, KysoPdfPage *page)
{
    KysoPdfRect media = {0, 0, 612, 792}; /* US letter: what readers take where it is missing */
    KysoPdfRect crop;

    kyso_pdf_pages_read_rect(search->file, search->media_box, &media);
    page->box = media;
    if (!kyso_pdf_pages_read_rect(search->file, search->crop_box, &crop))
        return;
    crop.llx = MAX(crop.llx, media.llx);
    crop.lly = MAX(crop.lly, media.lly);
    crop.urx = MIN(crop.urx, media.urx);
    crop.ury = MIN(crop.ury, media.ury);
    if (crop.llx < crop.urx && crop.lly < crop.ury)
        page->box = crop;
}

static void
page_set_rotate(PageSearch *search, KysoPdfPage *page)
{
    gint64 rotate = 0;

    kyso_qpdf_reader_as_int(search->file->reader, search->rotate, &rotate);
    page->rotate = rotate % 90 == 0 ? (int) ((rotate % 360 + 360) % 360) : 0;
}

gboolean
kyso_pdf_pages_find(KysoPdfFile *file, gint64 number, KysoPdfPage *ret, GError **error)
{
    gint64 count = file->page_count;
    gint64 index = number > 0 ? number - 1 : count + number;

    if (number == 0 || index < 0 || index >= count) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE,
                    "document has no page %" G_GINT64_FORMAT, number);
        return FALSE;
    }

    PageSearch search = {.file = file, .from_end = index >= count / 2};
    search.skip = search.from_end ? count - 1 - index : index;
    KysoPdfPage page = {.number = (guint) index + 1};
    if (!search_node(&search, get(file, file->root, "/Pages"), 0) ||
        !kyso_qpdf_reader_reference(file->reader, search.found, &page.id, &page.generation)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                    "page %u is not in the page tree", page.number);
        return FALSE;
    }
    page.object = search.found;
    page_set_box(&search, &page);
    page_set_rotate(&search, &page);
    *ret = page;
    return TRUE;
}

/* Pages in the kids of @parent before @child, or -1. Kids are counted without being read where
 * all of them are leaves. */
static gint64
pages_before(KysoPdfFile *file, KysoQpdfValue parent, KysoQpdfValue child, guint64 *steps_left)
{
    KysoQpdfReader *reader = file->reader;
    KysoQpdfValue kids = get(file, parent, "/Kids");
    guint64 n = kyso_qpdf_reader_n_items(reader, kids);
    int id, generation;

    if (n > *steps_left || !kyso_qpdf_reader_reference(reader, child, &id, &generation))
        return -1;
    *steps_left -= n;
    int index = kyso_qpdf_reader_index_of(reader, kids, id, generation);
    if (index < 0 || (guint64) node_count(file, parent) == n)
        return index;

    gint64 before = 0;
    for (guint i = 0; i < (guint) index; i++)
        before += node_count(file, kyso_qpdf_reader_item(reader, kids, i));
    return before;
}

guint
kyso_pdf_pages_number(KysoPdfFile *file, KysoQpdfValue page, guint64 *steps_left)
{
    KysoQpdfValue node = page;
    gint64 index = 0;

    for (guint depth = 0; depth < MAX_DEPTH; depth++) {
        KysoQpdfValue parent = get(file, node, "/Parent");
        if (parent == 0)
            return depth > 0 && index < file->page_count ? (guint) index + 1 : 0;
        gint64 before = pages_before(file, parent, node, steps_left);
        if (before < 0)
            return 0;
        index += before;
        node = parent;
    }
    return 0;
}

gboolean
kyso_pdf_pages_check_rect(const KysoPdfPage *page, const KysoPdfRect *rect, GError **error)
{
    const KysoPdfRect *box = &page->box;

    if (isfinite(rect->llx) && isfinite(rect->lly) && isfinite(rect->urx) && isfinite(rect->ury) &&
        rect->llx < rect->urx && rect->lly < rect->ury && rect->llx >= box->llx - EDGE &&
        rect->lly >= box->lly - EDGE && rect->urx <= box->urx + EDGE &&
        rect->ury <= box->ury + EDGE)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE, "the place is not on page %u",
                page->number);
    return FALSE;
}
