/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One line for each command that the card got, written before it is answered:
 *
 *     MS INS P1 P2 SIZE DATA SW        2041.337 20 00 80 8 **** 63c2
 *
 * MS of the monotonic clock, SIZE of the data in bytes, DATA their first 32 bytes in hex, "-" where
 * there are none, "****" for a PIN or PUK; SW "-" where the card does not answer.
 */

#include "tests/kit/rig/apdu.h"

#include <stdio.h>

/* @status 0: no answer. */
void card_log_write(FILE *log, Span command, guint16 status);
