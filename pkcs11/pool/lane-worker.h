/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The worker process of a lane: started when it is needed, kept for half a minute after it was, and
 * replaced once it has died. Main thread only; used inside this folder.
 */

#include "ipc/wire/helper.h"
#include "pkcs11/pool/modules.h"
#include "pkcs11/token/reader.h"

typedef struct _KysoLaneWorker KysoLaneWorker;

/* @program: kyso-token. @reader: the only one that it sees; NULL: all. Copied; nothing starts yet.
 */
KysoLaneWorker *kyso_lane_worker_new(const char *program, const KysoModule *module,
                                     const KysoReader *reader);
/* Retires it. */
void kyso_lane_worker_free(KysoLaneWorker *self);

/* A worker that can be called: the one that rests, or a new one. Borrowed until any other call. */
KysoHelper *kyso_lane_worker_use(KysoLaneWorker *self);

/* Nothing is asked of it now: it may end after a while. */
void kyso_lane_worker_rest(KysoLaneWorker *self);

/* It is asked to end (for it saw a PIN, or a handle of its may have outlived an insertion), or
 * killed (for nobody knows what state it is in). Nothing where there is none. */
void kyso_lane_worker_retire(KysoLaneWorker *self);
void kyso_lane_worker_kill(KysoLaneWorker *self);

GPid kyso_lane_worker_get_pid(KysoLaneWorker *self); /* 0: none */
