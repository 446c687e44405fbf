/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/tlv.h"

#define TAG_BYTES 3

static gboolean
take_byte(Span *rest, guint *ret_byte)
{
    if (rest->size == 0)
        return FALSE;
    *ret_byte = *rest->bytes++;
    rest->size--;
    return TRUE;
}

static gboolean
take_tag(Span *rest, guint *ret_tag)
{
    guint byte;

    if (!take_byte(rest, &byte))
        return FALSE;
    *ret_tag = byte;
    if ((byte & 0x1F) != 0x1F)
        return TRUE;
    for (int i = 1; i < TAG_BYTES; i++) {
        if (!take_byte(rest, &byte))
            return FALSE;
        *ret_tag = *ret_tag << 8 | byte;
        if ((byte & 0x80) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
take_length(Span *rest, gsize *ret_length)
{
    guint first, byte;

    if (!take_byte(rest, &first))
        return FALSE;
    *ret_length = first;
    if (first < 0x80)
        return TRUE;
    if (first != 0x81 && first != 0x82)
        return FALSE;
    *ret_length = 0;
    for (guint i = 0x80; i < first; i++) {
        if (!take_byte(rest, &byte))
            return FALSE;
        *ret_length = *ret_length << 8 | byte;
    }
    return TRUE;
}

gboolean
tlv_take(Span *rest, Tlv *ret_tlv)
{
    Span left = *rest;
    gsize length;

    if (!take_tag(&left, &ret_tlv->tag) || !take_length(&left, &length) || length > left.size)
        return FALSE;
    ret_tlv->value = (Span){left.bytes, length};
    *rest = (Span){left.bytes + length, left.size - length};
    return TRUE;
}

gboolean
tlv_find(Span list, guint tag, Span *ret_value)
{
    Tlv tlv;

    while (tlv_take(&list, &tlv))
        if (tlv.tag == tag) {
            *ret_value = tlv.value;
            return TRUE;
        }
    return FALSE;
}

static void
append_byte(GByteArray *out, gsize byte)
{
    guint8 octet = byte & 0xFF;

    g_byte_array_append(out, &octet, 1);
}

void
tlv_append(GByteArray *out, guint tag, const void *value, gsize size)
{
    g_assert(size <= 0xFFFF);
    for (int shift = 16; shift > 0; shift -= 8)
        if (tag >> shift != 0)
            append_byte(out, tag >> shift);
    append_byte(out, tag);

    if (size > 0xFF) {
        append_byte(out, 0x82);
        append_byte(out, size >> 8);
    } else if (size > 0x7F)
        append_byte(out, 0x81);
    append_byte(out, size);
    g_byte_array_append(out, value, (guint) size);
}
