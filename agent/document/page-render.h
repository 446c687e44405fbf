/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A page as pixels and as text, by poppler. Only kyso-document-pages links this: poppler repairs
 * what it reads, so what it shows is for eyes, never a fact to decide on.
 */

#include <glib.h>

/* As poppler.h has it: those who only look at pixels need no poppler. */
typedef struct _PopplerPage PopplerPage;

#define KYSO_PAGE_RENDER_MAX_SIDE 8192        /* pixels */
#define KYSO_PAGE_RENDER_MAX_TEXT (64 * 1024) /* bytes */

/* Rows from the top, each @stride bytes of 0x00RRGGBB words in the machine's byte order. */
typedef struct {
    GBytes *pixels;
    int width, height, stride;
} KysoPageImage;
void kyso_page_render_clear(KysoPageImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoPageImage, kyso_page_render_clear)

/* Page @number (1 the first, -1 the last) of the document behind @fd (borrowed), @width pixels
 * wide, on white. Errors of kyso_page_source_open; KYSO_ERROR_PLACE_OUTSIDE
 * where there is no such page. */
gboolean kyso_page_render(int fd, gint64 number, int width, KysoPageImage *ret, GError **error);

/* The same of a page that is open. */
gboolean kyso_page_render_open(PopplerPage *page, int width, KysoPageImage *ret, GError **error);

/* The page's text in reading order, then the values of its text fields and its notes, a line each:
 * valid UTF-8, cut at KYSO_PAGE_RENDER_MAX_TEXT. Errors as above. */
char *kyso_page_render_text(int fd, gint64 number, GError **error);
