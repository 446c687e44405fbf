/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Inside of a lane: what is asked of it stands in lane.c, what becomes of it when a token comes or
 * goes in lane-presence.c.
 */

#include "pkcs11/pool/lane-worker.h"
#include "pkcs11/pool/lane.h"

typedef enum {
    LANE_FREE,
    LANE_PAUSED, /* after a crash, until the module may be tried again */
    LANE_WAITING_FOR_TURN,
    LANE_LISTING,
    LANE_LOGGING_IN,
    LANE_LOGGED_IN,
    LANE_LOGGING_OUT,
    LANE_RESETTING, /* the card */
} LaneState;

struct _KysoLane {
    GObject parent_instance;
    char *path;
    char *reset_program;
    KysoReader *reader; /* NULL: no PC/SC module */
    KysoTurn *turn;
    KysoCrashHistory *history;
    KysoLaneWorker *worker;
    LaneState state;
    guint pause_timer;
    GQueue waiting;    /* KysoLaneStep, oldest first */
    GQueue listers;    /* KysoLaneStep: those that the listing under way answers */
    GPtrArray *tokens; /* of the last listing; NULL: none */
    GPtrArray *faults;
    guint listed_at;   /* kyso_turn_get_changes */
    KysoLogin *login;  /* the live one, not owned */
    gboolean is_stale; /* something was plugged in or out while the worker was busy */
    GError *ended;     /* why the insertion is over; NULL: it is not */
    GError *doom;      /* why the login under way shall not live */
};

/* Nothing is under way any more: the reader's turn is given back, and the next thing begins. */
void kyso_lane_become_free(KysoLane *self);
