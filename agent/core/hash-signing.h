/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * credentials.authorize and signatures.signHash of ipc/PROTOCOL.md §3: bare digests, off unless
 * the administrator allows them. Main thread only.
 */

#include "agent/core/signer-state.h"

void kyso_hash_signing_authorize(KysoAgent *agent, KysoJob *job);
void kyso_hash_signing_sign_hash(KysoAgent *agent, KysoJob *job);
