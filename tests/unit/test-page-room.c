/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Room on a page: nearest to where it is wanted, on nothing, and, where the page is full, where
 * least is covered. */
#include "agent/document/page-room.h"

#include <math.h>

#define SIDE 400 /* points and pixels */

static const KysoBox wanted = {40, 300, 140, 350};

static KysoPageImage
page_new(guint32 **ret_pixels)
{
    guint32 *pixels = g_new(guint32, SIDE * SIDE);

    for (int i = 0; i < SIDE * SIDE; i++)
        pixels[i] = 0xffffff;
    *ret_pixels = pixels;
    return (KysoPageImage){g_bytes_new_take(pixels, SIDE * SIDE * sizeof(guint32)), SIDE, SIDE,
                           SIDE * (int) sizeof(guint32)};
}

/* From the top left. */
static void
draw(guint32 *pixels, int x0, int y0, int x1, int y1, guint32 colour)
{
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            pixels[y * SIDE + x] = colour;
}

static gboolean
is_near(double one, double other)
{
    return fabs(one - other) <= 1.5;
}

static void
test_an_empty_page_gives_what_is_wanted(void)
{
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);
    gboolean is_free = FALSE;

    KysoBox box = kyso_page_room_find(&page, SIDE, SIDE, wanted, &is_free);
    g_assert_true(is_free);
    g_assert_true(is_near(box.x0, wanted.x0) && is_near(box.y1, wanted.y1));
    g_assert_cmpfloat_with_epsilon(box.x1 - box.x0, 100, 0.01);
    g_assert_cmpfloat_with_epsilon(box.y1 - box.y0, 50, 0.01);
}

/* One pixel of a faint blue is enough; the grain of a scan is not. */
static void
test_what_is_drawn_is_gone_around(void)
{
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);
    gboolean is_free = FALSE;

    draw(pixels, 0, 0, SIDE, SIDE, 0xf4f2ef);
    draw(pixels, 90, 75, 91, 76, 0xa0a0ff);
    KysoBox box = kyso_page_room_find(&page, SIDE, SIDE, wanted, &is_free);
    g_assert_true(is_free);
    gboolean is_off = box.x0 >= 91 || box.x1 <= 90 || SIDE - box.y1 >= 76 || SIDE - box.y0 <= 75;
    g_assert_true(is_off);
    g_assert_cmpfloat(hypot(box.x0 - wanted.x0, box.y1 - wanted.y1), <, 60);
}

static void
test_a_box_is_free_until_something_is_in_it(void)
{
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);

    draw(pixels, 145, 60, 150, 65, 0);
    g_assert_true(kyso_page_room_is_free(&page, SIDE, SIDE, wanted));
    draw(pixels, 138, 98, 139, 99, 0);
    g_assert_false(kyso_page_room_is_free(&page, SIDE, SIDE, wanted));
}

static void
test_the_edges_are_left_free(void)
{
    static const KysoBox corner = {-30, 380, 70, 430};
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);
    gboolean is_free = FALSE;

    KysoBox box = kyso_page_room_find(&page, SIDE, SIDE, corner, &is_free);
    g_assert_true(is_free);
    g_assert_cmpfloat(box.x0, >=, 14);
    g_assert_cmpfloat(box.y1, <=, SIDE - 14);
}

static void
test_a_full_page_is_covered_where_least_is_on_it(void)
{
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);
    gboolean is_free = TRUE;

    for (int y = 0; y < SIDE; y += 4)
        draw(pixels, 0, y, SIDE, y + (y < 200 ? 3 : 1), 0);
    KysoBox box = kyso_page_room_find(&page, SIDE, SIDE, wanted, &is_free);
    g_assert_false(is_free);
    g_assert_cmpfloat(box.y1, <=, SIDE - 195);
}

static void
test_what_is_larger_than_the_page_stays_where_it_is_wanted(void)
{
    static const KysoBox large = {0, 0, 500, 500};
    guint32 *pixels;
    g_auto(KysoPageImage) page = page_new(&pixels);
    gboolean is_free = TRUE;

    KysoBox box = kyso_page_room_find(&page, SIDE, SIDE, large, &is_free);
    g_assert_false(is_free);
    g_assert_cmpfloat(box.x1, ==, 500);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/page-room/empty", test_an_empty_page_gives_what_is_wanted);
    g_test_add_func("/page-room/drawn", test_what_is_drawn_is_gone_around);
    g_test_add_func("/page-room/box", test_a_box_is_free_until_something_is_in_it);
    g_test_add_func("/page-room/edges", test_the_edges_are_left_free);
    g_test_add_func("/page-room/full", test_a_full_page_is_covered_where_least_is_on_it);
    g_test_add_func("/page-room/too-large",
                    test_what_is_larger_than_the_page_stays_where_it_is_wanted);
    return g_test_run();
}
