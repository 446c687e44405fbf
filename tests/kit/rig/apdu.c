/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/apdu.h"

#define HEADER_SIZE 4
#define SHORT_ROOM 256
#define EXTENDED_ROOM 65536

static gsize
number_at(Span bytes, gsize offset)
{
    return (gsize) bytes.bytes[offset] << 8 | bytes.bytes[offset + 1];
}

static gsize
room_of(gsize le, gsize most)
{
    return le == 0 ? most : le;
}

static gboolean
parse_short(Span body, Apdu *apdu)
{
    gsize size = body.bytes[0];

    if (body.size == 1) {
        apdu->room = room_of(size, SHORT_ROOM);
        return TRUE;
    }
    if (body.size != 1 + size && body.size != 2 + size)
        return FALSE;
    apdu->data = (Span){body.bytes + 1, size};
    if (body.size == 2 + size)
        apdu->room = room_of(body.bytes[1 + size], SHORT_ROOM);
    return TRUE;
}

static gboolean
parse_extended(Span body, Apdu *apdu)
{
    gsize size = number_at(body, 1);

    apdu->room = EXTENDED_ROOM;
    if (body.size == 3) {
        apdu->room = room_of(size, EXTENDED_ROOM);
        return TRUE;
    }
    if (body.size != 3 + size && body.size != 5 + size)
        return FALSE;
    apdu->data = (Span){body.bytes + 3, size};
    if (body.size == 5 + size)
        apdu->room = room_of(number_at(body, 3 + size), EXTENDED_ROOM);
    return TRUE;
}

gboolean
apdu_parse(Span bytes, Apdu *ret_apdu)
{
    if (bytes.size < HEADER_SIZE)
        return FALSE;
    *ret_apdu = (Apdu){
        .cla = bytes.bytes[0],
        .ins = bytes.bytes[1],
        .p1 = bytes.bytes[2],
        .p2 = bytes.bytes[3],
        .room = SHORT_ROOM,
    };
    Span body = {bytes.bytes + HEADER_SIZE, bytes.size - HEADER_SIZE};
    if (body.size == 0)
        return TRUE;
    if (body.bytes[0] == 0 && body.size >= 3)
        return parse_extended(body, ret_apdu);
    return parse_short(body, ret_apdu);
}

gboolean
apdu_is_secret(const Apdu *apdu)
{
    return apdu->ins == INS_VERIFY || apdu->ins == INS_CHANGE_REFERENCE ||
           apdu->ins == INS_RESET_RETRY;
}

void
apdu_append_status(GByteArray *out, guint16 status)
{
    guint8 bytes[] = {status >> 8, status & 0xFF};

    g_byte_array_append(out, bytes, sizeof bytes);
}
