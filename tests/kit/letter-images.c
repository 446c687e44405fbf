/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/letter.h"

#include <math.h>
#include <pango/pangocairo.h>

/* 300 dots an inch for the signature's 120 x 70 pt; 600 for the seal's 36 mm, as scanners give. */
#define SIGNATURE_WIDTH 500
#define SIGNATURE_HEIGHT 292
#define SEAL_SIDE 850

#define SEAL_RED 0.85, 0.07, 0.10
#define INK_BLUE 0.06, 0.16, 0.62

/* One stroke of the pen: a Bezier curve in hundredths of the image, and the pen's width. */
typedef struct {
    double x[4], y[4];
    double width;
} Stroke;

static const Stroke strokes[] = {
    {{8, 10, 22, 24}, {78, 10, 2, 86}, 7},     {{24, 26, 34, 38}, {86, 40, 14, 60}, 5},
    {{38, 41, 44, 43}, {60, 84, 70, 52}, 4},   {{43, 41, 52, 54}, {52, 30, 34, 66}, 4},
    {{54, 56, 62, 63}, {66, 84, 66, 46}, 3},   {{63, 60, 72, 74}, {46, 26, 38, 70}, 3.5},
    {{74, 78, 88, 95}, {70, 88, 52, 30}, 5},   {{12, 40, 70, 96}, {92, 80, 84, 70}, 3},
    {{44, 47, 52, 56}, {22, 14, 14, 20}, 2.5},
};

cairo_surface_t *
kyso_letter_images_signature(void)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIGNATURE_WIDTH, SIGNATURE_HEIGHT);
    cairo_t *cr = cairo_create(surface);

    cairo_scale(cr, SIGNATURE_WIDTH / 100.0, SIGNATURE_HEIGHT / 100.0);
    cairo_set_source_rgba(cr, INK_BLUE, 0.92);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (gsize i = 0; i < G_N_ELEMENTS(strokes); i++) {
        const Stroke *s = &strokes[i];
        cairo_set_line_width(cr, s->width * 0.35);
        cairo_move_to(cr, s->x[0], s->y[0]);
        cairo_curve_to(cr, s->x[1], s->y[1], s->x[2], s->y[2], s->x[3], s->y[3]);
        cairo_stroke(cr);
    }
    cairo_destroy(cr);
    return surface;
}

/* Letters stand one by one on a circle around (0, 0): tops outward from @middle (an angle), or
 * inward where @bottom. */
static void
draw_ring_text(cairo_t *cr, const char *text, double radius, double size, double middle,
               gboolean bottom)
{
    double side = bottom ? -1.0 : 1.0;
    double step = 0.78 * size / radius;
    double angle = middle - side * step * (double) (g_utf8_strlen(text, -1) - 1) / 2.0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p), angle += side * step) {
        g_autoptr(PangoLayout) layout = pango_cairo_create_layout(cr);
        PangoFontDescription *font = pango_font_description_from_string("Liberation Serif Bold");
        int width, baseline;

        pango_cairo_context_set_resolution(pango_layout_get_context(layout), 72.0);
        pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
        pango_layout_set_font_description(layout, font);
        pango_font_description_free(font);
        pango_layout_set_text(layout, p, (int) (g_utf8_next_char(p) - p));
        pango_layout_get_size(layout, &width, NULL);
        baseline = pango_layout_get_baseline(layout);

        cairo_save(cr);
        cairo_rotate(cr, angle + side * G_PI / 2.0);
        cairo_move_to(cr, -0.5 * width / PANGO_SCALE,
                      -side * radius - (double) baseline / PANGO_SCALE);
        pango_cairo_show_layout(cr, layout);
        cairo_restore(cr);
    }
}

static void
draw_star(cairo_t *cr, double radius)
{
    cairo_new_path(cr);
    for (int i = 0; i < 10; i++) {
        double r = i % 2 == 0 ? radius : radius * 0.382;
        double angle = -G_PI / 2.0 + i * G_PI / 5.0;
        cairo_line_to(cr, r * cos(angle), r * sin(angle));
    }
    cairo_close_path(cr);
    cairo_fill(cr);
}

cairo_surface_t *
kyso_letter_images_seal(void)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SEAL_SIDE, SEAL_SIDE);
    cairo_t *cr = cairo_create(surface);

    /* The unit is a hundredth of the radius. */
    cairo_translate(cr, SEAL_SIDE / 2.0, SEAL_SIDE / 2.0);
    cairo_scale(cr, SEAL_SIDE / 200.0, SEAL_SIDE / 200.0);
    cairo_set_source_rgba(cr, SEAL_RED, 0.88);

    cairo_set_line_width(cr, 3.2);
    cairo_arc(cr, 0, 0, 98, 0, 2 * G_PI);
    cairo_stroke(cr);
    cairo_set_line_width(cr, 1.2);
    cairo_arc(cr, 0, 0, 93, 0, 2 * G_PI);
    cairo_stroke(cr);
    cairo_arc(cr, 0, 0, 56, 0, 2 * G_PI);
    cairo_stroke(cr);

    draw_ring_text(cr, "ỦY BAN NHÂN DÂN XÃ THỬ NGHIỆM", 68, 15, -G_PI / 2.0, FALSE);
    draw_ring_text(cr, "TỈNH MẪU", 82, 13, G_PI / 2.0, TRUE);
    draw_star(cr, 38);
    cairo_destroy(cr);
    return surface;
}
