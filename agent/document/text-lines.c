/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/text-lines.h"

#include <math.h>
#include <stdlib.h>

#define SAME_LINE 0.4   /* of the height of a letter, between the middles of two */
#define COLUMN_GAP 1.8  /* of the height of a line: wider is another column */
#define MAX_EXPANSION 8 /* characters that one may decompose into */

/* The base of @c in lower case, or 0 for what is no letter of its own (a mark, a space). */
static gunichar
fold(gunichar c)
{
    gunichar parts[MAX_EXPANSION];

    if (c == 0 || g_unichar_isspace(c) || g_unichar_ismark(c) || c == 0xa0 || c == 0xad ||
        g_unichar_type(c) == G_UNICODE_CONTROL || g_unichar_type(c) == G_UNICODE_FORMAT)
        return 0;
    g_unichar_fully_decompose(c, FALSE, parts, MAX_EXPANSION);
    gunichar lower = g_unichar_tolower(parts[0]);
    return lower == 0x111 ? 'd' : lower; /* đ does not decompose */
}

static double
middle(const KysoBox *box)
{
    return (box->y0 + box->y1) / 2;
}

static gint
compare_rows(gconstpointer a, gconstpointer b)
{
    double one = middle(&((const KysoLetterBox *) a)->box);
    double other = middle(&((const KysoLetterBox *) b)->box);
    return one > other ? -1 : one < other;
}

static gint
compare_columns(gconstpointer a, gconstpointer b)
{
    double one = ((const KysoLetterBox *) a)->box.x0, other = ((const KysoLetterBox *) b)->box.x0;
    return one < other ? -1 : one > other;
}

static void
include_box(KysoBox *box, const KysoBox *other)
{
    box->x0 = MIN(box->x0, other->x0);
    box->y0 = MIN(box->y0, other->y0);
    box->x1 = MAX(box->x1, other->x1);
    box->y1 = MAX(box->y1, other->y1);
}

static KysoTextLine
line_of(KysoLetterBox *letters, guint n_letters)
{
    KysoTextLine line = {letters, n_letters, letters[0].box};

    for (guint i = 1; i < n_letters; i++)
        include_box(&line.box, &letters[i].box);
    return line;
}

/* Letters whose boxes lie over each other stand for one: bold made by writing twice. */
static gboolean
is_shadow(const KysoLetterBox *letter, const KysoLetterBox *before)
{
    double width = MAX(letter->box.x1 - letter->box.x0, 0.1);

    return letter->folded == before->folded &&
           fabs(letter->box.x0 - before->box.x0) < width * 0.3 &&
           fabs(middle(&letter->box) - middle(&before->box)) < width * 0.3;
}

static guint
drop_shadows(KysoLetterBox *letters, guint n_letters)
{
    guint kept = 1;

    for (guint i = 1; i < n_letters; i++)
        if (!is_shadow(&letters[i], &letters[kept - 1]))
            letters[kept++] = letters[i];
    return kept;
}

static void
cut_segments(KysoTextLines *self, const KysoTextLine *line)
{
    guint start = 0;

    for (guint i = 1; i <= line->n_letters; i++) {
        double gap = 0, height = line->letters[i - 1].box.y1 - line->letters[i - 1].box.y0;
        if (i < line->n_letters)
            gap = line->letters[i].box.x0 - line->letters[i - 1].box.x1;
        if (i < line->n_letters && gap < height * COLUMN_GAP)
            continue;
        KysoTextLine segment = line_of(line->letters + start, i - start);
        g_array_append_val(self->segments, segment);
        start = i;
    }
}

static void
add_line(KysoTextLines *self, KysoLetterBox *letters, guint n_letters)
{
    qsort(letters, n_letters, sizeof *letters, compare_columns);
    KysoTextLine line = line_of(letters, drop_shadows(letters, n_letters));

    g_array_append_val(self->lines, line);
    cut_segments(self, &line);
}

/* A reader that has one box for a letter with its marks gives each of them a part of it. */
static gboolean
take_mark(KysoTextLines *self, const KysoGlyph *glyph)
{
    if (!g_unichar_ismark(glyph->letter))
        return FALSE;
    if (self->letters->len > 0) {
        KysoBox *box = &g_array_index(self->letters, KysoLetterBox, self->letters->len - 1).box;
        double height = box->y1 - box->y0;
        if (glyph->box.x0 < box->x1 + height / 4 && glyph->box.x1 > box->x0 &&
            fabs(middle(&glyph->box) - middle(box)) < height)
            box->x1 = MAX(box->x1, glyph->box.x1);
    }
    return TRUE;
}

static void
fill_letters(KysoTextLines *self, const GArray *glyphs)
{
    for (guint i = 0; i < glyphs->len; i++) {
        const KysoGlyph *glyph = &g_array_index(glyphs, KysoGlyph, i);
        KysoLetterBox letter = {fold(glyph->letter), g_unichar_isupper(glyph->letter),
                                g_unichar_islower(glyph->letter), glyph->box};
        const KysoBox *box = &glyph->box;
        if (take_mark(self, glyph))
            continue;
        if (letter.folded != 0 && isfinite(box->x0) && isfinite(box->x1) && isfinite(box->y0) &&
            isfinite(box->y1) && box->x0 <= box->x1 && box->y0 < box->y1)
            g_array_append_val(self->letters, letter);
    }
}

KysoTextLines *
kyso_text_lines_new(const GArray *glyphs)
{
    KysoTextLines *self = g_new0(KysoTextLines, 1);

    self->letters = g_array_new(FALSE, FALSE, sizeof(KysoLetterBox));
    self->lines = g_array_new(FALSE, FALSE, sizeof(KysoTextLine));
    self->segments = g_array_new(FALSE, FALSE, sizeof(KysoTextLine));
    fill_letters(self, glyphs);
    g_array_sort(self->letters, compare_rows);

    KysoLetterBox *all = (KysoLetterBox *) (void *) self->letters->data;
    guint start = 0, n = self->letters->len;
    for (guint i = 1; i <= n; i++) {
        double height = all[start].box.y1 - all[start].box.y0;
        if (i < n && middle(&all[start].box) - middle(&all[i].box) < height * SAME_LINE)
            continue;
        if (n > 0)
            add_line(self, all + start, i - start);
        start = i;
    }
    return self;
}

void
kyso_text_lines_free(KysoTextLines *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->letters);
    g_array_unref(self->lines);
    g_array_unref(self->segments);
    g_free(self);
}

char *
kyso_text_lines_fold(const char *text)
{
    GString *folded = g_string_new(NULL);

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = fold(g_utf8_get_char(p));
        if (c != 0)
            g_string_append_unichar(folded, c);
    }
    return g_string_free(folded, FALSE);
}

char *
kyso_text_lines_to_folded(const KysoTextLine *line)
{
    GString *folded = g_string_new(NULL);

    for (guint i = 0; i < line->n_letters; i++)
        g_string_append_unichar(folded, line->letters[i].folded);
    return g_string_free(folded, FALSE);
}

static gboolean
matches_at(const KysoTextLine *line, guint at, const char *pattern)
{
    for (const char *p = pattern; *p != '\0'; p = g_utf8_next_char(p), at++)
        if (at >= line->n_letters || line->letters[at].folded != g_utf8_get_char(p))
            return FALSE;
    return TRUE;
}

int
kyso_text_lines_find(const KysoTextLine *line, guint from, const char *pattern)
{
    for (guint i = from; i < line->n_letters && *pattern != '\0'; i++)
        if (matches_at(line, i, pattern))
            return (int) i;
    return -1;
}
