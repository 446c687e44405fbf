/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/appearance.h"

#include "agent/document/png-image.h"
#include "ipc/base/error.h"

#include <cairo-pdf.h>

#define LARGER 1.005    /* by rounding */
#define EDGE 0.01       /* points that a part may stand out by rounding */
#define FRAME_WIDTH 1.0 /* points */

struct _KysoAppearance {
    GByteArray *bytes;
    cairo_surface_t *surface; /* made with the first page */
    cairo_t *cairo;
};

typedef cairo_surface_t CairoSurface;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CairoSurface, cairo_surface_destroy)

KysoAppearance *
kyso_appearance_new(void)
{
    KysoAppearance *self = g_new0(KysoAppearance, 1);

    self->bytes = g_byte_array_new();
    return self;
}

void
kyso_appearance_free(KysoAppearance *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->cairo, cairo_destroy);
    g_clear_pointer(&self->surface, cairo_surface_destroy);
    g_byte_array_unref(self->bytes);
    g_free(self);
}

static cairo_status_t
keep_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    g_byte_array_append(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

static void
start_page(KysoAppearance *self, double width, double height)
{
    if (self->surface == NULL) {
        self->surface = cairo_pdf_surface_create_for_stream(keep_bytes, self->bytes, width, height);
        cairo_pdf_surface_restrict_to_version(self->surface, CAIRO_PDF_VERSION_1_5);
        self->cairo = cairo_create(self->surface);
    } else {
        cairo_pdf_surface_set_size(self->surface, width, height);
    }
}

/* @box is of the page of the drawing, whose origin is at the bottom; cairo's is at the top. */
static void
enter_box(KysoAppearance *self, double height, const KysoLookBox *box)
{
    cairo_save(self->cairo);
    cairo_translate(self->cairo, box->x0, height - box->y1);
}

/* @print_width: points, 0: as large as fits. A seal is as large as the real one or it is none. */
static gboolean
draw_image(KysoAppearance *self, double width, double height, int fd, double print_width,
           GError **error)
{
    g_autoptr(CairoSurface) image = kyso_png_image_load(fd, error);
    if (image == NULL)
        return FALSE;

    double image_width = cairo_image_surface_get_width(image);
    double image_height = cairo_image_surface_get_height(image);
    double fitting = MIN(width / image_width, height / image_height);
    double scale = print_width > 0 ? print_width / image_width : fitting;
    if (scale > fitting * LARGER) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE,
                    "an image %.0f points wide has no room in %.0f × %.0f points", print_width,
                    width, height);
        return FALSE;
    }
    double spare = width - image_width * scale;
    cairo_save(self->cairo);
    cairo_translate(self->cairo, print_width > 0 ? spare : spare / 2,
                    (height - image_height * scale) / 2);
    cairo_scale(self->cairo, scale, scale);
    cairo_set_source_surface(self->cairo, image, 0, 0);
    cairo_paint(self->cairo);
    cairo_restore(self->cairo);
    return TRUE;
}

static void
draw_frame(KysoAppearance *self, double width, double height)
{
    cairo_set_source_rgb(self->cairo, 0, 0, 0);
    cairo_set_line_width(self->cairo, FRAME_WIDTH);
    cairo_rectangle(self->cairo, FRAME_WIDTH / 2, FRAME_WIDTH / 2, width - FRAME_WIDTH,
                    height - FRAME_WIDTH);
    cairo_stroke(self->cairo);
}

static gboolean
draw_part(KysoAppearance *self, const KysoLook *look, const KysoLookPart *part, GError **error)
{
    double width = part->box.x1 - part->box.x0, height = part->box.y1 - part->box.y0;

    if (part->kind == KYSO_LOOK_FRAME) {
        draw_frame(self, width, height);
        return TRUE;
    }
    if (part->kind == KYSO_LOOK_IMAGE)
        return draw_image(self, width, height, look->image_fd, look->print_width, error);
    return kyso_drawing_text(self->cairo, width, height, &part->text, error);
}

static gboolean
draw_parts(KysoAppearance *self, double width, double height, const KysoLook *look, GError **error)
{
    for (guint i = 0; i < look->parts->len; i++) {
        const KysoLookPart *part = &g_array_index(look->parts, KysoLookPart, i);
        const KysoLookBox *box = &part->box;
        if (!(box->x0 >= -EDGE && box->y0 >= -EDGE && box->x1 <= width + EDGE &&
              box->y1 <= height + EDGE && box->x0 < box->x1 && box->y0 < box->y1)) {
            g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE,
                                "a part of the appearance is outside of its field");
            return FALSE;
        }
        enter_box(self, height, box);
        gboolean is_drawn = draw_part(self, look, part, error);
        cairo_restore(self->cairo);
        if (!is_drawn)
            return FALSE;
    }
    return TRUE;
}

gboolean
kyso_appearance_add(KysoAppearance *self, double width, double height, const KysoLook *look,
                    GError **error)
{
    start_page(self, width, height);
    if (look->parts != NULL && look->parts->len > 0) {
        if (!draw_parts(self, width, height, look, error))
            return FALSE;
    } else if (look->image_fd >= 0 &&
               !draw_image(self, width, height, look->image_fd, look->print_width, error)) {
        return FALSE;
    }
    if (look->text != NULL && !kyso_drawing_text(self->cairo, width, height, look->text, error))
        return FALSE;
    cairo_show_page(self->cairo);
    return TRUE;
}

GBytes *
kyso_appearance_finish(KysoAppearance *self, GError **error)
{
    g_return_val_if_fail(self->surface != NULL, NULL);

    cairo_surface_finish(self->surface);
    cairo_status_t status = cairo_surface_status(self->surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "cannot draw: %s",
                    cairo_status_to_string(status));
        return NULL;
    }
    return g_bytes_new(self->bytes->data, self->bytes->len);
}
