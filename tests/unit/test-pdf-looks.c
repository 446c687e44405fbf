/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signature's field is as large as its image, a seal as large as the real one and over a third of
 * it, and what has no room is refused. */
#include "agent/document/pdf-place.h"
#include "tests/unit/pdf-fixture.h"

#include <cairo.h>
#include <math.h>

#define POINTS(mm) ((mm) *72 / 25.4)

static cairo_status_t
append_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    g_byte_array_append(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

/* RFC 2083 §15. */
static guint32
crc(const guint8 *data, gsize size)
{
    guint32 value = 0xffffffff;

    for (gsize i = 0; i < size; i++) {
        value ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320 : 0);
    }
    return value ^ 0xffffffff;
}

/* A PNG of these sides; printed @mm wide, by its own account (0: it says nothing). */
static int
new_image(int width, int height, double mm)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);

    cairo_surface_write_to_png_stream(surface, append_bytes, bytes);
    cairo_surface_destroy(surface);
    if (mm > 0) {
        guint32 per_metre = GUINT32_TO_BE((guint32) (width / mm * 1000 + 0.5));
        guint8 chunk[21] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
        memcpy(chunk + 8, &per_metre, 4);
        memcpy(chunk + 12, &per_metre, 4);
        chunk[16] = 1;
        guint32 sum = GUINT32_TO_BE(crc(chunk + 4, 13));
        memcpy(chunk + 17, &sum, 4);
        g_autoptr(GByteArray) whole = g_byte_array_new();
        g_byte_array_append(whole, bytes->data, 33); /* signature and IHDR */
        g_byte_array_append(whole, chunk, sizeof chunk);
        g_byte_array_append(whole, bytes->data + 33, bytes->len - 33);
        return kyso_fd_new_memory("image", whole->data, whole->len, NULL);
    }
    return kyso_fd_new_memory("image", bytes->data, bytes->len, NULL);
}

static KysoPdfRect
rect_of(const GString *document, const char *name)
{
    g_autoptr(json_t) inspection = test_inspect(document, "{}");
    KysoPdfRect rect = {NAN, NAN, NAN, NAN};
    json_t *field;
    gsize i;

    json_array_foreach(json_object_get(inspection, "fields"), i, field)
    {
        if (strcmp(json_string_value(json_object_get(field, "name")), name) != 0)
            continue;
        g_assert_cmpint(json_unpack(json_object_get(field, "rect"), "[F, F, F, F]", &rect.llx,
                                    &rect.lly, &rect.urx, &rect.ury),
                        ==, 0);
    }
    return rect;
}

static void
assert_rect(KysoPdfRect rect, double llx, double lly, double urx, double ury)
{
    g_assert_cmpfloat_with_epsilon(rect.llx, llx, 0.05);
    g_assert_cmpfloat_with_epsilon(rect.lly, lly, 0.05);
    g_assert_cmpfloat_with_epsilon(rect.urx, urx, 0.05);
    g_assert_cmpfloat_with_epsilon(rect.ury, ury, 0.05);
}

#define APPROVE                                                                                    \
    "{'field': {'name': 'A', 'page': 1, 'rect': [300, 200, 440, 280], 'fit': 'image'}, "           \
    "'image': {'fd': 1}, " TEST_TIME

static void
test_field_is_as_large_as_the_image(void)
{
    g_autoptr(TestString) wide = test_pdf_plain();
    g_autoptr(TestString) tall = test_pdf_plain();
    g_autoptr(json_t) one = test_prepare(wide, APPROVE "}", new_image(280, 80, 0));
    g_autoptr(json_t) other = test_prepare(tall, APPROVE "}", new_image(80, 160, 0));

    assert_rect(rect_of(wide, "A"), 300, 220, 440, 260);
    assert_rect(rect_of(tall, "A"), 350, 200, 390, 280);
}

/* 36 mm are reserved over the left third of an image 140 points wide. */
static void
test_seal_is_reserved_over_a_third(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    g_autoptr(json_t) result = test_prepare(
        document,
        APPROVE ", 'reserve': [{'type': 'signature', 'name': 'S', 'over_signature': true, "
                "'fit': 'seal'}], 'reserved_seal_mm': 36}",
        new_image(280, 80, 0));
    double right = 300 + 140.0 / 3, half = POINTS(36) / 2;

    assert_rect(rect_of(document, "S"), right - 2 * half, 240 - half, right, 240 + half);
}

#define SEAL                                                                                       \
    "{'field': {'name': 'S', 'page': 1, 'rect': [300, 200, 390, 260], 'fit': 'seal'}, "            \
    "'image': {'fd': 1}, 'seal': true, " TEST_TIME

static void
test_seal_has_its_real_size(void)
{
    g_autoptr(TestString) told = test_pdf_plain();
    g_autoptr(TestString) known = test_pdf_plain();
    g_autoptr(json_t) one = test_prepare(told, SEAL ", 'seal_mm': 40}", new_image(500, 500, 36));
    g_autoptr(json_t) other = test_prepare(known, SEAL "}", new_image(500, 500, 36));

    assert_rect(rect_of(told, "S"), 330 - POINTS(40), 230 - POINTS(20), 330, 230 + POINTS(20));
    assert_rect(rect_of(known, "S"), 330 - POINTS(36), 230 - POINTS(18), 330, 230 + POINTS(18));
}

static void
test_seal_of_unknown_size(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    test_assert_prepare_fails(document, SEAL "}", new_image(500, 500, 0),
                              KYSO_ERROR_WRONG_PARAMETERS);
    /* 96 pixels an inch, as a screen has: no seal is so large */
    test_assert_prepare_fails(document, SEAL "}", new_image(500, 500, 500 / 96.0 * 25.4),
                              KYSO_ERROR_WRONG_PARAMETERS);
    test_assert_prepare_fails(document, SEAL ", 'seal_mm': 5}", new_image(500, 500, 36),
                              KYSO_ERROR_WRONG_PARAMETERS);
}

