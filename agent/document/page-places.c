/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-places.h"

#include "agent/document/page-room.h"
#include "agent/document/page-source.h"
#include "agent/document/place-finder.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <math.h>
#include <string.h>

#define MAX_ANCHORS 8
#define MAX_PAGES 12      /* looked at from the end, for the signer's block and for anchors */
#define MAX_GLYPHS 100000 /* of a page: more is no letter */
#define MAX_SIDE 14400.0  /* points (ISO 32000-1 annex C) */
#define CELL_CONFIDENCE 0.2
#define ROOM_CONFIDENCE                                                                            \
    0.8 /* it is free; whether it is where the office likes it, nobody knows                       \
         */

/* The pages looked at, read when first needed. */
typedef struct {
    PopplerDocument *document;
    int n_pages;
    GHashTable *lines; /* number of the page -> KysoTextLines */
} Pages;

typedef struct {
    int page;
    const char *source;
    KysoFoundPlace place;
} Place;

static void
read_glyphs(PopplerPage *page, double height, GArray *glyphs)
{
    g_autofree char *text = poppler_page_get_text(page);
    PopplerRectangle *boxes = NULL;
    guint n_boxes = 0, i = 0;

    if (text == NULL || !poppler_page_get_text_layout(page, &boxes, &n_boxes))
        return;
    for (const char *p = text; *p != '\0' && i < MIN(n_boxes, MAX_GLYPHS);
         p = g_utf8_next_char(p), i++) {
        KysoGlyph glyph = {g_utf8_get_char(p),
                           {boxes[i].x1, height - boxes[i].y2, boxes[i].x2, height - boxes[i].y1}};
        g_array_append_val(glyphs, glyph);
    }
    g_free(boxes);
}

static gboolean
get_size(PopplerPage *page, double *ret_width, double *ret_height, GError **error)
{
    poppler_page_get_size(page, ret_width, ret_height);
    if (isfinite(*ret_width) && isfinite(*ret_height) && *ret_width > 0 && *ret_height > 0 &&
        *ret_width <= MAX_SIDE && *ret_height <= MAX_SIDE)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                        "a page has sides that cannot be");
    return FALSE;
}

/* The lines of page @number, with its sides; owned by @pages. */
static const KysoTextLines *
lines_of(Pages *pages, int number, double *ret_width, double *ret_height, GError **error)
{
    g_autoptr(KysoShownPage) page = kyso_page_source_get(pages->document, number, error);
    if (page == NULL || !get_size(page, ret_width, ret_height, error))
        return NULL;

    KysoTextLines *known = g_hash_table_lookup(pages->lines, GINT_TO_POINTER(number));
    if (known != NULL)
        return known;
    g_autoptr(GArray) glyphs = g_array_new(FALSE, FALSE, sizeof(KysoGlyph));
    read_glyphs(page, *ret_height, glyphs);
    known = kyso_text_lines_new(glyphs);
    g_hash_table_insert(pages->lines, GINT_TO_POINTER(number), known);
    return known;
}

static gboolean
find_head(Pages *pages, Place *places, GError **error)
{
    KysoFoundPlace found[KYSO_N_PLACES] = {0};
    double width, height;
    const KysoTextLines *lines = lines_of(pages, 1, &width, &height, error);

    if (lines == NULL)
        return FALSE;
    kyso_place_finder_read_head(lines, height, found);
    for (int i = 0; i < KYSO_N_PLACES; i++)
        places[i] = (Place){1, "text", found[i]};
    return TRUE;
}

/* From the last page backwards: what follows the signer's block are lists and appendices. */
static gboolean
find_block(Pages *pages, const char *name, Place *places, GError **error)
{
    Place *block = &places[KYSO_PLACE_SIGNATURE], *end = &places[KYSO_PLACE_INITIAL];
    int first = MAX(1, pages->n_pages - MAX_PAGES + 1);

    for (int number = pages->n_pages; number >= first; number--) {
        double width, height;
        const KysoTextLines *lines = lines_of(pages, number, &width, &height, error);
        if (lines == NULL)
            return FALSE;
        KysoFoundPlace found = kyso_place_finder_find_block(lines, width, name);
        gboolean is_better =
            found.is_found &&
            (!block->place.is_found || (found.confidence == 1 && block->place.confidence < 1));
        if (is_better)
            *block = (Place){number, "text", found};
        if (!end->place.is_found && block->place.is_found)
            *end = (Place){number, "text",
                           kyso_place_finder_find_end(lines, width, is_better ? found.box.y1 : 0)};
        if (end->place.is_found && (block->place.confidence == 1 || name == NULL))
            return TRUE;
    }
    return TRUE;
}

