/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/appearance.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <cairo-pdf.h>
#include <string.h>
#include <sys/stat.h>

struct _KysoAppearance {
    GByteArray *bytes;
    cairo_surface_t *surface; /* made with the first page */
    cairo_t *cairo;
};

typedef cairo_surface_t CairoSurface;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CairoSurface, cairo_surface_destroy)

KysoAppearance *
kyso_appearance_new(void)
{
    KysoAppearance *self = g_new0(KysoAppearance, 1);

    self->bytes = g_byte_array_new();
    return self;
}

void
kyso_appearance_free(KysoAppearance *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->cairo, cairo_destroy);
    g_clear_pointer(&self->surface, cairo_surface_destroy);
    g_byte_array_unref(self->bytes);
    g_free(self);
}

static cairo_status_t
keep_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    g_byte_array_append(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

static void
start_page(KysoAppearance *self, double width, double height)
{
    if (self->surface == NULL) {
        self->surface = cairo_pdf_surface_create_for_stream(keep_bytes, self->bytes, width, height);
        cairo_pdf_surface_restrict_to_version(self->surface, CAIRO_PDF_VERSION_1_5);
        self->cairo = cairo_create(self->surface);
    } else {
        cairo_pdf_surface_set_size(self->surface, width, height);
    }
}

/* The sides stand in the first chunk (RFC 2083 §4.1.1): checked before anything is unpacked. */
static gboolean
has_sane_sides(const guint8 *png, gsize size)
{
    static const guint8 start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
                                   0,    0,   0,   13,  'I',  'H',  'D',  'R'};
    guint32 sides[2];

    if (size < sizeof start + sizeof sides || memcmp(png, start, sizeof start) != 0)
        return FALSE;
    memcpy(sides, png + sizeof start, sizeof sides);
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        guint32 side = GUINT32_FROM_BE(sides[i]);
        if (side == 0 || side > KYSO_APPEARANCE_MAX_IMAGE_SIDE)
            return FALSE;
    }
    return TRUE;
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

    if (fstat(fd, &st) < 0 || st.st_size > KYSO_APPEARANCE_MAX_IMAGE_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE, "image is over %d bytes",
                    KYSO_APPEARANCE_MAX_IMAGE_SIZE);
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

static cairo_surface_t *
load_image(int fd, GError **error)
{
    g_autoptr(GBytes) bytes = read_image(fd, error);

    if (bytes == NULL)
        return NULL;

    PngInput input;
    input.data = g_bytes_get_data(bytes, &input.left);
    if (!has_sane_sides(input.data, input.left)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE,
                    "image is no PNG of at most %d pixels a side", KYSO_APPEARANCE_MAX_IMAGE_SIDE);
        return NULL;
    }

    g_autoptr(CairoSurface) image = cairo_image_surface_create_from_png_stream(give_bytes, &input);
    if (cairo_surface_status(image) != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_IMAGE_UNREADABLE, "cannot read PNG: %s",
                    cairo_status_to_string(cairo_surface_status(image)));
        return NULL;
    }
    return g_steal_pointer(&image);
}

static gboolean
draw_image(KysoAppearance *self, double width, double height, int fd, GError **error)
{
    g_autoptr(CairoSurface) image = load_image(fd, error);
    if (image == NULL)
        return FALSE;

    double image_width = cairo_image_surface_get_width(image);
    double image_height = cairo_image_surface_get_height(image);
    double scale = MIN(width / image_width, height / image_height);
    cairo_save(self->cairo);
    cairo_translate(self->cairo, (width - image_width * scale) / 2,
                    (height - image_height * scale) / 2);
    cairo_scale(self->cairo, scale, scale);
    cairo_set_source_surface(self->cairo, image, 0, 0);
    cairo_paint(self->cairo);
    cairo_restore(self->cairo);
    return TRUE;
}

gboolean
kyso_appearance_add(KysoAppearance *self, double width, double height, int image_fd,
                    const KysoDrawingText *text, GError **error)
{
    start_page(self, width, height);
    if (image_fd >= 0 && !draw_image(self, width, height, image_fd, error))
        return FALSE;
    if (text != NULL && !kyso_drawing_text(self->cairo, width, height, text, error))
        return FALSE;
    cairo_show_page(self->cairo);
    return TRUE;
}

GBytes *
kyso_appearance_finish(KysoAppearance *self, GError **error)
{
    g_return_val_if_fail(self->surface != NULL, NULL);

    cairo_surface_finish(self->surface);
    cairo_status_t status = cairo_surface_status(self->surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "cannot draw: %s",
                    cairo_status_to_string(status));
        return NULL;
    }
    return g_bytes_new(self->bytes->data, self->bytes->len);
}
