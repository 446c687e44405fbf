/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/png-image.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <string.h>
#include <sys/stat.h>

#define POINTS_PER_METRE (72 / 0.0254)
#define SMALLEST_PRINT                                                                             \
    42.5                    /* 15 mm: of a smaller "seal" only the resolution of a screen is told  \
                             */
#define LARGEST_PRINT 227.0 /* 80 mm */
#define CHUNK_REST 12       /* length, type and check sum around a chunk's data (RFC 2083 §3.2) */

typedef cairo_surface_t CairoSurface;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CairoSurface, cairo_surface_destroy)

/* The sides stand in the first chunk (RFC 2083 §4.1.1): checked before anything is unpacked. */
static gboolean
read_header(const guint8 *png, gsize size, KysoPngSides *ret)
{
    static const guint8 start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                   0,    0,   0,   13,  'I',  'H',  'D',  'R'};
    guint32 sides[2];

    if (size < sizeof start + sizeof sides || memcmp(png, start, sizeof start) != 0)
        return FALSE;
    memcpy(sides, png + sizeof start, sizeof sides);
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        guint32 side = GUINT32_FROM_BE(sides[i]);
        if (side == 0 || side > KYSO_PNG_MAX_SIDE)
            return FALSE;
    }
    *ret = (KysoPngSides){GUINT32_FROM_BE(sides[0]), GUINT32_FROM_BE(sides[1]), 0};
    return TRUE;
}

static guint32
read_uint(const guint8 *data)
{
    guint32 value;

    memcpy(&value, data, sizeof value);
    return GUINT32_FROM_BE(value);
}

/* Pixels per metre stand before the pixels (RFC 2083 §4.2.7); those of a screen are of no use. */
static void
read_print_size(const guint8 *png, gsize size, KysoPngSides *ret)
{
    gsize at = 8;

    while (size - at >= CHUNK_REST && memcmp(png + at + 4, "IDAT", 4) != 0) {
        gsize length = read_uint(png + at);
        if (length > size - at - CHUNK_REST)
            return;
        if (length == 9 && memcmp(png + at + 4, "pHYs", 4) == 0) {
            guint32 per_metre = read_uint(png + at + 8);
            double width = per_metre > 0 ? ret->width * POINTS_PER_METRE / per_metre : 0;
            gboolean is_metre = png[at + 16] == 1;
            if (is_metre && width >= SMALLEST_PRINT && width <= LARGEST_PRINT)
                ret->print_width = width;
            return;
        }
        at += length + CHUNK_REST;
    }
}

typedef struct {
    const guint8 *data;
    gsize left;
} PngInput;

static cairo_status_t
give_bytes(void *closure, unsigned char *data, unsigned int size)
{
    PngInput *input = closure;

    if (size > input->left)
        return CAIRO_STATUS_READ_ERROR;
    memcpy(data, input->data, size);
    input->data += size;
    input->left -= size;
    return CAIRO_STATUS_SUCCESS;
}

/* From its start, whatever the offset of @fd: other documents of a batch read the same one now. */
static GBytes *
read_image(int fd, GError **error)
{
    g_autoptr(GError) cause = NULL;
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_size > KYSO_PNG_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE, "image is over %d bytes",
                    KYSO_PNG_MAX_SIZE);
        return NULL;
    }
    g_autofree guint8 *data = g_malloc((gsize) st.st_size + 1);
    if (!kyso_fd_read_at(fd, data, (gsize) st.st_size, 0, &cause)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE, "cannot read image: %s",
                    cause->message);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), (gsize) st.st_size);
}

static GBytes *
read_checked(int fd, KysoPngSides *ret, GError **error)
{
    g_autoptr(GBytes) bytes = read_image(fd, error);
    gsize size;

    if (bytes == NULL)
        return NULL;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (!read_header(data, size, ret)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE,
                    "image is no PNG of at most %d pixels a side", KYSO_PNG_MAX_SIDE);
        return NULL;
    }
    read_print_size(data, size, ret);
    return g_steal_pointer(&bytes);
}

gboolean
kyso_png_image_read_sides(int fd, KysoPngSides *ret, GError **error)
{
    g_autoptr(GBytes) bytes = read_checked(fd, ret, error);
    return bytes != NULL;
}

cairo_surface_t *
kyso_png_image_load(int fd, GError **error)
{
    KysoPngSides sides;
    PngInput input;
    g_autoptr(GBytes) bytes = read_checked(fd, &sides, error);

    if (bytes == NULL)
        return NULL;
    input.data = g_bytes_get_data(bytes, &input.left);
    g_autoptr(CairoSurface) image = cairo_image_surface_create_from_png_stream(give_bytes, &input);
    if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE, "cannot read PNG: %s",
                    cairo_status_to_string(cairo_surface_status(image)));
        return NULL;
    }
    return g_steal_pointer(&image);
}
