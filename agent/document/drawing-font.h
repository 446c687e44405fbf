/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The one font that visible text is drawn with: it has the metrics of Times New Roman (Decree
 * 30/2020, annex I) where it can be had, and every Vietnamese letter.
 *
 * Cairo gets this file and no other, so nothing falls back to another font silently. Opened once,
 * before the sandbox closes; after that no file is opened. Pango is not used: it starts threads,
 * and precomposed Vietnamese needs no shaping. Main thread only.
 */

#include <cairo.h>
#include <glib.h>

/* Finds and opens the font: Tinos, Liberation Serif 2, DejaVu Serif. KYSO_ERROR_CONFIGURATION
 * where none of them is installed. A second call does nothing. */
gboolean kyso_drawing_font_load(GError **error);

/* Makes it the font of @cairo; sizes are points where a unit of @cairo is one. Errors as above. */
gboolean kyso_drawing_font_select(cairo_t *cairo, GError **error);
