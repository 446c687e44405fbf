/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-insertion.h"

#include <string.h>

#include "ipc/base/error.h"

/* Markup as it is written: a tree does not know which bytes it was read from. */
typedef struct {
    const char *data;
    gsize size, at;
} Scan;

/* The last tag of an element; of an empty one, its only one. */
typedef struct {
    gsize begin, end;
    gboolean is_empty;
} LastTag;

static gboolean
skip_past(Scan *scan, const char *mark)
{
    const char *found = NULL;

    if (scan->at < scan->size) /* the data of no bytes is NULL */
        found = memmem(scan->data + scan->at, scan->size - scan->at, mark, strlen(mark));
    if (found == NULL)
        return FALSE;
    scan->at = (gsize) (found - scan->data) + strlen(mark);
    return TRUE;
}

/* Behind the ">" of a tag; another may stand in its attributes. */
static gboolean
skip_tag(Scan *scan)
{
    char quote = '\0';

    while (scan->at < scan->size) {
        char c = scan->data[scan->at++];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return TRUE;
    }
    return FALSE;
}

/* The next tag ends where @scan then stands; what is none is passed over. */
static gboolean
next_tag(Scan *scan, gsize *ret_begin)
{
    static const struct {
        const char *begin, *end;
    } others[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

    while (skip_past(scan, "<")) {
        gsize begin = scan->at - 1;
        guint i = 0;
        while (i < G_N_ELEMENTS(others) &&
               (scan->size - begin < strlen(others[i].begin) ||
                memcmp(scan->data + begin, others[i].begin, strlen(others[i].begin)) != 0))
            i++;
        *ret_begin = begin;
        if (i == G_N_ELEMENTS(others))
            return skip_tag(scan);
        scan->at = begin + strlen(others[i].begin);
        if (!skip_past(scan, others[i].end))
            return FALSE;
    }
    return FALSE;
}

static gboolean
find_last_tag(Scan *scan, guint element, LastTag *ret)
{
    guint n_begun = 0, depth = 0, depth_of_it = 0;
    gsize begin = 0;

    while (next_tag(scan, &begin)) {
        gboolean is_end = scan->data[begin + 1] == '/';
        gboolean is_empty = !is_end && scan->data[scan->at - 2] == '/';
        *ret = (LastTag){begin, scan->at, is_empty};
        if (!is_end) {
            if (n_begun++ == element) {
                depth_of_it = depth + 1;
                if (is_empty)
                    return TRUE;
            }
            depth += !is_empty;
        } else if (depth-- == depth_of_it && n_begun > element) {
            return TRUE;
        }
    }
    return FALSE;
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
join(const Scan *scan, gsize begin, gsize end, GByteArray *middle)
{
    const guint8 *data = (const guint8 *) scan->data;
    GByteArray *all = g_byte_array_sized_new((guint) (scan->size + middle->len));

    g_byte_array_append(all, data, (guint) begin);
    g_byte_array_append(all, middle->data, middle->len);
    g_byte_array_append(all, data + end, (guint) (scan->size - end));
    g_byte_array_unref(middle);
    return g_byte_array_free_to_bytes(all);
}

static gboolean
fail(const char *what, GError **error)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML, "%s: is it UTF-8?", what);
    return FALSE;
}

gboolean
kyso_xml_insertion_is_possible(GBytes *xml, guint n_elements, GError **error)
{
    Scan scan = {0};
    guint n_begun = 0;
    gsize begin;

    scan.data = g_bytes_get_data(xml, &scan.size);
    while (next_tag(&scan, &begin))
        n_begun += scan.data[begin + 1] != '/';
    return n_begun == n_elements || fail("its tags are not found", error);
}

GBytes *
kyso_xml_insertion_splice(GBytes *xml, guint element, GBytes *text, GError **error)
{
    gsize text_size = 0;
    const guint8 *inserted = g_bytes_get_data(text, &text_size);
    LastTag last;
    Scan scan = {0};

    scan.data = g_bytes_get_data(xml, &scan.size);
    if (!find_last_tag(&scan, element, &last)) {
        fail("the end of the element is not found", error);
        return NULL;
    }
    GByteArray *middle = g_byte_array_new();
    if (last.is_empty)
        g_byte_array_append(middle, (const guint8 *) ">", 1);
    g_byte_array_append(middle, inserted, (guint) text_size);
    if (!last.is_empty)
        return join(&scan, last.begin, last.begin, middle);
    const char *name = scan.data + last.begin + 1;
    g_byte_array_append(middle, (const guint8 *) "</", 2);
    g_byte_array_append(middle, (const guint8 *) name,
                        (guint) name_length(name, last.end - last.begin - 1));
    g_byte_array_append(middle, (const guint8 *) ">", 1);
    return join(&scan, last.end - 2, last.end, middle);
}
