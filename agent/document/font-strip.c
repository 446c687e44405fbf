/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/font-strip.h"

#include <gio/gio.h>
#include <string.h>

#define MAX_SIZE (4 * 1024 * 1024) /* of an unpacked subset */
#define MAX_TABLES 32

#define MORE_COMPONENTS 0x0020 /* flags of a composite glyph (OpenType 1.9, glyf) */
#define ARGS_ARE_WORDS 0x0001
#define HAS_SCALE 0x0008
#define HAS_XY_SCALE 0x0040
#define HAS_MATRIX 0x0080
#define HAS_INSTRUCTIONS 0x0100

typedef struct {
    const guint8 *data;
    gsize size;
} Span;

typedef struct {
    char tag[4];
    Span span;
} Table;

typedef struct {
    Table tables[MAX_TABLES];
    guint n_tables;
} Font;

static guint
get16(Span span, gsize offset)
{
    return offset + 2 <= span.size ? (guint) span.data[offset] << 8 | span.data[offset + 1] : 0;
}

static guint32
get32(Span span, gsize offset)
{
    return (guint32) get16(span, offset) << 16 | get16(span, offset + 2);
}

static void
put16(GByteArray *out, guint value)
{
    guint16 big = GUINT16_TO_BE((guint16) value);

    g_byte_array_append(out, (const guint8 *) &big, sizeof big);
}

static void
put32(GByteArray *out, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);

    g_byte_array_append(out, (const guint8 *) &big, sizeof big);
}

static void
pad(GByteArray *out)
{
    static const guint8 zeros[4] = {0};

    g_byte_array_append(out, zeros, (4 - out->len % 4) % 4);
}

static gboolean
read_tables(Span file, Font *ret)
{
    ret->n_tables = get16(file, 4);
    if (ret->n_tables == 0 || ret->n_tables > MAX_TABLES || 12 + 16 * ret->n_tables > file.size)
        return FALSE;
    for (guint i = 0; i < ret->n_tables; i++) {
        gsize entry = 12 + 16 * i;
        gsize offset = get32(file, entry + 8), size = get32(file, entry + 12);
        if (offset > file.size || size > file.size - offset)
            return FALSE;
        memcpy(ret->tables[i].tag, file.data + entry, 4);
        ret->tables[i].span = (Span){file.data + offset, size};
    }
    return TRUE;
}

static Span *
find_table(Font *font, const char *tag)
{
    for (guint i = 0; i < font->n_tables; i++)
        if (memcmp(font->tables[i].tag, tag, 4) == 0)
            return &font->tables[i].span;
    return NULL;
}

/* Contours: the instructions stand between their ends and their points. */
static gboolean
put_simple_glyph(GByteArray *out, Span glyph)
{
    gsize count = 10 + 2 * (gsize) get16(glyph, 0);
    gsize rest = count + 2 + get16(glyph, count);

    if (rest > glyph.size)
        return FALSE;
    g_byte_array_append(out, glyph.data, (guint) count);
    put16(out, 0);
    g_byte_array_append(out, glyph.data + rest, (guint) (glyph.size - rest));
    return TRUE;
}

/* Parts: the instructions follow the last one. */
static gboolean
put_composite_glyph(GByteArray *out, Span glyph)
{
    gsize at = 10;
    guint flags;

    g_byte_array_append(out, glyph.data, 10);
    do {
        flags = get16(glyph, at);
        gsize size = 4 + (flags & ARGS_ARE_WORDS ? 4 : 2) +
                     (flags & HAS_MATRIX     ? 8
                      : flags & HAS_XY_SCALE ? 4
                      : flags & HAS_SCALE    ? 2
                                             : 0);
        if (at + size > glyph.size)
            return FALSE;
        put16(out, flags & ~(guint) HAS_INSTRUCTIONS);
        g_byte_array_append(out, glyph.data + at + 2, (guint) (size - 2));
        at += size;
    } while (flags & MORE_COMPONENTS);
    return TRUE;
}

static gboolean
put_glyph(GByteArray *out, Span glyph)
{
    if (glyph.size == 0)
        return TRUE;
    if (glyph.size < 12)
        return FALSE;
    gboolean is_simple = (get16(glyph, 0) & 0x8000) == 0;
    if (!(is_simple ? put_simple_glyph(out, glyph) : put_composite_glyph(out, glyph)))
        return FALSE;
    pad(out);
    return TRUE;
}

static gsize
glyph_offset(Span loca, gboolean is_long, gsize index)
{
    return is_long ? get32(loca, 4 * index) : 2 * (gsize) get16(loca, 2 * index);
}

