/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * signatures.signDoc of ipc/PROTOCOL.md §3: the path of one signature. Main thread only.
 */

#include "agent/core/signer-state.h"

void kyso_sign_doc_start(KysoAgent *agent, KysoJob *job);
