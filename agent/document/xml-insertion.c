/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-insertion.h"

#include <string.h>

#include "ipc/base/error.h"

/* Where the last @mark before @end begins, or -1. */
static gssize
find_before(const char *data, gsize end, const char *mark)
{
    gsize length = strlen(mark);

    for (gssize i = (gssize) end - (gssize) length; i >= 0; i--)
        if (memcmp(data + i, mark, length) == 0)
            return i;
    return -1;
}

static gboolean
ends_with(const char *data, gsize end, const char *mark)
{
    gsize length = strlen(mark);
    return end >= length && memcmp(data + end - length, mark, length) == 0;
}

/* The end of the root element: what may follow are spaces, comments and instructions. */
static gsize
end_of_root(const char *data, gsize size)
{
    gssize end = (gssize) size;

    while (end > 0) {
        if (g_ascii_isspace(data[end - 1]))
            end--;
        else if (ends_with(data, (gsize) end, "-->"))
            end = find_before(data, (gsize) end, "<!--"); /* "--" cannot be inside */
        else if (ends_with(data, (gsize) end, "?>"))
            end = find_before(data, (gsize) end, "<?");
        else
            break;
    }
    return (gsize) MAX(end, 0);
}

/* Bytes of the name behind "<". */
static gsize
name_length(const char *tag, gsize size)
{
    gsize length = 0;

    while (length < size && !g_ascii_isspace(tag[length]) && tag[length] != '/' &&
           tag[length] != '>')
        length++;
    return length;
}

static GBytes *
join(const char *data, gsize size, gsize begin, gsize end, GByteArray *middle)
{
    GByteArray *all = g_byte_array_sized_new((guint) (size + middle->len));

    g_byte_array_append(all, (const guint8 *) data, (guint) begin);
    g_byte_array_append(all, middle->data, middle->len);
    g_byte_array_append(all, (const guint8 *) data + end, (guint) (size - end));
    g_byte_array_unref(middle);
    return g_byte_array_free_to_bytes(all);
}

typedef struct {
    gsize tag; /* where the last tag of the root element begins */
    gsize end; /* and ends */
    gboolean is_empty;
} LastTag;

static gboolean
find_last_tag(const char *data, gsize size, LastTag *ret, GError **error)
{
    ret->end = end_of_root(data, size);
    ret->is_empty = ends_with(data, ret->end, "/>");
    gssize tag = ends_with(data, ret->end, ">")
                     ? find_before(data, ret->end, ret->is_empty ? "<" : "</")
                     : -1;
    if (tag < 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML,
                            "the end of the root element is not found: is it UTF-8?");
        return FALSE;
    }
    ret->tag = (gsize) tag;
    return TRUE;
}

gboolean
kyso_xml_insertion_is_possible(GBytes *xml, GError **error)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(xml, &size);
    LastTag last;

    return find_last_tag(data, size, &last, error);
}

GBytes *
kyso_xml_insertion_splice(GBytes *xml, GBytes *text, GError **error)
{
    gsize size = 0, text_size = 0;
    const char *data = g_bytes_get_data(xml, &size);
    const guint8 *inserted = g_bytes_get_data(text, &text_size);
    LastTag last;

    if (!find_last_tag(data, size, &last, error))
        return NULL;
    GByteArray *middle = g_byte_array_new();
    if (last.is_empty)
        g_byte_array_append(middle, (const guint8 *) ">", 1);
    g_byte_array_append(middle, inserted, (guint) text_size);
    if (!last.is_empty)
        return join(data, size, last.tag, last.tag, middle);
    const char *name = data + last.tag + 1;
    g_byte_array_append(middle, (const guint8 *) "</", 2);
    g_byte_array_append(middle, (const guint8 *) name,
                        (guint) name_length(name, last.end - last.tag - 1));
    g_byte_array_append(middle, (const guint8 *) ">", 1);
    return join(data, size, last.end - 2, last.end, middle);
}
