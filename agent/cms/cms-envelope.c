/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/cms-envelope.h"

#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MAX_PARTS (256 * 1024)        /* of the content: OpenSSL writes 4 KiB a part */
#define MAX_BEHIND (16 * 1024 * 1024) /* bytes: certificates, CRLs and signatures */
#define MAX_SMALL 4096                /* bytes of a value before the content */
#define MAX_DEPTH 16

/* Identifier octets (X.690 §8.1.2) */
#define SEQUENCE 0x30
#define SET 0x31
#define INTEGER 0x02
#define OID 0x06
#define OCTETS 0x04
#define OCTETS_IN_PARTS 0x24
#define EXPLICIT_0 0xa0

static const guint8 SIGNED_DATA[] = {OID,  0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x07, 0x02};

/* Bytes that are read from a file, or from memory where @data is set. */
typedef struct {
    int fd;
    const guint8 *data;
    goffset size, at;
    goffset limit; /* values that are skipped begin before it */
} Source;

typedef struct {
    guint8 tag;
    goffset end; /* -1: not known before the end-of-contents octets */
} Value;

static gboolean
get(const Source *source, goffset offset, guint8 *ret, gsize size)
{
    if (offset < 0 || (goffset) size > source->size - offset)
        return FALSE;
    if (source->data == NULL)
        return kyso_fd_read_at(source->fd, ret, size, offset, NULL);
    memcpy(ret, source->data + offset, size);
    return TRUE;
}

/* Reads tag and length at the place where @source stands, which goes behind them. */
static gboolean
open_value(Source *source, Value *ret)
{
    guint8 head[2], more[8];
    guint64 length = 0;

    if (!get(source, source->at, head, 2) || (head[0] & 0x1f) == 0x1f)
        return FALSE;
    source->at += 2;
    ret->tag = head[0];
    ret->end = -1;
    if (head[1] == 0x80)
        return (head[0] & 0x20) != 0;
    length = head[1];
    if (head[1] > 0x80) {
        gsize n = head[1] & 0x7f;
        if (n > sizeof more || !get(source, source->at, more, n))
            return FALSE;
        source->at += (goffset) n;
        length = 0;
        for (gsize i = 0; i < n; i++)
            length = length << 8 | more[i];
    }
    if (length > (guint64) (source->size - source->at))
        return FALSE;
    ret->end = source->at + (goffset) length;
    return TRUE;
}

static gboolean
open_tag(Source *source, guint8 tag, Value *ret)
{
    return open_value(source, ret) && ret->tag == tag;
}

static gboolean
is_at_end(const Source *source, const Value *value)
{
    guint8 octets[2];

    if (value->end >= 0)
        return source->at == value->end;
    return get(source, source->at, octets, 2) && octets[0] == 0 && octets[1] == 0;
}

static gboolean
close_value(Source *source, const Value *value)
{
    if (!is_at_end(source, value))
        return FALSE;
    if (value->end < 0)
        source->at += 2;
    return TRUE;
}

static gboolean
skip_value(Source *source, int depth)
{
    Value value;

    if (depth > MAX_DEPTH || source->at > source->limit || !open_value(source, &value))
        return FALSE;
    if (value.end >= 0) {
        source->at = value.end;
        return TRUE;
    }
    while (!is_at_end(source, &value))
        if (!skip_value(source, depth + 1))
            return FALSE;
    return close_value(source, &value);
}

/* Copies the small value of @tag at the place where @source stands, with its head. */
static gboolean
take_small(Source *source, guint8 tag, GByteArray *into)
{
    guint8 bytes[MAX_SMALL];
    goffset start = source->at;
    Value value;

    if (!open_tag(source, tag, &value) || value.end < 0 || value.end - start > MAX_SMALL)
        return FALSE;
    gsize size = (gsize) (value.end - start);
    if (!get(source, start, bytes, size))
        return FALSE;
    g_byte_array_append(into, bytes, (guint) size);
    source->at = value.end;
    return TRUE;
}

/* Writing heads */

static void
put_head(GByteArray *into, guint8 tag, guint64 length)
{
    guint8 head[10] = {tag};
    guint n = 0;

    while (length >> (8 * n) != 0 && n < 8)
        n++;
    if (length < 0x80) {
        head[1] = (guint8) length;
        g_byte_array_append(into, head, 2);
        return;
    }
    head[1] = (guint8) (0x80 | n);
    for (guint i = 0; i < n; i++)
        head[2 + i] = (guint8) (length >> (8 * (n - 1 - i)));
    g_byte_array_append(into, head, 2 + n);
}

static guint64
head_size(guint64 length)
{
    guint n = 2;

    for (guint64 rest = length; length >= 0x80 && rest != 0; rest >>= 8)
        n++;
    return n;
}

/* Reading the parts of SignedData */

typedef struct {
    GByteArray *start; /* version and digestAlgorithms, with their heads */
    GByteArray *type;  /* eContentType */
    GArray *content;   /* NULL: not looked at */
    gboolean has_content;
    goffset behind, behind_end; /* the rest of SignedData */
} Parts;

static void
parts_clear(Parts *self)
{
    g_byte_array_unref(self->start);
    g_byte_array_unref(self->type);
    g_array_unref(self->content);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parts, parts_clear)

