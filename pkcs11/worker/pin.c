/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/pin.h"

#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"

gboolean
kyso_pin_read(int fd, KysoSecret **ret, GError **error)
{
    g_autoptr(KysoSecret) pin = kyso_secret_new();

    if (!kyso_secret_read(pin, fd, error))
        return FALSE;
    if (kyso_secret_length(pin) == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED, "no PIN was given");
        return FALSE;
    }

    *ret = g_steal_pointer(&pin);
    return TRUE;
}

/* The flags after a wrong PIN are what tells how many tries are left; the number is the token's
 * secret but for the last one. */
static void
set_pin_error(const KysoPinPlace *place, CK_RV rv, GError **error)
{
    CK_TOKEN_INFO info;
    CK_FLAGS flags = 0;

    if (kyso_vendor_functions(place->vendor)->C_GetTokenInfo(place->slot_id, &info) == CKR_OK)
        flags = info.flags;

    gboolean is_low = (flags & CKF_USER_PIN_COUNT_LOW) != 0;
    gboolean is_final = (flags & CKF_USER_PIN_FINAL_TRY) != 0;
    gboolean is_locked = (flags & CKF_USER_PIN_LOCKED) != 0 || rv == CKR_PIN_LOCKED;
    g_autofree char *details = g_strdup_printf(
        "{\"pin_count_low\": %s, \"pin_final_try\": %s, \"pin_locked\": %s, \"tries_left\": %s}",
        is_low ? "true" : "false", is_final ? "true" : "false", is_locked ? "true" : "false",
        is_locked ? "0" : (is_final ? "1" : "null"));
    g_propagate_error(
        error, kyso_error_new_with_details(kyso_ckr_code(rv), details, "C_Login (CKR 0x%lx)", rv));
}

gboolean
kyso_pin_log_in(const KysoPinPlace *place, const KysoSecret *pin, GError **error)
{
    CK_UTF8CHAR *bytes = pin != NULL ? (CK_UTF8CHAR *) kyso_secret_get(pin) : NULL;
    CK_ULONG size = pin != NULL ? kyso_secret_length(pin) : 0;

    CK_RV rv =
        kyso_vendor_functions(place->vendor)->C_Login(place->session, place->user, bytes, size);
    if (rv == CKR_OK)
        return TRUE;

    int code = kyso_ckr_code(rv);
    if (code == KYSO_ERROR_PIN_INCORRECT || code == KYSO_ERROR_PIN_LOCKED)
        set_pin_error(place, rv, error);
    else if (pin == NULL)
        kyso_ckr_set_keypad_error(error, rv);
    else
        kyso_ckr_set_error(error, rv, "C_Login");
    return FALSE;
}