static gboolean
put_glyphs(Font *font, GByteArray *glyf, GByteArray *loca)
{
    const Span *head = find_table(font, "head"), *old_loca = find_table(font, "loca");
    const Span *old_glyf = find_table(font, "glyf"), *maxp = find_table(font, "maxp");

    if (head == NULL || old_loca == NULL || old_glyf == NULL || maxp == NULL)
        return FALSE;
    gboolean is_long = get16(*head, 50) != 0;
    gsize n = get16(*maxp, 4);
    if (old_loca->size < (n + 1) * (is_long ? 4 : 2))
        return FALSE;
    for (gsize i = 0; i <= n; i++) {
        if (is_long)
            put32(loca, glyf->len);
        else if (glyf->len / 2 <= G_MAXUINT16)
            put16(loca, glyf->len / 2);
        else
            return FALSE;
        if (i == n)
            break;
        gsize start = glyph_offset(*old_loca, is_long, i);
        gsize end = glyph_offset(*old_loca, is_long, i + 1);
        if (start > end || end > old_glyf->size ||
            !put_glyph(glyf, (Span){old_glyf->data + start, end - start}))
            return FALSE;
    }
    return TRUE;
}

static guint32
checksum(const guint8 *data, gsize size)
{
    guint32 sum = 0;

    for (gsize i = 0; i < size; i++)
        sum += (guint32) data[i] << (24 - 8 * (i % 4));
    return sum;
}

static gboolean
is_kept(const Table *table)
{
    return memcmp(table->tag, "fpgm", 4) != 0 && memcmp(table->tag, "prep", 4) != 0 &&
           memcmp(table->tag, "cvt ", 4) != 0;
}

static void
put_directory(GByteArray *out, const Font *font, guint n_kept)
{
    guint power = 1, log = 0;
    gsize offset = 12 + 16 * n_kept;

    while (2 * power <= n_kept) {
        power *= 2;
        log++;
    }
    put32(out, 0x00010000);
    put16(out, n_kept);
    put16(out, 16 * power);
    put16(out, log);
    put16(out, 16 * (n_kept - power));
    for (guint i = 0; i < font->n_tables; i++) {
        const Table *table = &font->tables[i];
        if (!is_kept(table))
            continue;
        g_byte_array_append(out, (const guint8 *) table->tag, 4);
        put32(out, checksum(table->span.data, table->span.size));
        put32(out, (guint32) offset);
        put32(out, (guint32) table->span.size);
        offset += (table->span.size + 3) / 4 * 4;
    }
}

/* head's checkSumAdjustment stays that of cairo: readers of PDFs ignore it (OpenType 1.9, head). */
static GByteArray *
put_font(const Font *font)
{
    GByteArray *out = g_byte_array_new();
    guint n_kept = 0;

    for (guint i = 0; i < font->n_tables; i++)
        n_kept += is_kept(&font->tables[i]) ? 1 : 0;
    put_directory(out, font, n_kept);
    for (guint i = 0; i < font->n_tables; i++) {
        if (!is_kept(&font->tables[i]))
            continue;
        g_byte_array_append(out, font->tables[i].span.data, (guint) font->tables[i].span.size);
        pad(out);
    }
    return out;
}

/* All of @input through @converter at once, or NULL. */
static GByteArray *
convert(GConverter *converter, const guint8 *input, gsize size)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    GConverterResult result;

    do {
        guint8 part[16384];
        gsize n_read, n_written;
        result = g_converter_convert(converter, input, size, part, sizeof part,
                                     G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL);
        if (result == G_CONVERTER_ERROR || out->len + n_written > MAX_SIZE)
            return NULL;
        g_byte_array_append(out, part, (guint) n_written);
        input += n_read;
        size -= n_read;
    } while (result != G_CONVERTER_FINISHED);
    return g_steal_pointer(&out);
}

static GByteArray *
strip(Span file)
{
    g_autoptr(GByteArray) glyf = g_byte_array_new();
    g_autoptr(GByteArray) loca = g_byte_array_new();
    Font font;

    if (!read_tables(file, &font) || !put_glyphs(&font, glyf, loca))
        return NULL;
    *find_table(&font, "glyf") = (Span){glyf->data, glyf->len};
    *find_table(&font, "loca") = (Span){loca->data, loca->len};
    return put_font(&font);
}

GBytes *
kyso_font_strip(GBytes *stream, gsize *ret_length1)
{
    g_autoptr(GConverter) unpack =
        G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
    g_autoptr(GConverter) pack =
        G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 9));
    gsize size;
    const guint8 *data = g_bytes_get_data(stream, &size);

    g_autoptr(GByteArray) file = convert(unpack, data, size);
    if (file == NULL)
        return NULL;
    g_autoptr(GByteArray) stripped = strip((Span){file->data, file->len});
    if (stripped == NULL)
        return NULL;
    GByteArray *packed = convert(pack, stripped->data, stripped->len);
    *ret_length1 = stripped->len;
    return packed == NULL ? NULL : g_byte_array_free_to_bytes(packed);
}
