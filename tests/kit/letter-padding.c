/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/letter.h"

/* A4 at 150 dots an inch. */
#define SCAN_WIDTH 1240
#define SCAN_HEIGHT 1754
#define SCAN_BYTES ((gint64) SCAN_WIDTH * SCAN_HEIGHT * 3)

/* What cairo writes for a page: the page, its content, the length of that and its resources. */
#define OBJECTS_A_PAGE 4

/* Noise does not shrink under deflate, so the size of the stream is known beforehand. Marsaglia's
 * xorshift with a fixed start: the same file each time. */
static void
noise_fill(cairo_surface_t *surface, guint32 *state)
{
    unsigned char *data = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    int rows = cairo_image_surface_get_height(surface);

    for (int y = 0; y < rows; y++) {
        guint32 *pixel = (guint32 *) (void *) (data + (gsize) y * stride);
        for (int x = 0; x < cairo_image_surface_get_width(surface); x++) {
            *state ^= *state << 13;
            *state ^= *state >> 17;
            *state ^= *state << 5;
            pixel[x] = *state & 0xffffff;
        }
    }
    cairo_surface_mark_dirty(surface);
}

int
kyso_letter_padding_scans(cairo_t *cr, gint64 bytes)
{
    guint32 state = 2463534242u;
    int pages = 0;

    for (; bytes > 0; bytes -= SCAN_BYTES, pages++) {
        int rows = (int) (MIN(bytes, SCAN_BYTES) / (SCAN_WIDTH * 3));
        cairo_surface_t *scan =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, SCAN_WIDTH, MAX(rows, 1));

        noise_fill(scan, &state);
        cairo_save(cr);
        cairo_scale(cr, KYSO_LETTER_WIDTH / SCAN_WIDTH, KYSO_LETTER_HEIGHT / SCAN_HEIGHT);
        cairo_set_source_surface(cr, scan, 0, 0);
        cairo_paint(cr);
        cairo_restore(cr);
        cairo_show_page(cr);
        cairo_surface_destroy(scan);
    }
    return pages;
}

int
kyso_letter_padding_objects(cairo_t *cr, int n)
{
    int pages = n / OBJECTS_A_PAGE;

    cairo_select_font_face(cr, "Liberation Serif", CAIRO_FONT_SLANT_NORMAL,
                           CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, 13);
    for (int i = 0; i < pages; i++) {
        g_autofree char *text = g_strdup_printf("Phụ lục %d", i + 1);
        cairo_move_to(cr, 85, 100);
        cairo_show_text(cr, text);
        cairo_show_page(cr);
    }
    return pages;
}
