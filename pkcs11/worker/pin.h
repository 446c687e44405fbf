/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The PIN's way from its pipe into the module: C_Login, once for each typing, and what the token
 * says to it. The PIN is in a locked page only; whoever has it frees it as soon as this returns.
 * Any thread.
 */

#include "ipc/base/secret.h"
#include "pkcs11/worker/vendor.h"

/* Reads the PIN from @fd (borrowed) to its end. KYSO_ERROR_PIN_CANCELLED: nothing was in it.
 * KYSO_ERROR_PROMPT_FAILED. On FALSE *ret is not set. */
gboolean kyso_pin_read(int fd, KysoSecret **ret, GError **error);

/* Where C_Login is called: a session on the slot, opened before. */
typedef struct {
    KysoVendor *vendor;
    CK_SLOT_ID slot_id;
    CK_SESSION_HANDLE session;
    CK_USER_TYPE user; /* CKU_USER; CKU_CONTEXT_SPECIFIC between C_SignInit and C_Sign */
} KysoPinPlace;

/* @pin NULL: the person types at the reader's keypad. KYSO_ERROR_PIN_INCORRECT and
 * KYSO_ERROR_PIN_LOCKED with the details of pkcs11/pool/pool.h; KYSO_ERROR_PIN_CANCELLED at a
 * keypad only. "Already logged in" is a fault too: whoever is in was not let in by this PIN. */
gboolean kyso_pin_log_in(const KysoPinPlace *place, const KysoSecret *pin, GError **error);
