/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of libkyso share; not installed, not exported.
 */

#include "ipc/client/kyso.h"
#include "ipc/wire/json.h"

/* Who is told how far the call is: either, or NULL. */
typedef struct {
    KysoClientProgress one;
    KysoClientListProgress list;
    gpointer user_data;
} KysoClientWatcher;

/* kyso_client_call with @params (taken) as a value. @watcher may be NULL. */
G_GNUC_INTERNAL KysoResult *kyso_client_request(KysoClient *client, const char *method,
                                                json_t *params, const int *fds, guint n_fds,
                                                int timeout_ms, const KysoClientWatcher *watcher,
                                                GError **error);

/* Blocks until the next notification @method comes, and returns its parameters (new). NULL with
 * @error: cancelled, or the connection was lost. */
G_GNUC_INTERNAL json_t *kyso_client_wait_notification(KysoClient *client, const char *method,
                                                      GError **error);

/* @value is taken. */
G_GNUC_INTERNAL KysoResult *kyso_client_result_new(json_t *value);

/* The error response @body as a GError that keeps all of its data, also of a code that only a
 * newer agent knows. NULL where @body is none. */
G_GNUC_INTERNAL GError *kyso_client_error_read(const json_t *body);
