/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Locks the card in a reader again: a PIN that was verified holds on many cards for every program
 * until the card is reset, whatever C_Logout says (PIV with OpenSC does).
 *
 * Done by a process of its own (kyso-card-reset), killed after five seconds: a card that does not
 * answer must not hold up the agent. Main thread only.
 */

#include <glib.h>

/* Called from the main loop, once, where the reset was begun. */
typedef void (*KysoCardResetDone)(gpointer user_data);

/* FALSE: it could not be begun, and @done is not called. */
gboolean kyso_card_reset_start(const char *program, const char *reader, KysoCardResetDone done,
                               gpointer user_data);
