/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Signing threads over one opened key: first come, first served; a PKCS#11 session for each thread,
 * so that a module that can works on both cores.
 *
 * No signature leaves that the certificate's key does not verify. After the first fault of the
 * token all later work fails with the same error: what state the module is in, nobody knows.
 */

#include "pkcs11/worker/mechanism.h"
#include "pkcs11/worker/opened-key.h"

typedef struct _KysoSigner KysoSigner;

/* Called by a signing thread, once a job. @signatures: GBytes in the order of the digests,
 * borrowed; NULL where @error (taken) is set. */
typedef void (*KysoSigned)(GPtrArray *signatures, GError *error, gpointer user_data);

/* Takes @key. Threads start when there is work for them. */
KysoSigner *kyso_signer_new(KysoOpenedKey *key);

/* Waits for the work under way, drops none of it, ends the threads and logs out. */
void kyso_signer_free(KysoSigner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSigner, kyso_signer_free)

/* @pin_fd (taken): the pipe with the PIN typed for this one signature, of a key that wants it each
 * time; -1: none. Without one the first signature takes the PIN of the login, the next is
 * KYSO_ERROR_NOT_SUPPORTED. Given to `done`: KYSO_ERROR_PIN_INCORRECT, _PIN_LOCKED (as from a
 * login), _PIN_CANCELLED (the pipe was empty); but for _PIN_LOCKED the next signature may follow.
 *
 * Queues @digests (GBytes of the mechanism's digest size; a reference is taken). The digests of one
 * job may be signed by both threads at once. KYSO_ERROR_MECHANISM_UNSUPPORTED where the key is of
 * another type; `done` is then not called. */
gboolean kyso_signer_push(KysoSigner *self, const KysoMechanism *mechanism, GPtrArray *digests,
                          int pin_fd, KysoSigned done, gpointer user_data, GError **error);

const KysoOpenedKey *kyso_signer_key(KysoSigner *self);
