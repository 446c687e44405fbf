/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a signature's or seal's image: refused with a code, or drawn into a look that is a
 * PDF of one page.
 *
 * First byte: bit 0, the check sums of the chunks are put right before, so that the fuzzer gets
 * past them.
 */

#include <stdint.h>
#include <string.h>

#include <zlib.h>

#include "agent/document/appearance.h"
#include "agent/document/png-image.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MEND_BIT 1
#define SIGNATURE_SIZE 8
#define MAX_PIXELS (512 * 512) /* larger ones only cost time here */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint32
read_uint(const guint8 *data)
{
    guint32 value;

    memcpy(&value, data, sizeof value);
    return GUINT32_FROM_BE(value);
}

/* Length, type, data, check sum over the last two (RFC 2083 §3.2). */
static void
mend_sums(guint8 *png, gsize size)
{
    gsize at = SIGNATURE_SIZE;

    while (at < size && size - at >= 12) {
        gsize length = read_uint(png + at);
        if (length > size - at - 12)
            return;
        guint32 sum = GUINT32_TO_BE((guint32) crc32(0, png + at + 4, (uInt) length + 4));
        memcpy(png + at + 8 + length, &sum, sizeof sum);
        at += length + 12;
    }
}

static void
check_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE);
}

static void
check_look(int fd, const KysoPngSides *sides)
{
    const KysoLook look = {.image_fd = fd, .print_width = sides->print_width};
    g_autoptr(KysoAppearance) appearance = kyso_appearance_new();
    g_autoptr(GError) error = NULL;

    if (!kyso_appearance_add(appearance, 300, 300, &look, &error)) {
        check_error(error);
        return;
    }
    g_autoptr(GBytes) pdf = kyso_appearance_finish(appearance, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_get_size(pdf) > 8 &&
                  memcmp(g_bytes_get_data(pdf, NULL), "%PDF-", 5) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    g_autofree guint8 *png = g_memdup2(data + 1, size - 1);
    if ((data[0] & MEND_BIT) != 0)
        mend_sums(png, size - 1);
    g_auto(KysoFd) fd =
        kyso_fd_new_memory("fuzz", png != NULL ? (const void *) png : "", size - 1, NULL);
    g_autoptr(GError) error = NULL;
    KysoPngSides sides = {0};

    if (!kyso_png_image_read_sides(fd, &sides, &error)) {
        check_error(error);
        return 0;
    }
    g_assert_true(sides.width > 0 && sides.width <= KYSO_PNG_MAX_SIDE);
    g_assert_true(sides.height > 0 && sides.height <= KYSO_PNG_MAX_SIDE);
    g_assert_true(sides.print_width >= 0 && sides.print_width < 300);
    if (sides.width * sides.height <= MAX_PIXELS)
        check_look(fd, &sides);
    return 0;
}
