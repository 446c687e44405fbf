/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One thing asked of a lane, in the queue that it waits in: a listing or a login. Its task is
 * answered exactly once. Main thread only; used by the lane.
 */

#include "pkcs11/token/credential.h"

#include <gio/gio.h>

typedef struct {
    GTask *task;                /* its source object is the lane */
    GQueue *queue;              /* the one it stands in; NULL: begun */
    KysoCredential *credential; /* NULL: a listing */
    int pin_fd;                 /* -1: none */
    guint deadline_ms;
    gulong cancel_handler;
} KysoLaneStep;

/* Takes @task. A listing; the caller makes a login of it by its fields. */
KysoLaneStep *kyso_lane_step_new(GTask *task, guint deadline_ms);

/* At the end of @queue, until its turn or until its task is cancelled, which takes it out and
 * answers it. FALSE: it was cancelled before. */
gboolean kyso_lane_step_push(KysoLaneStep *self, GQueue *queue);

/* To the end of another queue. */
void kyso_lane_step_move(KysoLaneStep *self, GQueue *queue);

/* Out of its queue: cancelling is the business of whoever works on it now. */
void kyso_lane_step_begin(KysoLaneStep *self);

/* Drops it. Returns its task, owned, which is to be answered. */
GTask *kyso_lane_step_end(KysoLaneStep *self);

/* Answers all that stand in @queue, or the logins among them. @error is copied. */
void kyso_lane_step_fail_all(GQueue *queue, const GError *error);
void kyso_lane_step_fail_logins(GQueue *queue, const GError *error);

/* The answer to a listing; references to both arrays are taken. */
void kyso_lane_step_return_listing(GTask *task, GPtrArray *tokens, GPtrArray *faults);
gboolean kyso_lane_step_finish_listing(GTask *task, GPtrArray **ret_tokens, GPtrArray **ret_faults,
                                       GError **error);
