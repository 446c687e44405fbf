/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The letters of a page put in lines by where they stand, whatever order they were written in:
 * Word-like programs split a word into many runs, set letters apart, or write a letter and its
 * marks one by one. Spaces do not count. Pure; thread-safe.
 */

#include <glib.h>

/* Points; origin bottom left of the page as it is shown. */
typedef struct {
    double x0, y0, x1, y1;
} KysoBox;

typedef struct {
    gunichar letter;
    KysoBox box;
} KysoGlyph;

/* A letter of a line, without its marks and in lower case ("Ố" is 'o', "Đ" is 'd'). */
typedef struct {
    gunichar folded;
    gboolean is_upper, is_lower;
    KysoBox box;
} KysoLetterBox;

/* Some letters of one line: all of them, or those of one column. */
typedef struct {
    KysoLetterBox *letters;
    guint n_letters;
    KysoBox box;
} KysoTextLine;

typedef struct {
    GArray *letters;  /* KysoLetterBox, line by line */
    GArray *lines;    /* KysoTextLine, from the top of the page down */
    GArray *segments; /* the same, cut where a line has a gap as between columns */
} KysoTextLines;

/* @glyphs: KysoGlyph in any order. */
KysoTextLines *kyso_text_lines_new(const GArray *glyphs);
void kyso_text_lines_free(KysoTextLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTextLines, kyso_text_lines_free)

/* The letters of @text, folded as those of a line; g_free. */
char *kyso_text_lines_fold(const char *text);

/* Those of @line. */
char *kyso_text_lines_to_folded(const KysoTextLine *line);

/* Where folded @pattern begins in @line from letter @from on, or -1. */
int kyso_text_lines_find(const KysoTextLine *line, guint from, const char *pattern);
