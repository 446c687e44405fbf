/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tokens.watch of ipc/PROTOCOL.md §2: which readers and cards there are, and each change of that,
 * told to the connections that have asked. Main thread only.
 */

#include "agent/core/agent.h"

void kyso_token_watch_start(KysoAgent *agent, KysoJob *job);

/* The connection is gone: it is told nothing more. */
void kyso_token_watch_forget(KysoAgent *agent, KysoConnection *connection);

void kyso_token_watch_free(KysoTokenWatch *self);
