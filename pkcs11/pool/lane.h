/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One module: its worker process and everything that is asked of it, one thing at a time and in
 * order, as two processes that open a token at the same moment fail (SoftHSM does).
 *
 * Main thread only. Used inside this folder.
 */

#include "ipc/wire/helper.h"
#include "pkcs11/pool/login.h"

#define KYSO_TYPE_LANE (kyso_lane_get_type())
G_DECLARE_FINAL_TYPE(KysoLane, kyso_lane, KYSO, LANE, GObject)

/* Nothing is started yet. */
KysoLane *kyso_lane_new(const char *module_path, const char *worker_program);
const char *kyso_lane_get_path(KysoLane *self);
GPid kyso_lane_get_worker_pid(KysoLane *self);

/* As kyso_pool_list_async of one module. */
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

/* The login is over: logs out where the worker is usable still, then the worker ends. */
void kyso_lane_log_out(KysoLane *self, gint64 login);

/* @error as seen by a caller: names the module; a GError of ours, details kept. Takes @error. */
GError *kyso_lane_explain(KysoLane *self, GError *error);
