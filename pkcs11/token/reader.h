/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A PC/SC reader as it was at one moment. A USB token is a reader with a card that never leaves it.
 *
 * Immutable and counted; thread-safe.
 */

#include <glib-object.h>

typedef enum {
    KYSO_READER_CARD = 1 << 0,      /* a card is in it */
    KYSO_READER_MUTE = 1 << 1,      /* the card does not answer to reset (SCARD_STATE_MUTE) */
    KYSO_READER_EXCLUSIVE = 1 << 2, /* some program has the card for itself alone */
    KYSO_READER_IN_USE = 1 << 3,    /* some program is connected to the card */
} KysoReaderFlags;

typedef struct {
    char *name; /* pcscd's, "Bit4id TokenME EVO v2 00 00" */
    KysoReaderFlags flags;
    GBytes *atr;       /* answer to reset, ISO 7816-3 §8; NULL: no card, or mute */
    guint64 insertion; /* differs for every card that has been in any reader since the agent
                        * started, also for the same card put in again; 0: no card */
} KysoReader;

#define KYSO_TYPE_READER (kyso_reader_get_type())
GType kyso_reader_get_type(void);

/* @atr: a reference is taken. */
KysoReader *kyso_reader_new(const char *name, KysoReaderFlags flags, GBytes *atr,
                            guint64 insertion);
KysoReader *kyso_reader_ref(KysoReader *self);
void kyso_reader_unref(KysoReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoReader, kyso_reader_unref)

gboolean kyso_reader_has_card(const KysoReader *self);

/* TRUE where nothing of it differs. */
gboolean kyso_reader_equal(const KysoReader *a, const KysoReader *b);
