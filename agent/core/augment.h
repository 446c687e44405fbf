/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * signatures.augment: a signature that is there already gets what proves it for longer: a
 * timestamp, the proofs of its certificates, a timestamp over all of that. Nobody signs, no token
 * is asked, and no byte of what was signed changes. Main thread only.
 */

#include "agent/core/agent.h"

void kyso_augment_start(KysoAgent *agent, KysoJob *job);
