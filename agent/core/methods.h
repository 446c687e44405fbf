/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The methods of ipc/PROTOCOL.md, as a table. Main thread only.
 */

#include "agent/core/agent.h"

#define KYSO_MAX_CONNECTIONS 1024

/* Ends the job, now or later. */
typedef void (*KysoHandler)(KysoAgent *agent, KysoJob *job);

typedef struct {
    const char *name;
    KysoHandler handler;       /* NULL: in the signing module */
    guint timeout_ms;          /* where the caller sets none */
    gboolean is_signing;       /* counts against KYSO_MAX_SIGNING_JOBS */
    const char *const *params; /* names it takes, NULL-ended, beside timeout_ms */
} KysoMethodEntry;

/* One request of a client: answered or started. */
void kyso_methods_dispatch(KysoAgent *agent, KysoConnection *connection, KysoMessage *message);