static gboolean
read_octets(Source *source, Parts *parts)
{
    Value whole, part;

    if (!open_value(source, &whole))
        return FALSE;
    if (whole.tag == OCTETS) {
        KysoCmsRange range = {source->at, whole.end - source->at};
        g_array_append_val(parts->content, range);
        source->at = whole.end;
        return TRUE;
    }
    if (whole.tag != OCTETS_IN_PARTS)
        return FALSE;
    while (!is_at_end(source, &whole)) {
        if (!open_tag(source, OCTETS, &part) || parts->content->len == MAX_PARTS)
            return FALSE;
        KysoCmsRange range = {source->at, part.end - source->at};
        g_array_append_val(parts->content, range);
        source->at = part.end;
    }
    return close_value(source, &whole);
}

static gboolean
read_content_info(Source *source, Parts *parts)
{
    Value info, holder;

    if (!open_tag(source, SEQUENCE, &info) || !take_small(source, OID, parts->type))
        return FALSE;
    parts->has_content = !is_at_end(source, &info);
    if (parts->has_content && (!open_tag(source, EXPLICIT_0, &holder) ||
                               !read_octets(source, parts) || !close_value(source, &holder)))
        return FALSE;
    return close_value(source, &info);
}

static gboolean
read_signed_data(Source *source, Parts *parts)
{
    Value data;

    if (!open_tag(source, SEQUENCE, &data) || !take_small(source, INTEGER, parts->start) ||
        !take_small(source, SET, parts->start) || !read_content_info(source, parts))
        return FALSE;
    parts->behind = source->at;
    source->limit = source->at + MAX_BEHIND;
    while (!is_at_end(source, &data))
        if (!skip_value(source, 0))
            return FALSE;
    parts->behind_end = source->at;
    return close_value(source, &data);
}

static gboolean
read_parts(Source *source, Parts *parts)
{
    guint8 type[sizeof SIGNED_DATA];
    Value info, holder;

    if (!open_tag(source, SEQUENCE, &info) || !get(source, source->at, type, sizeof type) ||
        memcmp(type, SIGNED_DATA, sizeof type) != 0)
        return FALSE;
    source->at += sizeof type;
    return open_tag(source, EXPLICIT_0, &holder) && read_signed_data(source, parts) &&
           close_value(source, &holder) && close_value(source, &info) &&
           source->at == source->size && parts->behind_end - parts->behind <= MAX_BEHIND;
}

static Parts
parts_new(void)
{
    return (Parts){.start = g_byte_array_new(),
                   .type = g_byte_array_new(),
                   .content = g_array_new(FALSE, FALSE, sizeof(KysoCmsRange))};
}

/* All but the content: its heads, for @size bytes of it; -1: none at all. */
static GByteArray *
write_before(const Parts *parts, goffset size)
{
    GByteArray *bytes = g_byte_array_new();
    guint64 octets = size < 0 ? 0 : head_size((guint64) size) + (guint64) size;
    guint64 holder = size < 0 ? 0 : head_size(octets) + octets;
    guint64 info = parts->type->len + holder;
    guint64 data =
        parts->start->len + head_size(info) + info + (guint64) (parts->behind_end - parts->behind);
    guint64 outer = head_size(data) + data;

    put_head(bytes, SEQUENCE, sizeof SIGNED_DATA + head_size(outer) + outer);
    g_byte_array_append(bytes, SIGNED_DATA, sizeof SIGNED_DATA);
    put_head(bytes, EXPLICIT_0, outer);
    put_head(bytes, SEQUENCE, data);
    g_byte_array_append(bytes, parts->start->data, parts->start->len);
    put_head(bytes, SEQUENCE, info);
    g_byte_array_append(bytes, parts->type->data, parts->type->len);
    if (size >= 0) {
        put_head(bytes, EXPLICIT_0, octets);
        put_head(bytes, OCTETS, (guint64) size);
    }
    return bytes;
}

KysoCmsEnvelope *
kyso_cms_envelope_read(int fd, goffset size, GError **error)
{
    g_auto(Parts) parts = parts_new();
    Source source = {.fd = fd, .size = size};

    if (!read_parts(&source, &parts)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                            "not a CMS SignedData alone");
        return NULL;
    }
    gsize behind = (gsize) (parts.behind_end - parts.behind);
    g_autofree guint8 *rest = g_malloc(behind + 1);
    if (!kyso_fd_read_at(fd, rest, behind, parts.behind, error))
        return NULL;
    GByteArray *cms = write_before(&parts, -1);
    g_byte_array_append(cms, rest, (guint) behind);

    KysoCmsEnvelope *self = g_new0(KysoCmsEnvelope, 1);
    self->cms = g_byte_array_free_to_bytes(cms);
    self->content = g_array_ref(parts.content);
    self->has_content = parts.has_content;
    return self;
}

void
kyso_cms_envelope_free(KysoCmsEnvelope *self)
{
    if (self == NULL)
        return;
    g_bytes_unref(self->cms);
    g_array_unref(self->content);
    g_free(self);
}

gboolean
kyso_cms_envelope_cut(GBytes *cms, goffset size, GBytes **ret_before, GBytes **ret_behind,
                      GError **error)
{
    g_auto(Parts) parts = parts_new();
    gsize length = 0;
    const guint8 *data = g_bytes_get_data(cms, &length);
    Source source = {.data = data, .size = (goffset) length};

    if (!read_parts(&source, &parts) || parts.has_content) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "not a detached signature");
        return FALSE;
    }
    *ret_before = g_byte_array_free_to_bytes(write_before(&parts, size));
    *ret_behind = g_bytes_new(data + parts.behind, (gsize) (parts.behind_end - parts.behind));
    return TRUE;
}
