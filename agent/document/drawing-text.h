/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Text in a box: broken into lines, as large as wanted and fits, every character drawn or the
 * whole refused. Units are points. Main thread only.
 */

#include <cairo.h>
#include <glib.h>

#define KYSO_DRAWING_TEXT_MAX 4096       /* bytes */
#define KYSO_DRAWING_TEXT_MIN_SIZE 4.0   /* points of the font */
#define KYSO_DRAWING_TEXT_MAX_SIZE 144.0 /* points of the font */

typedef enum { KYSO_ALIGN_LEFT, KYSO_ALIGN_CENTER, KYSO_ALIGN_RIGHT } KysoAlign;

typedef struct {
    const char *value; /* UTF-8; lines end with \n */
    double size;       /* of the font; made smaller until the text fits, unless: */
    gboolean is_exact; /* no size but this one */
    gboolean is_slanted;
    KysoAlign align;
    gboolean is_wrapped; /* at spaces; else a line stays one */
} KysoDrawingText;

/* Draws @text in black into the box from (0, 0) to (@width, @height), centred upright.
 * KYSO_ERROR_TEXT_NOT_DRAWABLE where the font lacks a character, a character is invisible by nature
 * (controls, direction marks), or the text does not fit at the smallest size;
 * KYSO_ERROR_CONFIGURATION without a font. */
gboolean kyso_drawing_text(cairo_t *cairo, double width, double height, const KysoDrawingText *text,
                           GError **error);
