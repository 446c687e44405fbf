/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Command APDUs, short and extended (ISO 7816-4 §5.1), and the status words that the card uses. */

#include "tests/kit/rig/tlv.h"

enum {
    SW_OK = 0x9000,
    SW_MORE = 0x6100,       /* and how much more in the low byte, 0: 256 or more */
    SW_TRIES_LEFT = 0x63C0, /* and how many in the lowest four bits */
    SW_WRONG_LENGTH = 0x6700,
    SW_SECURITY_STATUS = 0x6982,
    SW_BLOCKED = 0x6983,
    SW_CONDITIONS = 0x6985,
    SW_WRONG_DATA = 0x6A80,
    SW_NOT_FOUND = 0x6A82,
    SW_WRONG_P1P2 = 0x6A86,
    SW_NO_REFERENCE = 0x6A88,
    SW_NO_SUCH_INS = 0x6D00,
};

enum {
    INS_VERIFY = 0x20,
    INS_CHANGE_REFERENCE = 0x24,
    INS_RESET_RETRY = 0x2C,
    INS_GENERAL_AUTHENTICATE = 0x87,
    INS_SELECT = 0xA4,
    INS_GET_RESPONSE = 0xC0,
    INS_GET_DATA = 0xCB,
    INS_YUBICO_SERIAL = 0xF8,
    INS_YUBICO_VERSION = 0xFD,
};

#define CLA_CHAINING 0x10

typedef struct {
    guint8 cla, ins, p1, p2;
    Span data;
    gsize room; /* bytes of response that fit, without the status word */
} Apdu;

/* FALSE: the lengths in it do not fit together. `data` points into @bytes. */
gboolean apdu_parse(Span bytes, Apdu *ret_apdu);

/* TRUE where its data hold a PIN or PUK. */
gboolean apdu_is_secret(const Apdu *apdu);

void apdu_append_status(GByteArray *out, guint16 status);
