/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any letters anywhere on a page: whatever place is found for a mark is a box of numbers, and is
 * the same when asked again.
 *
 * The input is the signer's name up to the first line end, then one run of letters a line: x, y,
 * size and distance as one byte each, then its text.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "agent/document/place-finder.h"

#define WIDTH 595.0
#define HEIGHT 842.0
#define MAX_LETTERS 4000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_run(GArray *page, const guint8 *run, gsize length)
{
    if (length < 4)
        return;
    double x = run[0] * WIDTH / 255, y = run[1] * HEIGHT / 255, size = run[2] / 8.0;
    double apart = (run[3] - 16) / 8.0;
    g_autofree char *text = g_utf8_make_valid((const char *) run + 4, (gssize) length - 4);

    for (const char *p = text; *p != '\0' && page->len < MAX_LETTERS; p = g_utf8_next_char(p)) {
        KysoGlyph glyph = {g_utf8_get_char(p), {x, y, x + size / 2, y + size}};
        g_array_append_val(page, glyph);
        if (!g_unichar_ismark(glyph.letter))
            x += size / 2 + apart;
    }
}

static void
check_box(const KysoBox *box)
{
    g_assert_true(isfinite(box->x0) && isfinite(box->y0) && isfinite(box->x1) && isfinite(box->y1));
    g_assert_cmpfloat(box->x0, <=, box->x1);
    g_assert_cmpfloat(box->y0, <=, box->y1);
}

static void
check_place(const KysoFoundPlace *place)
{
    if (!place->is_found)
        return;
    check_box(&place->box);
    g_assert_true(place->confidence >= 0 && place->confidence <= 1);
}

static void
find_all(const KysoTextLines *lines, const char *name, KysoFoundPlace *ret)
{
    kyso_place_finder_read_head(lines, HEIGHT, ret);
    ret[KYSO_PLACE_SIGNATURE] = kyso_place_finder_find_block(lines, WIDTH, name);
    ret[KYSO_PLACE_INITIAL] = kyso_place_finder_find_end(lines, WIDTH, HEIGHT);
    ret[KYSO_PLACE_COMMENT] = kyso_place_finder_find_text(lines, name);
}

static void
check_page(const GArray *page, const char *name)
{
    g_autoptr(KysoTextLines) lines = kyso_text_lines_new(page);
    KysoFoundPlace found[KYSO_N_PLACES] = {0}, again[KYSO_N_PLACES] = {0};

    g_assert_cmpuint(lines->letters->len, <=, page->len);
    find_all(lines, name, found);
    find_all(lines, name, again);
    for (guint i = 0; i < KYSO_N_PLACES; i++) {
        check_place(&found[i]);
        g_assert_cmpint(found[i].is_found, ==, again[i].is_found);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const guint8 *end = memchr(data, '\n', size);
    if (end == NULL)
        return 0;
    g_autofree char *name = g_utf8_make_valid((const char *) data, end - data);
    g_autoptr(GArray) page = g_array_new(FALSE, FALSE, sizeof(KysoGlyph));
    size -= (gsize) (end + 1 - data);
    data = end + 1;

    while (size > 0) {
        end = memchr(data, '\n', size);
        gsize length = end != NULL ? (gsize) (end - data) : size;
        put_run(page, data, length);
        length += end != NULL;
        data += length;
        size -= length;
    }
    check_page(page, name);
    return 0;
}
