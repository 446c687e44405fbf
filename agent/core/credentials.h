/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * credentials.list and credentials.info of ipc/PROTOCOL.md §2. Main thread only.
 */

#include "agent/core/signer-state.h"

void kyso_credentials_list(KysoAgent *agent, KysoJob *job);
void kyso_credentials_info(KysoAgent *agent, KysoJob *job);
