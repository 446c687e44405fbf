/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Free room on a page, by its pixels: what a scan or a drawing covers counts as well as text does.
 * Pure; thread-safe.
 */

#include "agent/document/page-render.h"
#include "agent/document/text-lines.h"

#define KYSO_PAGE_ROOM_WIDTH 420 /* pixels across the page that are enough to look at */

/* Where something as large as @wanted lies on nothing, as near to @wanted as can be; where there is
 * no such place, where it covers least. @image: the whole page, of @width x @height points; the
 * boxes have their origin at its bottom left. *ret_is_free: it covers nothing. */
KysoBox kyso_page_room_find(const KysoPageImage *image, double width, double height, KysoBox wanted,
                            gboolean *ret_is_free);

/* TRUE where nothing is drawn in @box. */
gboolean kyso_page_room_is_free(const KysoPageImage *image, double width, double height,
                                KysoBox box);
