/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A signature's or seal's image: its sides are known before anything of it is unpacked. Units are
 * points, where not said otherwise. Main thread only.
 */

#include <cairo.h>
#include <glib.h>

#define KYSO_PNG_MAX_SIDE 4096              /* pixels */
#define KYSO_PNG_MAX_SIZE (8 * 1024 * 1024) /* bytes */

typedef struct {
    guint width, height; /* pixels */
    double print_width;  /* as the file says (pHYs), where that can be a seal; else 0 */
} KysoPngSides;

/* What the PNG behind @fd says of itself. KYSO_ERROR_IMAGE_UNREADABLE. The offset of @fd is neither
 * used nor moved. */
gboolean kyso_png_image_read_sides(int fd, KysoPngSides *ret, GError **error);

/* Its pixels. Errors as above. */
cairo_surface_t *kyso_png_image_load(int fd, GError **error);
