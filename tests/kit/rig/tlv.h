/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * BER-TLV as PIV uses it (SP 800-73-4, ISO 7816-4 §5.2.2): tags of one to three bytes, lengths of
 * up to two. Bytes in, bytes out.
 */

#include <glib.h>

typedef struct {
    const guint8 *bytes;
    gsize size;
} Span;

typedef struct {
    guint tag;
    Span value;
} Tlv;

/* The first object of *@rest, which then starts behind it. FALSE: there is no whole one; *@rest is
 * as it was. */
gboolean tlv_take(Span *rest, Tlv *ret_tlv);

/* The value of the first object with @tag among those side by side in @list. */
gboolean tlv_find(Span list, guint tag, Span *ret_value);

void tlv_append(GByteArray *out, guint tag, const void *value, gsize size);
