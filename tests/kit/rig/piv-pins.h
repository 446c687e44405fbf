/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* PIN and PUK of the card with their counters (SP 800-73-4 part 2 §3.2). Kept over resets. */

#include "tests/kit/rig/apdu.h"

#define PIV_PIN_SIZE 8 /* as sent: filled up with FF */

typedef struct {
    guint8 value[PIV_PIN_SIZE];
    guint left;
    guint most;
} PivSecret;

typedef struct {
    PivSecret pin, puk;
} PivPins;

/* TRUE where @text is 4 to 8 digits or letters; it is the value from now on, with all tries. */
gboolean piv_pins_set(PivSecret *secret, const char *text, guint most);

/* The commands' data in, their status word out. Each wrong value costs one try. */
guint16 piv_pins_verify(PivPins *self, Span data);
guint16 piv_pins_change(PivSecret *secret, Span data);
guint16 piv_pins_unblock(PivPins *self, Span data);

/* Of a VERIFY without data by somebody who has not verified. */
guint16 piv_pins_tries_status(const PivSecret *secret);
