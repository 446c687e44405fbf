/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/drawing-text.h"

#include "agent/document/drawing-font.h"
#include "ipc/base/error.h"

#include <string.h>

#define SIZE_STEP 0.5 /* points */
#define SLANT 0.21    /* of the height, as italics of Times stand */
#define SLACK 0.25    /* points that a text may stand out of its box by rounding */

/* One line as cairo draws it; the clusters carry its text into the PDF, for search and copy. */
typedef struct {
    char *text;
    cairo_glyph_t *glyphs;
    cairo_text_cluster_t *clusters;
    int n_glyphs, n_clusters;
    cairo_text_cluster_flags_t flags;
    double width;
} Line;

static void
line_free(gpointer data)
{
    Line *line = data;

    g_free(line->text);
    cairo_glyph_free(line->glyphs);
    cairo_text_cluster_free(line->clusters);
    g_free(line);
}

static Line *
line_new(cairo_t *cairo, const char *text)
{
    Line *line = g_new0(Line, 1);
    cairo_scaled_font_t *font = cairo_get_scaled_font(cairo);
    cairo_text_extents_t extents;

    line->text = g_strdup(text);
    cairo_scaled_font_text_to_glyphs(font, 0, 0, text, -1, &line->glyphs, &line->n_glyphs,
                                     &line->clusters, &line->n_clusters, &line->flags);
    cairo_scaled_font_glyph_extents(font, line->glyphs, line->n_glyphs, &extents);
    line->width = extents.x_advance;
    return line;
}

/* Glyph 0 is the box that stands for a character the font lacks. */
static gboolean
line_is_drawable(const Line *line)
{
    for (int i = 0; i < line->n_glyphs; i++)
        if (line->glyphs[i].index == 0)
            return FALSE;
    return line->n_glyphs > 0 || line->text[0] == '\0';
}

/* What is signed must be what is seen: nothing that draws nothing, or turns the order around. */
static gboolean
is_visible(const char *text)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        if (c != '\n' && (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
                          type == G_UNICODE_LINE_SEPARATOR ||
                          type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_UNASSIGNED))
            return FALSE;
    }
    return TRUE;
}

/* As many words a line as fit. A word wider than the box stands out, and is refused later. */
static void
break_paragraph(cairo_t *cairo, const char *paragraph, double width, GPtrArray *lines)
{
    g_auto(GStrv) words = g_strsplit(paragraph, " ", -1);
    Line *line = line_new(cairo, words[0] != NULL ? words[0] : "");

    for (guint i = 1; words[0] != NULL && words[i] != NULL; i++) {
        g_autofree char *text = g_strconcat(line->text, " ", words[i], NULL);
        Line *longer = line_new(cairo, text);
        if (longer->width <= width + SLACK) {
            line_free(line);
            line = longer;
        } else {
            line_free(longer);
            g_ptr_array_add(lines, line);
            line = line_new(cairo, words[i]);
        }
    }
    g_ptr_array_add(lines, line);
}

static GPtrArray *
break_text(cairo_t *cairo, const char *value, double width, gboolean is_wrapped)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    g_auto(GStrv) paragraphs = g_strsplit(value, "\n", -1);

    for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++) {
        if (is_wrapped)
            break_paragraph(cairo, *paragraph, width, lines);
        else
            g_ptr_array_add(lines, line_new(cairo, *paragraph));
    }
    return lines;
}

static double
block_height(const cairo_font_extents_t *font, guint n_lines)
{
    return n_lines == 0 ? 0 : (n_lines - 1) * font->height + font->ascent + font->descent;
}

static gboolean
has_room(cairo_t *cairo, GPtrArray *lines, double width, double height)
{
    cairo_font_extents_t font;

    cairo_font_extents(cairo, &font);
    if (block_height(&font, lines->len) > height + SLACK)
        return FALSE;
    for (guint i = 0; i < lines->len; i++)
        if (((Line *) g_ptr_array_index(lines, i))->width > width + SLACK)
            return FALSE;
    return TRUE;
}

static gboolean
check_lines(GPtrArray *lines, GError **error)
{
    for (guint i = 0; i < lines->len; i++) {
        if (line_is_drawable(g_ptr_array_index(lines, i)))
            continue;
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TEXT_NOT_DRAWABLE,
                            "the font lacks a character of the text");
        return FALSE;
    }
    return TRUE;
}

/* The lines at the largest size, from the wanted one down, at which they stay in the box. */
static GPtrArray *
fit_lines(cairo_t *cairo, double width, double height, const KysoDrawingText *text,
          const char *value, GError **error)
{
    double smallest = text->is_exact ? text->size : KYSO_DRAWING_TEXT_MIN_SIZE;

    for (double size = text->size; size >= smallest; size -= SIZE_STEP) {
        cairo_set_font_size(cairo, size);
        g_autoptr(GPtrArray) lines = break_text(cairo, value, width, text->is_wrapped);
        if (!check_lines(lines, error))
            return NULL;
        if (has_room(cairo, lines, width, height))
            return g_steal_pointer(&lines);
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_TEXT_NOT_DRAWABLE,
                "the text does not fit into %.0f × %.0f points", width, height);
    return NULL;
}

/* There is one font: its italic is the upright one, slanted. */
static void
show_line(cairo_t *cairo, const Line *line, double x, double y, gboolean is_slanted)
{
    const cairo_matrix_t slant = {1, 0, -SLANT, 1, 0, 0};

    cairo_save(cairo);
    cairo_translate(cairo, x, y);
    if (is_slanted)
        cairo_transform(cairo, &slant);
    cairo_show_text_glyphs(cairo, line->text, -1, line->glyphs, line->n_glyphs, line->clusters,
                           line->n_clusters, line->flags);
    cairo_restore(cairo);
}

static void
show_lines(cairo_t *cairo, GPtrArray *lines, double width, double height,
           const KysoDrawingText *text)
{
    cairo_font_extents_t font;
    KysoAlign align = text->align;

    cairo_font_extents(cairo, &font);
    double y = MAX(0, (height - block_height(&font, lines->len)) / 2) + font.ascent;
    cairo_set_source_rgb(cairo, 0, 0, 0);
    for (guint i = 0; i < lines->len; i++, y += font.height) {
        const Line *line = g_ptr_array_index(lines, i);
        double spare = MAX(0, width - line->width);
        show_line(cairo, line,
                  align == KYSO_ALIGN_LEFT     ? 0
                  : align == KYSO_ALIGN_CENTER ? spare / 2
                                               : spare,
                  y, text->is_slanted);
    }
}

gboolean
kyso_drawing_text(cairo_t *cairo, double width, double height, const KysoDrawingText *text,
                  GError **error)
{
    /* Letters and marks typed one by one become the letters that the font has. */
    g_autofree char *value = g_utf8_normalize(text->value, -1, G_NORMALIZE_DEFAULT_COMPOSE);

    if (value == NULL || strlen(value) > KYSO_DRAWING_TEXT_MAX || !is_visible(value)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TEXT_NOT_DRAWABLE,
                            "the text is too long or has characters that cannot be seen");
        return FALSE;
    }
    if (!kyso_drawing_font_select(cairo, error))
        return FALSE;
    g_autoptr(GPtrArray) lines = fit_lines(cairo, width, height, text, value, error);
    if (lines == NULL)
        return FALSE;
    show_lines(cairo, lines, width, height, text);
    return TRUE;
}
