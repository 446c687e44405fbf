/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/ckr.h"

#include "ipc/base/error.h"

#include <libp11.h>
#include <openssl/err.h>
#include <p11-kit/pkcs11.h>

int
kyso_ckr_code(gulong rv)
{
    switch (rv) {
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return KYSO_ERROR_PIN_INCORRECT;
    case CKR_PIN_LOCKED:
        return KYSO_ERROR_PIN_LOCKED;
    case CKR_DEVICE_REMOVED:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_SLOT_ID_INVALID:
        return KYSO_ERROR_TOKEN_REMOVED;
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_SIZE_RANGE:
        return KYSO_ERROR_MECHANISM_UNSUPPORTED;
    default:
        return KYSO_ERROR_TOKEN_FAILED;
    }
}

static void
set_error(GError **error, int code, gulong rv, const char *function)
{
    if (error == NULL)
        return;

    g_autofree char *details =
        g_strdup_printf("{\"ckr\": \"0x%lx\", \"function\": \"%s\"}", rv, function);
    const char *reason = ERR_reason_error_string(ERR_PACK(ERR_get_CKR_code(), 0, rv));
    *error = kyso_error_new_with_details(code, details, "%s: %s (CKR 0x%lx)", function,
                                         reason != NULL ? reason : "unknown return value", rv);
}

void
kyso_ckr_set_error(GError **error, gulong rv, const char *function)
{
    set_error(error, kyso_ckr_code(rv), rv, function);
}

void
kyso_ckr_set_keypad_error(GError **error, gulong rv)
{
    gboolean by_person = rv == CKR_FUNCTION_CANCELED;

    set_error(error, by_person ? KYSO_ERROR_PIN_CANCELLED : kyso_ckr_code(rv), rv, "C_Login");
}

gboolean
kyso_ckr_queue_is_empty(void)
{
    return ERR_peek_error() == 0;
}

void
kyso_ckr_set_from_queue(GError **error, int fallback_code, const char *function)
{
    gulong rv = CKR_OK;
    gulong last = 0;

    for (gulong entry = ERR_get_error(); entry != 0; entry = ERR_get_error()) {
        last = entry;
        if (ERR_GET_LIB(entry) == ERR_get_CKR_code())
            rv = (gulong) ERR_GET_REASON(entry);
    }

    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, function);
        return;
    }

    const char *reason = last != 0 ? ERR_reason_error_string(last) : NULL;
    g_set_error(error, KYSO_ERROR, fallback_code, "%s: %s", function,
                reason != NULL ? reason : "no reason given");
}
