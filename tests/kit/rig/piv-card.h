/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A PIV card (SP 800-73-4) as such: APDUs in, responses out; no sockets, no time.
 *
 * It has a PIN with a counter that locks, a PUK that unlocks it, keys of which 9C wants the PIN
 * before each use and 9E none, command chaining, GET RESPONSE and extended lengths, and says of
 * itself what OpenSC looks for; as @is_yubico what ykcs11 looks for too. Objects and keys cannot be
 * written over the card's interface.
 */

#include "tests/kit/rig/piv-pins.h"

typedef struct {
    PivPins pins;
    GHashTable *objects; /* piv-objects.h */
    GHashTable *keys;    /* piv-keys.h */
    guint32 serial;
    gboolean is_yubico;

    /* Until the next reset: */
    gboolean is_verified;
    gboolean may_sign;    /* the PIN came just before: for 9C */
    int chain_ins;        /* -1: no chain is open */
    GByteArray *chain;    /* the data of its commands so far */
    GByteArray *response; /* what GET RESPONSE has still to give */
} PivCard;

PivCard *piv_card_new(guint32 serial, gboolean is_yubico);
void piv_card_free(PivCard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PivCard, piv_card_free)

/* Power on, or a reset: forgets the PIN that was verified. */
void piv_card_reset(PivCard *self);

/* The answer to reset. */
void piv_card_append_atr(const PivCard *self, GByteArray *out);

/* Any bytes at all; the response ends with a status word, which is returned too. */
guint16 piv_card_transmit(PivCard *self, Span command, GByteArray *response);
