/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Return values of a PKCS#11 module (CK_RV, PKCS#11 v2.40 §11.1) as errors that a person can act
 * on. Thread-safe.
 */

#include <glib.h>

/* The KysoErrorCode for @rv. */
int kyso_ckr_code(gulong rv);

/* Sets @error for @rv as @function ("C_Sign") returned it, with details {"ckr": "0x30",
 * "function": "C_Sign"}. */
void kyso_ckr_set_error(GError **error, gulong rv, const char *function);

/* The same for a C_Login whose PIN a person was to type at the reader: only there can
 * CKR_FUNCTION_CANCELED mean that somebody has cancelled; anywhere else it is a fault. */
void kyso_ckr_set_keypad_error(GError **error, gulong rv);

/* Sets @error from the whole OpenSSL queue of this thread, which is emptied: the newest entry that
 * holds a CK_RV counts, as modules leave entries of their own in it, before and after. Without
 * such an entry the code is @fallback_code. @function is libp11's, "PKCS11_enumerate_certs". */
void kyso_ckr_set_from_queue(GError **error, int fallback_code, const char *function);

/* TRUE where the OpenSSL queue of this thread is empty. */
gboolean kyso_ckr_queue_is_empty(void);
