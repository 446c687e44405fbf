/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * tokens.list of ipc/PROTOCOL.md §2. Main thread only.
 */

#include "agent/core/agent.h"

void kyso_inventory_tokens_list(KysoAgent *agent, KysoJob *job);

/* What the PIN question and the lists show of a token: {"label", "serial", flags}. New. */
json_t *kyso_inventory_describe_token(const KysoToken *token);