static void
test_seal_larger_than_what_is_reserved(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    g_autoptr(json_t) result = test_prepare(
        document,
        APPROVE ", 'reserve': [{'type': 'signature', 'name': 'S', 'over_signature': true, "
                "'fit': 'seal'}], 'reserved_seal_mm': 36}",
        new_image(280, 80, 0));

    test_assert_prepare_fails(
        document,
        "{'field': {'existing': 'S'}, 'image': {'fd': 1}, 'seal': true, 'seal_mm': 40, " TEST_TIME
        "}",
        new_image(500, 500, 0), KYSO_ERROR_PLACE_OUTSIDE);
}

static void
test_nothing_to_put_a_seal_over(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    test_assert_prepare_fails(
        document,
        "{'field': {'name': 'A'}, 'reserve': [{'type': 'signature', 'name': 'S', "
        "'over_signature': true, 'fit': 'seal'}], 'reserved_seal_mm': 36, " TEST_TIME "}",
        -1, KYSO_ERROR_WRONG_PARAMETERS);
}

static void
test_places_of_turned_pages(void)
{
    KysoPdfPage page = {.number = 1, .box = {10, 20, 605, 862}};
    const KysoPdfRect shown = {30, 40, 130, 60};
    const KysoPdfRect expected[] = {
        {40, 60, 140, 80},    /* 0 */
        {545, 50, 565, 150},  /* 90: the foot of what is shown is the right edge */
        {475, 802, 575, 822}, /* 180 */
        {50, 732, 70, 832},   /* 270 */
    };
    for (int i = 0; i < 4; i++) {
        page.rotate = 90 * i;
        KysoPdfRect user = kyso_pdf_place_from_shown(&page, &shown);
        KysoPdfRect back = kyso_pdf_place_to_shown(&page, &user);
        assert_rect(user, expected[i].llx, expected[i].lly, expected[i].urx, expected[i].ury);
        assert_rect(back, shown.llx, shown.lly, shown.urx, shown.ury);
    }
}

static void
test_parts_of_one_field(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    g_autoptr(json_t) result = test_prepare(
        document,
        "{'field': {'name': 'A', 'page': 1, 'rect': [100, 100, 300, 200]}, 'image': {'fd': 1}, "
        "'draw': [{'rect': [0, 0, 200, 100], 'frame': true}, {'rect': [10, 10, 90, 90], "
        "'image': true}, {'rect': [100, 40, 190, 60], 'text': {'value': 'Số: 79', 'size': 13, "
        "'italic': true}}], " TEST_TIME "}",
        new_image(50, 50, 0));

    static const char *const wrong[] = {
        "[{'rect': [0, 0, 201, 100], 'frame': true}]",
        "[{'rect': [50, 0, 10, 100], 'frame': true}]",
    };
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(TestString) other = test_pdf_plain();
        g_autofree char *params = g_strdup_printf(
            "{'field': {'name': 'A', 'page': 1, 'rect': [100, 100, 300, 200]}, 'draw': %s, "
            "'signing_time': 'D:20261122160509'}",
            wrong[i]);
        test_assert_prepare_fails(other, params, -1, KYSO_ERROR_PLACE_OUTSIDE);
    }
}

static void
test_text_of_one_size_only(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    test_assert_prepare_fails(
        document,
        "{'field': {'name': 'A', 'page': 1, 'rect': [100, 100, 150, 112]}, 'text': {'value': "
        "'Số: 79/UBND-VHTT; 22/11/2026; 16:05:09 +07:00', 'size': 10, 'exact': true}, " TEST_TIME
        "}",
        -1, KYSO_ERROR_TEXT_NOT_DRAWABLE);
}

static void
test_what_no_part_can_be(void)
{
    static const char *const wrong[] = {
        "[1]",
        "[{'rect': [0, 0, 9, 9]}]",
        "[{'rect': [0, 0, 9, 9], 'image': true}]", /* there is none */
        "[{'rect': [0, 0, 9, 9], 'frame': true, 'text': {'value': 'a'}}]",
        "[{'rect': [0, 0, 9, 9], 'circle': true}]",
        "[{'frame': true}]",
    };
    g_autoptr(TestString) document = test_pdf_plain();

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *params = g_strdup_printf(
            "{'field': {'name': 'A', 'page': 1, 'rect': [100, 100, 300, 200]}, 'draw': %s, "
            "'signing_time': 'D:20261122160509'}",
            wrong[i]);
        test_assert_prepare_fails(document, params, -1, KYSO_ERROR_WRONG_PARAMETERS);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-looks/fit", test_field_is_as_large_as_the_image);
    g_test_add_func("/pdf-looks/third", test_seal_is_reserved_over_a_third);
    g_test_add_func("/pdf-looks/real-size", test_seal_has_its_real_size);
    g_test_add_func("/pdf-looks/unknown-size", test_seal_of_unknown_size);
    g_test_add_func("/pdf-looks/too-large", test_seal_larger_than_what_is_reserved);
    g_test_add_func("/pdf-looks/nothing-under-it", test_nothing_to_put_a_seal_over);
    g_test_add_func("/pdf-looks/turned", test_places_of_turned_pages);
    g_test_add_func("/pdf-looks/parts", test_parts_of_one_field);
    g_test_add_func("/pdf-looks/exact", test_text_of_one_size_only);
    g_test_add_func("/pdf-looks/no-part", test_what_no_part_can_be);
    return g_test_run();
}
