/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Between a reader (ifd-rig) and a card (piv-card): a SOCK_SEQPACKET connection, of which each
 * message is one of these bytes and what belongs to it. The reader asks, the card answers once with
 * the same byte; a hang-up is a card that was pulled out. The card connects, the reader accepts.
 */

#define CARD_LINK_POWER_ON 'P'  /* or a reset; answer: the ATR, empty where the card is mute */
#define CARD_LINK_POWER_OFF 'O' /* answer: nothing more */
#define CARD_LINK_ATR 'A'       /* answer: the ATR; the card stays as it is */
#define CARD_LINK_APDU 'T'      /* a command APDU; answer: the response APDU */

#define CARD_LINK_SIZE (1 + 65536 + 9) /* kind, and the longest APDU (ISO 7816-4 §5.1) */
