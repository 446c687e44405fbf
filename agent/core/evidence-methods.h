/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evidence.list, evidence.get and evidence.delete (ipc/PROTOCOL.md §3): what is kept is found by
 * the document itself, and goes with it. A deletion is in the journal. Main thread only.
 */

#include "agent/core/methods.h"

void kyso_evidence_methods_list(KysoAgent *agent, KysoJob *job);
void kyso_evidence_methods_get(KysoAgent *agent, KysoJob *job);
void kyso_evidence_methods_delete(KysoAgent *agent, KysoJob *job);
