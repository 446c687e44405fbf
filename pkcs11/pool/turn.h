/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Whose turn it is at a reader: one module at a time speaks to the card in it, as two that select
 * their applications on it in turn disturb each other. First come, first served.
 *
 * Counted; main thread only.
 */

#include <glib-object.h>

typedef struct _KysoTurn KysoTurn;

/* Called once when it is the caller's turn, perhaps before kyso_turn_take has returned. */
typedef void (*KysoTurnCame)(gpointer user_data);

KysoTurn *kyso_turn_new(void);
KysoTurn *kyso_turn_ref(KysoTurn *self);
void kyso_turn_unref(KysoTurn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTurn, kyso_turn_unref)

/* Asks for the turn, which ends by kyso_turn_give_back with the same @user_data. */
void kyso_turn_take(KysoTurn *self, KysoTurnCame came, gpointer user_data);

/* A PIN was tried on the card: what any module has said of its tries is old. Counted. */
void kyso_turn_note_change(KysoTurn *self);
guint kyso_turn_get_changes(const KysoTurn *self);

/* Ends the turn of @user_data, or its waiting for one; nothing where it does neither. */
void kyso_turn_give_back(KysoTurn *self, gpointer user_data);
