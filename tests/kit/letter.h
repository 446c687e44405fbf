/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A letter as a records office writes it (Decree 30/2020, Appendix I), of a commune that does not
 * exist, with blanks for number, day and month. For tests, tests/bench and packaging/try.
 *
 * Lengths are points (1/72 inch). Inside, y runs down from the top of the page as in cairo; a
 * KysoPlace is in PDF's own space, where y runs up.
 */

#include <cairo.h>
#include <glib.h>
#include <pango/pangocairo.h>

#define KYSO_LETTER_WIDTH 595.28
#define KYSO_LETTER_HEIGHT 841.89

/* The diameter of the invented seal: 36 mm. */
#define KYSO_LETTER_SEAL (36.0 * 72.0 / 25.4)

typedef struct {
    int page; /* from 1 */
    double x0, y0, x1, y1;
} KysoPlace;

typedef struct {
    KysoPlace number, day, month; /* the blanks */
    KysoPlace leader;             /* between position and name */
    KysoPlace seal;               /* over the left third of the leader's image, in real size */
    int pages;
} KysoLetter;

/* Draws the letter onto the PDF surface of @cr, at least @pages pages long; the signature block
 * ends the last of them, and that page is left open for cairo_show_page. */
void kyso_letter_draw(cairo_t *cr, int pages, KysoLetter *ret_letter);

/* From now on letters are written as Word and its like do: set apart, each by itself, in no order,
 * and what a reader gets are letters and marks one by one. */
void kyso_letter_write_like_word(void);

/* Shows @layout at (@x, @y) in that way. */
void kyso_letter_runs_show(cairo_t *cr, PangoLayout *layout, double x, double y);

/* The images as offices keep them: transparent, blue handwriting and a round red seal. */
cairo_surface_t *kyso_letter_images_signature(void);
cairo_surface_t *kyso_letter_images_seal(void);

/* Adds pages that look like scans, whose streams are @bytes long together. Returns their number. */
int kyso_letter_padding_scans(cairo_t *cr, gint64 bytes);

/* Adds pages of a line each, @n small objects together. Returns the number of pages. */
int kyso_letter_padding_objects(cairo_t *cr, int n);
