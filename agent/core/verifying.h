/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * signatures.verify of ipc/PROTOCOL.md §3. Needs no token and asks nobody. Main thread only.
 */

#include "agent/core/signer-state.h"

void kyso_verifying_verify(KysoAgent *agent, KysoJob *job);
