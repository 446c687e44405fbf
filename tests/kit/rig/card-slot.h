/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A card in a reader, or in none: the connection of card-link.h, with the card's faults and log.
 *
 * What happens is told by a callback, one line each:
 *     power-on                the reader has powered it up or reset it
 *     lost                    the reader is gone, or cut it off; the card goes in again by itself
 * as soon as the reader is back apdu INS                a command that was asked for by
 * card_slot_watch, before it is run fault INS KIND          a fault has begun
 */

#include "tests/kit/rig/card-faults.h"
#include "tests/kit/rig/piv-card.h"

#include <stdio.h>

typedef struct CardSlot CardSlot;

typedef void (*CardSlotEvent)(const char *text, gpointer user_data);

/* @card and @log, which may be NULL, stay the caller's. */
CardSlot *card_slot_new(PivCard *card, FILE *log, CardSlotEvent event, gpointer user_data);
void card_slot_free(CardSlot *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardSlot, card_slot_free)

/* Into the reader whose listener is at @path. FALSE: it is in a reader already, or none listens. */
gboolean card_slot_insert(CardSlot *self, const char *path);
void card_slot_remove(CardSlot *self);
gboolean card_slot_is_inserted(const CardSlot *self);

GArray *card_slot_get_faults(CardSlot *self);

/* Tells of the next command with @ins, once. */
void card_slot_watch(CardSlot *self, guint8 ins);
