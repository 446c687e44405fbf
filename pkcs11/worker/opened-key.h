/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A private key on a token, found by its certificate and opened with the PIN.
 *
 * The PIN goes into the module only after the token's serial and the certificate have been seen to
 * be the expected ones, once before it is read and once after, and is wiped when the key is found.
 * Made and freed by one thread; afterwards the fields are read by the signing threads.
 */

#include "ipc/base/secret.h"
#include "pkcs11/worker/vendor.h"

typedef struct {
    KysoVendor *vendor; /* borrowed */
    CK_SLOT_ID slot_id;
    CK_SESSION_HANDLE session; /* logged in; the first signing thread's, which may replace it */
    CK_OBJECT_HANDLE handle;
    EVP_PKEY *public_key; /* of the certificate */
    KysoSecret *pin; /* kept for the first signature of a key that wants it each time; else NULL */
    gboolean wants_pin_each_time; /* CKA_ALWAYS_AUTHENTICATE */
    gboolean has_keypad;          /* the PIN was typed at the reader, and is each time */
} KysoOpenedKey;

typedef struct {
    const char *certificate; /* SHA-256 of its DER, lower-case hex */
    const char *serial;      /* of the token */
    int pin_fd;              /* borrowed; -1: the reader has a keypad */
} KysoOpening;

/* KYSO_ERROR_TOKEN_CHANGED: no token of this serial is there, or no more when the PIN has come.
 * KYSO_ERROR_UNKNOWN_CREDENTIAL: the token has not this certificate. KYSO_ERROR_PIN_LOCKED and
 * _MECHANISM_UNSUPPORTED (kind of key): told before the PIN is used. KYSO_ERROR_PIN_CANCELLED: the
 * pipe was empty. For none of these C_Login is called. KYSO_ERROR_PIN_INCORRECT: with the details
 * of pkcs11/pool/pool.h. KYSO_ERROR_KEY_MISSING: logged in and out again. Ends every earlier login.
 */
KysoOpenedKey *kyso_opened_key_new(KysoVendor *vendor, const KysoOpening *opening, GError **error);

/* Logs out. The sessions of the signing threads must be closed already. */
void kyso_opened_key_free(KysoOpenedKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoOpenedKey, kyso_opened_key_free)

/* "P-256", "P-384", or NULL for RSA. */
const char *kyso_opened_key_curve(const KysoOpenedKey *self);
