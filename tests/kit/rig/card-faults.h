/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a card shall do wrong, by the INS of the command: as data. */

#include <glib.h>

typedef enum {
    CARD_FAULT_HANG,     /* never answers, until it is pulled out */
    CARD_FAULT_DELAY,    /* answers `value` ms later */
    CARD_FAULT_SW,       /* answers with the status word `value` and does nothing */
    CARD_FAULT_DROP,     /* is pulled out while the command is under way */
    CARD_FAULT_TRUNCATE, /* loses the second half of the response */
    CARD_FAULT_MUTE,     /* has no ATR; the INS does not matter */
} CardFaultKind;

typedef struct {
    int ins; /* -1: any */
    CardFaultKind kind;
    guint value;
    guint times; /* 0: for ever */
} CardFault;

/* GArray of CardFault, the first that fits counts. */
GArray *card_faults_new(void);

/* "INS|* KIND [VALUE [TIMES]]": INS in hex, VALUE in decimal, of "sw" in hex. FALSE: it is not. */
gboolean card_faults_add(GArray *faults, const char *text);

/* The fault for this command, used up once. */
gboolean card_faults_take(GArray *faults, guint8 ins, CardFault *ret_fault);

gboolean card_faults_is_mute(const GArray *faults);

const char *card_faults_name(CardFaultKind kind);
