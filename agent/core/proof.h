/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a signature needs from the network, by the administrator's rules: the certificates' status
 * and timestamps. Each call works in a thread of its own and ends on the main one; it ends early
 * where its cancellable says so. Main thread only.
 */

#include "agent/core/signer-state.h"
#include "agent/pki/revocation.h"
#include "agent/pki/timestamp.h"

/* Is any certificate of @chains (GPtrArray of paths, each a GPtrArray, leaf first, anchor last)
 * revoked now? kyso_revocation_check, with the proofs. @only_crls: as in KysoRevocationService. */
void kyso_proof_collect_async(KysoSigner *signer, const GPtrArray *chains, gboolean only_crls,
                              GCancellable *cancellable, GAsyncReadyCallback done,
                              gpointer user_data);
KysoProofs *kyso_proof_collect_finish(GAsyncResult *result, GError **error);

/* The same as far as it goes: what cannot be had, or is revoked, leaves out no other path and no
 * answer. Never fails; *ret_code is that of the first fault, or 0. */
void kyso_proof_gather_async(KysoSigner *signer, const GPtrArray *chains, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data);
KysoProofs *kyso_proof_gather_finish(GAsyncResult *result, int *ret_code);

/* A timestamp over @digest by "SHA256". kyso_timestamp_service_ask. */
void kyso_proof_stamp_async(KysoSigner *signer, GBytes *digest, GCancellable *cancellable,
                            GAsyncReadyCallback done, gpointer user_data);
KysoTimestamp *kyso_proof_stamp_finish(GAsyncResult *result, GError **error);
