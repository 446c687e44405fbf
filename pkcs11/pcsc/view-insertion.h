/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The one insertion that a module behind the view may talk to: the first that it connects to. Once
 * that card, or its reader, has gone, it is over for good, whatever is put in its place.
 *
 * A module connects again by itself when it is told that the card has gone; OpenSC 0.23 then goes
 * on with what it was about to do, and gives the PIN of the one token to the other. The agent kills
 * a worker at such an event, but it may be asleep, or slow, when it happens.
 *
 * Any thread. Not before the view was started.
 */

#include <glib.h>
#include <winscard.h>

/* The real functions that are needed. */
typedef struct {
    typeof(&SCardEstablishContext) establish;
    typeof(&SCardGetStatusChange) get_status_change;
} KysoViewLibrary;

void kyso_view_insertion_start(const char *reader, KysoViewLibrary library);

gboolean kyso_view_insertion_is_over(void);

/* The same, after a look at the reader. FALSE where the module has not connected yet. */
gboolean kyso_view_insertion_look(void);

/* @card was just connected in @context, or connected anew (@context 0). FALSE: it is of another
 * insertion, and must not be used. */
gboolean kyso_view_insertion_take(SCARDCONTEXT context, SCARDHANDLE card);

/* The module has closed one, or all of a context: what is said of them later means nothing. */
void kyso_view_insertion_drop(SCARDHANDLE card);
void kyso_view_insertion_drop_all(SCARDCONTEXT context);

/* What the real library has answered about @card, which is returned. */
LONG kyso_view_insertion_note(SCARDHANDLE card, LONG answer);
