/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What shall be seen is drawn whole, or the fault has a code: never a box, never another font. */
#include "agent/document/appearance.h"
#include "agent/document/png-image.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <cairo.h>
#include <string.h>

static gboolean
draw(double width, double height, int image_fd, const KysoDrawingText *text, GError **error)
{
    g_autoptr(KysoAppearance) appearance = kyso_appearance_new();

    KysoLook look = {.image_fd = image_fd, .text = text};
    if (!kyso_appearance_add(appearance, width, height, &look, error))
        return FALSE;
    g_autoptr(GBytes) pdf = kyso_appearance_finish(appearance, error);
    g_assert_nonnull(pdf);
    return TRUE;
}

static void
assert_text_refused(const char *value, double width, double height, gboolean is_wrapped)
{
    KysoDrawingText text = {.value = value, .size = 13, .is_wrapped = is_wrapped};
    g_autoptr(GError) error = NULL;

    g_assert_false(draw(width, height, -1, &text, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TEXT_NOT_DRAWABLE);
}

static void
assert_text_drawn(const char *value, double width, double height, gboolean is_wrapped)
{
    KysoDrawingText text = {.value = value, .size = 13, .is_wrapped = is_wrapped};
    g_autoptr(GError) error = NULL;

    g_assert_true(draw(width, height, -1, &text, &error));
    g_assert_no_error(error);
}

static void
test_vietnamese_is_drawn(void)
{
    assert_text_drawn("ỦY BAN NHÂN DÂN XÃ THỬ NGHIỆM\nNguyễn Văn Thử, ngày 22/11/2026", 400, 60,
                      TRUE);
    assert_text_drawn("Nguye\xcc\x82\xcc\x83n Va\xcc\x86n Thu\xcc\x9b\xcc\x89", 400, 60, FALSE);
}

static void
test_characters_that_the_font_lacks(void)
{
    assert_text_refused("公文", 400, 60, TRUE);
    assert_text_refused("tệp \xf0\x9f\x98\x80", 400, 60, TRUE);
}

/* Direction marks can make "79" read "97"; zero-width ones hide. */
static void
test_characters_that_cannot_be_seen(void)
{
    assert_text_refused("79\xe2\x80\xae"
                        "13",
                        400, 60, TRUE);
    assert_text_refused("7\xe2\x80\x8b"
                        "9",
                        400, 60, TRUE);
    assert_text_refused("79\t13", 400, 60, TRUE);
}

static void
test_text_is_made_smaller_until_it_fits(void)
{
    assert_text_drawn("1234567890", 40, 12, FALSE);
    assert_text_refused("1234567890123456789012345", 40, 12, FALSE);
    assert_text_refused("một\nhai\nba\nbốn\nnăm", 100, 12, TRUE);
}

static void
test_wrapped_text_breaks_at_words(void)
{
    assert_text_drawn("một hai ba bốn năm sáu bảy tám chín mười", 60, 100, TRUE);
    assert_text_refused("một hai ba bốn năm sáu bảy tám chín mười", 60, 100, FALSE);
    assert_text_refused("khôngcóchỗnàođểngắtdòngcảnêncứdàimãidàimãidài", 60, 100, TRUE);
}

static void
assert_image_refused(const void *data, gsize size)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("image", data, size, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(draw(100, 100, fd, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE);
}

static cairo_status_t
append_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    g_byte_array_append(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

static GByteArray *
new_png(int width, int height)
{
    GByteArray *bytes = g_byte_array_new();
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);

    cairo_surface_write_to_png_stream(surface, append_bytes, bytes);
    cairo_surface_destroy(surface);
    return bytes;
}

static void
test_images_that_cannot_be_read(void)
{
    g_autoptr(GByteArray) good = new_png(8, 8);
    g_autoptr(GByteArray) wide = new_png(KYSO_PNG_MAX_SIDE + 1, 1);
    g_autofree char *large = g_malloc0(KYSO_PNG_MAX_SIZE + 1);

    assert_image_refused("", 0);
    assert_image_refused("\xff\xd8\xff\xe0 JFIF", 9);
    assert_image_refused(good->data, good->len / 2);
    assert_image_refused(wide->data, wide->len);
    memcpy(large, good->data, good->len);
    assert_image_refused(large, KYSO_PNG_MAX_SIZE + 1);
}

static void
test_image_is_drawn(void)
{
    g_autoptr(GByteArray) png = new_png(300, 200);
    g_auto(KysoFd) fd = kyso_fd_new_memory("image", png->data, png->len, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(draw(100, 100, fd, NULL, &error));
    g_assert_no_error(error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/appearance/vietnamese-is-drawn", test_vietnamese_is_drawn);
    g_test_add_func("/appearance/characters-that-the-font-lacks",
                    test_characters_that_the_font_lacks);
    g_test_add_func("/appearance/characters-that-cannot-be-seen",
                    test_characters_that_cannot_be_seen);
    g_test_add_func("/appearance/text-is-made-smaller-until-it-fits",
                    test_text_is_made_smaller_until_it_fits);
    g_test_add_func("/appearance/wrapped-text-breaks-at-words", test_wrapped_text_breaks_at_words);
    g_test_add_func("/appearance/images-that-cannot-be-read", test_images_that_cannot_be_read);
    g_test_add_func("/appearance/image-is-drawn", test_image_is_drawn);
    return g_test_run();
}