/* What the text does not say, the decree does. */
static gboolean
fill_from_cells(Pages *pages, Place *places, GError **error)
{
    for (int kind = 0; kind < KYSO_N_PLACES; kind++) {
        gboolean is_last = kind == KYSO_PLACE_SIGNATURE || kind == KYSO_PLACE_INITIAL;
        int number = is_last ? pages->n_pages : 1;
        double width, height;
        if (places[kind].place.is_found || places[kind].place.is_typed)
            continue;
        if (lines_of(pages, number, &width, &height, error) == NULL)
            return FALSE;
        places[kind] =
            (Place){number,
                    "cell",
                    {TRUE, FALSE, kyso_place_finder_cell((KysoPlaceKind) kind, width, height),
                     CELL_CONFIDENCE}};
    }
    return TRUE;
}

/* The stamp goes into the free room that is nearest to its cell; the cells of all others are what
 * they are, and surer where nothing stands in them. */
static gboolean
look_for_room(Pages *pages, KysoPlaceKind kind, Place *place, GError **error)
{
    g_autoptr(KysoShownPage) page = kyso_page_source_get(pages->document, place->page, error);
    g_auto(KysoPageImage) image = {0};
    double width, height;
    gboolean is_free;

    if (page == NULL || !get_size(page, &width, &height, error) ||
        !kyso_page_render_open(page, KYSO_PAGE_ROOM_WIDTH, &image, error))
        return FALSE;
    KysoBox *box = &place->place.box;
    if (kind == KYSO_PLACE_STAMP)
        *box = kyso_page_room_find(&image, width, height, *box, &is_free);
    else
        is_free = kyso_page_room_is_free(&image, width, height, *box);
    if (is_free && kind == KYSO_PLACE_STAMP)
        place->source = "room";
    if (is_free)
        place->place.confidence = ROOM_CONFIDENCE;
    return TRUE;
}

static gboolean
look_for_named_room(Pages *pages, const char *name, Place *places, GError **error)
{
    for (int kind = 0; name != NULL && kind < KYSO_N_PLACES; kind++)
        if (strcmp(name, kyso_place_names[kind]) == 0)
            return strcmp(places[kind].source, "cell") != 0 ||
                   look_for_room(pages, (KysoPlaceKind) kind, &places[kind], error);
    if (name != NULL)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "room: no such place");
    return name == NULL;
}

static json_t *
place_to_json(const Place *place)
{
    const KysoBox *box = &place->place.box;

    if (!place->place.is_found)
        return json_null();
    return json_pack("{s:i, s:[f, f, f, f], s:s, s:f}", "page", place->page, "rect", box->x0,
                     box->y0, box->x1, box->y1, "source", place->source, "confidence",
                     place->place.confidence);
}

static gboolean
read_number(const json_t *object, const char *name, double lowest, double *ret, GError **error)
{
    if (!kyso_json_get_number(object, name, KYSO_JSON_OPTIONAL, ret, error))
        return FALSE;
    if (isfinite(*ret) && *ret >= lowest && *ret <= MAX_SIDE)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "anchor: \"%s\" cannot be", name);
    return FALSE;
}

typedef struct {
    const char *text;
    gint64 page; /* 0: any */
    double dx, dy, w, h;
} Anchor;

