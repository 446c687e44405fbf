/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tokens.list of ipc/PROTOCOL.md §2. Main thread only.
 */

#include "agent/core/agent.h"

void kyso_token_list_start(KysoAgent *agent, KysoJob *job);

/* What the PIN question and the lists show of a token: {"label", "serial", flags}. New. */
json_t *kyso_token_list_describe(const KysoToken *token);

/* How long a listing waits for each module: half of the job's time at most, so that one module that
 * hangs leaves time to tell of the others. */
guint kyso_token_list_deadline_ms(KysoAgent *agent, KysoJob *job);
