/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What follows the signature of a PDF at the levels B-LT and B-LTA: its proofs as an update of
 * their own, then a timestamp over all of it (ETSI EN 319 142-1 §6). The signature is not touched.
 * Main thread only.
 */

#include "agent/core/sign-doc-state.h"

/* @self: its signature is in the private copy, which ends with it. @done: the copy ends with what
 * its level needs, or @error (taken) says why not. */
typedef void (*KysoProofsDone)(KysoSigningDocument *self, GError *error);
void kyso_sign_doc_proofs_add(KysoSigningDocument *self, KysoProofsDone done);
