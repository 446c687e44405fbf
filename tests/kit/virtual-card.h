/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One virtual PIV card of the pool (tests/kit/card_pool.py): a process of its own (tests/kit/rig),
 * so that its PIN counter outlives its insertions. What fails here ends the test.
 */

#include <glib.h>

#define VIRTUAL_CARD_PIN "735914"

typedef struct VirtualCard VirtualCard;

/* @name: "leader", "deputy" or "agency"; its commands are logged to @log (rig/card-log.h). In no
 * reader at first. */
VirtualCard *virtual_card_new(const char *name, const char *log);
void virtual_card_free(VirtualCard *self);

/* One line of rig/card-control.h. What comes after "ok"; g_free. Aborts at any other answer. */
char *virtual_card_call(VirtualCard *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Blocks until an event of rig/card-slot.h that starts so is told; those before it are forgotten.
 */
void virtual_card_wait_event(VirtualCard *self, const char *text);