static gboolean
read_anchor(const json_t *object, Anchor *ret, GError **error)
{
    static const char *const members[] = {"anchor", "page", "dx", "dy", "w", "h", NULL};

    if (!json_is_object(object)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "anchors: needs objects");
        return FALSE;
    }
    return kyso_json_only_has(object, members, error) &&
           kyso_json_get_string(object, "anchor", KYSO_JSON_REQUIRED, &ret->text, error) &&
           kyso_json_get_int(object, "page", KYSO_JSON_OPTIONAL, -1000000, 1000000, &ret->page,
                             error) &&
           read_number(object, "dx", -MAX_SIDE, &ret->dx, error) &&
           read_number(object, "dy", -MAX_SIDE, &ret->dy, error) &&
           read_number(object, "w", 1, &ret->w, error) &&
           read_number(object, "h", 1, &ret->h, error);
}

/* The page asked for; else the first pages, then the last ones. */
static gboolean
find_anchor(Pages *pages, const Anchor *anchor, Place *ret, GError **error)
{
    int n = pages->n_pages;
    int only = (int) (anchor->page < 0 ? n + 1 + anchor->page : anchor->page);

    *ret = (Place){0};
    for (int i = 1; i <= n && !ret->place.is_found; i++) {
        gboolean is_near = i <= MAX_PAGES || i > n - MAX_PAGES;
        double width, height;
        if (only != 0 ? i != only : !is_near)
            continue;
        const KysoTextLines *lines = lines_of(pages, i, &width, &height, error);
        if (lines == NULL)
            return FALSE;
        *ret = (Place){i, "anchor", kyso_place_finder_find_text(lines, anchor->text)};
    }
    KysoBox *box = &ret->place.box;
    double x = box->x0 + anchor->dx, y = box->y0 + anchor->dy;
    *box = (KysoBox){x, y, x + anchor->w, y + anchor->h};
    return TRUE;
}

static gboolean
find_anchors(Pages *pages, json_t *anchors, json_t *found, GError **error)
{
    const char *key;
    json_t *value;

    if (json_object_size(anchors) > MAX_ANCHORS) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "too many anchors");
        return FALSE;
    }
    json_object_foreach(anchors, key, value)
    {
        Anchor anchor = {.w = 100, .h = 50};
        Place place;
        if (!read_anchor(value, &anchor, error) || !find_anchor(pages, &anchor, &place, error))
            return FALSE;
        json_object_set_new(found, key, place_to_json(&place));
    }
    return TRUE;
}

static json_t *
find_all(Pages *pages, const char *name, json_t *anchors, const char *room, GError **error)
{
    g_autoptr(json_t) found = json_object();
    Place places[KYSO_N_PLACES];

    if (!find_head(pages, places, error) || !find_block(pages, name, places, error) ||
        !fill_from_cells(pages, places, error) ||
        !look_for_named_room(pages, room, places, error) ||
        !find_anchors(pages, anchors, found, error))
        return NULL;
    g_autoptr(json_t) all = json_object();
    for (int i = 0; i < KYSO_N_PLACES; i++)
        json_object_set_new(all, kyso_place_names[i], place_to_json(&places[i]));
    return json_pack("{s:O, s:O}", "places", all, "anchors", found);
}

static void
lines_free(gpointer lines)
{
    kyso_text_lines_free(lines);
}

json_t *
kyso_page_places(const json_t *params, KysoFdList *fds, GError **error)
{
    static const char *const members[] = {"document", "name", "anchors", "room", NULL};
    g_auto(KysoFd) fd = -1;
    const char *name = NULL, *room = NULL;
    json_t *anchors = NULL;

    if (!kyso_json_only_has(params, members, error) ||
        !kyso_json_get_string(params, "name", KYSO_JSON_OPTIONAL, &name, error) ||
        !kyso_json_get_object(params, "anchors", KYSO_JSON_OPTIONAL, &anchors, error) ||
        !kyso_json_get_string(params, "room", KYSO_JSON_OPTIONAL, &room, error) ||
        !kyso_json_take_fd(params, "document", KYSO_JSON_REQUIRED, fds, &fd, error))
        return NULL;
    g_autoptr(KysoShownDocument) document = kyso_page_source_open(fd, error);
    if (document == NULL)
        return NULL;

    Pages pages = {document, poppler_document_get_n_pages(document),
                   g_hash_table_new_full(NULL, NULL, NULL, lines_free)};
    json_t *result = find_all(&pages, name, anchors, room, error);
    g_hash_table_unref(pages.lines);
    return result;
}
