/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Readers and cards without hardware, for unit tests: what tests/kit/card_rig.py is for the others.
 * A private pcscd, as any user, whose readers hold virtual PIV cards.
 *
 * PCSCLITE_CSOCK_NAME and OPENSC_CONF are set in this process. libpcsclite keeps the first name
 * that it sees, so that all rigs of a process use one path: only one at a time, each new one with
 * readers and cards as they come from the factory.
 *
 * A verb returns when pcscd tells its clients what has become so; it does not run the main loop.
 * What fails ends the test. The children die with the thread that made the rig.
 */

#include "tests/kit/virtual-card.h"

typedef struct CardRig CardRig;

/* @n_readers, called "Rig Reader 0", ... , without cards. @hotplug: they can be pulled out; NULL
 * with the reason in *@ret_why (g_free), for g_test_skip, where this machine cannot have such a
 * pcscd. */
CardRig *card_rig_new(guint n_readers, gboolean hotplug, char **ret_why);
void card_rig_free(CardRig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardRig, card_rig_free)

/* As PC/SC names it. */
const char *card_rig_reader_name(CardRig *self, guint reader);

/* Pulls the reader out, with the card in it if there is one, as a USB token; puts it back. */
void card_rig_reader_remove(CardRig *self, guint reader);
void card_rig_reader_add(CardRig *self, guint reader);

/* @name: of the pool. Its PIN counter is as it was when it was last taken out. */
void card_rig_card_insert(CardRig *self, guint reader, const char *name);
void card_rig_card_remove(CardRig *self, guint reader);

/* rig/card-faults.h: @kind "hang", ...; @ins -1: any; @times 0: until card_rig_card_clear. */
void card_rig_card_fault(CardRig *self, guint reader, int ins, const char *kind, guint value,
                         guint times);
void card_rig_card_clear(CardRig *self, guint reader);

/* Of the PIN, that are left. */
guint card_rig_card_tries(CardRig *self, guint reader);

/* The card itself, for its other commands and events. */
VirtualCard *card_rig_get_card(CardRig *self, guint reader);

/* As if it had crashed: clients find no service. Cards that are in readers stay there. */
void card_rig_pcscd_kill(CardRig *self);
void card_rig_pcscd_start(CardRig *self);
