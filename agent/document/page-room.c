/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-room.h"

#include <math.h>

#define EDGE 14.0 /* points from the sides of the page: printers leave 5 mm out */
#define GAP 2.0   /* points around what is put there */
#define INK 0x18  /* of 255: lighter is paper, or the grain of a scan */

/* sums[y * (width + 1) + x]: inked pixels above y and left of x. */
typedef struct {
    guint32 *sums;
    int width, height;
} InkTable;

static gboolean
is_ink(guint32 pixel)
{
    guint darkest = MIN(MIN(pixel & 0xff, (pixel >> 8) & 0xff), (pixel >> 16) & 0xff);
    return 255 - darkest > INK;
}

static InkTable
count_ink(const KysoPageImage *image)
{
    const guint8 *rows = g_bytes_get_data(image->pixels, NULL);
    InkTable table = {NULL, image->width, image->height};
    gsize step = (gsize) image->width + 1;

    table.sums = g_new0(guint32, step * ((gsize) image->height + 1));
    for (int y = 0; y < image->height; y++) {
        const guint32 *row = (const guint32 *) (const void *) (rows + (gsize) y * image->stride);
        guint32 *above = table.sums + (gsize) y * step, *below = above + step, in_row = 0;
        for (int x = 0; x < image->width; x++) {
            in_row += is_ink(row[x]);
            below[x + 1] = above[x + 1] + in_row;
        }
    }
    return table;
}

static guint32
ink_in(const InkTable *table, int x0, int y0, int x1, int y1)
{
    const guint32 *sums = table->sums;
    gsize step = (gsize) table->width + 1;

    x0 = CLAMP(x0, 0, table->width);
    x1 = CLAMP(x1, x0, table->width);
    y0 = CLAMP(y0, 0, table->height);
    y1 = CLAMP(y1, y0, table->height);
    return sums[y1 * step + x1] - sums[y0 * step + x1] - sums[y1 * step + x0] +
           sums[y0 * step + x0];
}

KysoBox
kyso_page_room_find(const KysoPageImage *image, double width, double height, KysoBox wanted,
                    gboolean *ret_is_free)
{
    double scale = image->width / width, box_width = wanted.x1 - wanted.x0,
           box_height = wanted.y1 - wanted.y0, best_distance = 0;
    int wide = (int) ceil((box_width + 2 * GAP) * scale),
        high = (int) ceil((box_height + 2 * GAP) * scale), edge = (int) ceil((EDGE - GAP) * scale);
    guint32 best_ink = G_MAXUINT32;
    KysoBox best = wanted;
    InkTable table = count_ink(image);

    for (int y = edge; y + high <= image->height - edge; y++) {
        for (int x = edge; x + wide <= image->width - edge; x++) {
            guint32 ink = ink_in(&table, x, y, x + wide, y + high);
            double x0 = x / scale + GAP, y1 = height - y / scale - GAP;
            double distance = hypot(x0 - wanted.x0, y1 - wanted.y1);
            if (ink > best_ink || (ink == best_ink && distance >= best_distance))
                continue;
            best_ink = ink;
            best_distance = distance;
            best = (KysoBox){x0, y1 - box_height, x0 + box_width, y1};
        }
    }
    g_free(table.sums);
    *ret_is_free = best_ink == 0;
    return best;
}

gboolean
kyso_page_room_is_free(const KysoPageImage *image, double width, double height, KysoBox box)
{
    double scale = image->width / width;
    InkTable table = count_ink(image);
    guint32 ink =
        ink_in(&table, (int) floor(box.x0 * scale), (int) floor((height - box.y1) * scale),
               (int) ceil(box.x1 * scale), (int) ceil((height - box.y0) * scale));

    g_free(table.sums);
    return ink == 0;
}
