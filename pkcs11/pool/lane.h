/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One module at one insertion of a token: its worker process and everything that is asked of it,
 * one thing at a time and in order, as two processes that open a token at the same moment fail
 * (SoftHSM does).
 *
 * A module that knows no PC/SC readers has one lane for all its slots, for as long as the pool
 * lives. Any other has a lane for each card that may be its own; when that card leaves its reader
 * the lane ends, with all that was asked of it, and no handle of its worker lives on.
 *
 * Signal "login-changed": a login has begun or ended. Main thread only. Used inside this folder.
 */

#include "ipc/wire/helper.h"
#include "pkcs11/pool/crash-history.h"
#include "pkcs11/pool/login.h"
#include "pkcs11/pool/modules.h"
#include "pkcs11/pool/turn.h"
#include "pkcs11/token/reader.h"

#define KYSO_TYPE_LANE (kyso_lane_get_type())
G_DECLARE_FINAL_TYPE(KysoLane, kyso_lane, KYSO, LANE, GObject)

/* What it is made from: copied, or a reference is taken. */
typedef struct {
    const KysoModule *module;
    KysoReader *reader; /* with the insertion it is for; NULL: no PC/SC module */
    KysoTurn *turn;     /* at that reader; NULL there */
    KysoCrashHistory *history;
    const char *worker_program;
    const char *reset_program; /* kyso-card-reset */
} KysoLaneSpec;

/* Nothing is started yet. */
KysoLane *kyso_lane_new(const KysoLaneSpec *spec);
const char *kyso_lane_get_path(KysoLane *self);
KysoReader *kyso_lane_get_reader(KysoLane *self); /* borrowed, may be NULL */
GPid kyso_lane_get_worker_pid(KysoLane *self);

/* TRUE where @credential was listed by this lane, or by one of the same module and insertion. */
gboolean kyso_lane_has(KysoLane *self, const KysoCredential *credential);

/* TRUE while the module is being asked for its tokens. */
gboolean kyso_lane_is_listing(KysoLane *self);

gboolean kyso_lane_has_login(KysoLane *self);

/* FALSE while its insertion lasts. */
gboolean kyso_lane_is_ended(KysoLane *self);

/* The insertion is over: what was asked, and all that is asked later, fails with @reason. */
void kyso_lane_end(KysoLane *self, const GError *reason);

/* A live login ends with @reason; nothing where there is none. */
void kyso_lane_end_login(KysoLane *self, const GError *reason);

/* The same, and so does each login that waits for its turn. */
void kyso_lane_end_logins(KysoLane *self, const GError *reason);

/* Something was plugged in or out: the next thing asked goes to a fresh worker. */
void kyso_lane_refresh(KysoLane *self);

/* TRUE where the live login is on a token in the reader of this name, as far as a module that names
 * readers itself has told. */
gboolean kyso_lane_uses_reader(KysoLane *self, const char *name);

/* As kyso_pool_list_async of one module. KYSO_ERROR_MODULE_QUARANTINED. */
void kyso_lane_list_async(KysoLane *self, guint deadline_ms, GCancellable *cancellable,
                          GAsyncReadyCallback done, gpointer user_data);

/* New references, KysoToken and KysoModuleFault; on FALSE neither is set. */
gboolean kyso_lane_list_finish(KysoLane *self, GAsyncResult *result, GPtrArray **ret_tokens,
                               GPtrArray **ret_faults, GError **error);

/* As kyso_pool_login_async. */
void kyso_lane_login_async(KysoLane *self, KysoCredential *credential, int pin_fd,
                           guint deadline_ms, GCancellable *cancellable, GAsyncReadyCallback done,
                           gpointer user_data);
KysoLogin *kyso_lane_login_finish(KysoLane *self, GAsyncResult *result, GError **error);

/* The login is over: logs out where the worker is usable still, then the worker ends and the card
 * is reset. @fault: what has spent it; NULL: it ends in order. */
void kyso_lane_log_out(KysoLane *self, KysoLogin *login, const GError *fault);

/* @error as seen by a caller: names the module; a GError of ours, details kept. Takes @error. */
GError *kyso_lane_explain(KysoLane *self, GError *error);
