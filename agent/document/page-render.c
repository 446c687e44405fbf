/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-render.h"

#include "agent/document/page-source.h"
#include "ipc/base/error.h"

#include <math.h>
#include <string.h>

void
kyso_page_render_clear(KysoPageImage *image)
{
    g_clear_pointer(&image->pixels, g_bytes_unref);
}

static PopplerPage *
open_page(int fd, gint64 number, GError **error)
{
    g_autoptr(KysoShownDocument) document = kyso_page_source_open(fd, error);
    return document == NULL ? NULL : kyso_page_source_get(document, number, error);
}

/* A page may claim any size; the picture may not. */
static gboolean
scale_page(PopplerPage *page, int width, double *ret_scale, int *ret_height, GError **error)
{
    double page_width, page_height;

    poppler_page_get_size(page, &page_width, &page_height);
    double scale = width / page_width;
    double height = ceil(page_height * scale);
    if (!isfinite(height) || height < 1 || height > KYSO_PAGE_RENDER_MAX_SIDE) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                            "the sides of the page cannot be shown");
        return FALSE;
    }
    *ret_scale = scale;
    *ret_height = (int) height;
    return TRUE;
}

static void
free_surface(gpointer surface)
{
    cairo_surface_destroy(surface);
}

gboolean
kyso_page_render(int fd, gint64 number, int width, KysoPageImage *ret, GError **error)
{
    g_autoptr(KysoShownPage) page = open_page(fd, number, error);

    return page != NULL && kyso_page_render_open(page, width, ret, error);
}

gboolean
kyso_page_render_open(PopplerPage *page, int width, KysoPageImage *ret, GError **error)
{
    double scale;
    int height;

    if (!scale_page(page, width, &scale, &height, error))
        return FALSE;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    cairo_scale(cairo, scale, scale);
    poppler_page_render(page, cairo);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        cairo_surface_destroy(surface);
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED, "page cannot be shown: %s",
                    cairo_status_to_string(status));
        return FALSE;
    }
    int stride = cairo_image_surface_get_stride(surface);
    const guint8 *data = cairo_image_surface_get_data(surface);
    *ret = (KysoPageImage){
        .pixels = g_bytes_new_with_free_func(data, (gsize) stride * (gsize) height, free_surface,
                                             surface),
        .width = width,
        .height = height,
        .stride = stride,
    };
    return TRUE;
}

/* Poppler's text is that of the page alone; a mark may be typed into a field or a note on it. */
static void
append_fields(PopplerPage *page, GString *text)
{
    GList *mappings = poppler_page_get_form_field_mapping(page);

    for (GList *item = mappings; item != NULL; item = item->next) {
        PopplerFormField *field = ((PopplerFormFieldMapping *) item->data)->field;
        if (poppler_form_field_get_field_type(field) != POPPLER_FORM_FIELD_TEXT)
            continue;
        g_autofree char *value = poppler_form_field_text_get_text(field);
        if (value != NULL && value[0] != '\0')
            g_string_append_printf(text, "\n%s", value);
    }
    poppler_page_free_form_field_mapping(mappings);
}

static void
append_notes(PopplerPage *page, GString *text)
{
    GList *mappings = poppler_page_get_annot_mapping(page);

    for (GList *item = mappings; item != NULL; item = item->next) {
        PopplerAnnot *note = ((PopplerAnnotMapping *) item->data)->annot;
        g_autofree char *contents = poppler_annot_get_contents(note);
        if (contents != NULL && contents[0] != '\0')
            g_string_append_printf(text, "\n%s", contents);
    }
    poppler_page_free_annot_mapping(mappings);
}

char *
kyso_page_render_text(int fd, gint64 number, GError **error)
{
    g_autoptr(KysoShownPage) page = open_page(fd, number, error);
    if (page == NULL)
        return NULL;

    g_autofree char *own = poppler_page_get_text(page);
    GString *raw = g_string_new(own);
    append_fields(page, raw);
    append_notes(page, raw);
    char *text = g_utf8_make_valid(raw->str, (gssize) raw->len);
    g_string_free(raw, TRUE);
    if (strlen(text) > KYSO_PAGE_RENDER_MAX_TEXT)
        *g_utf8_find_prev_char(text, text + KYSO_PAGE_RENDER_MAX_TEXT + 1) = '\0';
    return text;
}
