/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a test says to a card: one command a line in, one line out, and between those the events of
 * card-slot.h as "event ..." lines.
 *
 *     insert PATH                    remove
 *     fault INS KIND [VALUE [TIMES]] clear         faults; card-faults.h. clear ends them all
 *     pin TEXT [TRIES]               puk TEXT [TRIES]
 *     tries                          "ok PIN PUK": how many are left
 *     set-tries PIN PUK
 *     watch INS                      an event at the next such command
 *     status                         "ok inserted|out verified|locked"
 *
 * Answers: "ok ...", or "error ..." and nothing was done.
 */

#include "tests/kit/rig/card-slot.h"

/* The answer without its newline; g_free. */
char *card_control_run(PivCard *card, CardSlot *slot, const char *line);
