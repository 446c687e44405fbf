/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/letter.h"

#include <string.h>

#define MAX_GLYPHS 8 /* of one letter with its marks */

/* One letter, with the text that a reader gets from it: the letter, then its marks one by one. */
static void
show_cluster(cairo_t *cr, const PangoGlyphItemIter *iter, double x, double y)
{
    const PangoGlyphString *glyphs = iter->glyph_item->glyphs;
    gsize size = (gsize) (iter->end_index - iter->start_index);
    g_autofree char *text =
        g_utf8_normalize(iter->text + iter->start_index, (gssize) size, G_NORMALIZE_NFD);
    cairo_glyph_t shown[MAX_GLYPHS];
    int n = 0;

    for (int i = iter->start_glyph; i < iter->end_glyph && n < MAX_GLYPHS; i++) {
        const PangoGlyphInfo *glyph = &glyphs->glyphs[i];
        shown[n++] = (cairo_glyph_t){
            glyph->glyph,
            x + (double) glyph->geometry.x_offset / PANGO_SCALE,
            y + (double) glyph->geometry.y_offset / PANGO_SCALE,
        };
    }
    const cairo_text_cluster_t cluster = {(int) strlen(text), n};
    cairo_show_text_glyphs(cr, text, -1, shown, n, &cluster, 1, 0);
}

/* Every second letter of @run, from its first or its second. */
static void
show_half(cairo_t *cr, PangoGlyphItem *run, const char *text, double x, double y, int half)
{
    PangoGlyphItemIter iter;
    int number = 0;

    cairo_set_scaled_font(
        cr, pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(run->item->analysis.font)));
    for (gboolean is_any = pango_glyph_item_iter_init_start(&iter, run, text); is_any;
         is_any = pango_glyph_item_iter_next_cluster(&iter), number++) {
        int width = 0;
        if (number % 2 == half && text[iter.start_index] != ' ')
            show_cluster(cr, &iter, x, y);
        for (int i = iter.start_glyph; i < iter.end_glyph; i++)
            width += run->glyphs->glyphs[i].geometry.width;
        x += (double) width / PANGO_SCALE;
    }
}

void
kyso_letter_runs_show(cairo_t *cr, PangoLayout *layout, double x, double y)
{
    const char *text = pango_layout_get_text(layout);
    PangoLayoutIter *iter = pango_layout_get_iter(layout);

    do {
        PangoGlyphItem *run = pango_layout_iter_get_run_readonly(iter);
        PangoRectangle extents;
        if (run == NULL)
            continue;
        pango_layout_iter_get_run_extents(iter, NULL, &extents);
        double run_x = x + (double) extents.x / PANGO_SCALE;
        double run_y = y + (double) pango_layout_iter_get_baseline(iter) / PANGO_SCALE;
        show_half(cr, run, text, run_x, run_y, 1);
        show_half(cr, run, text, run_x, run_y, 0);
    } while (pango_layout_iter_next_run(iter));
    pango_layout_iter_free(iter);
}
