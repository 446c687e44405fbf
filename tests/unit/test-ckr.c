/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"

#include <libp11.h>
#include <p11-kit/pkcs11.h>

/* SoftHSM leaves entries of OpenSSL's own in front, libp11 some behind. */
static void
test_value_is_found_among_other_entries(void)
{
    g_autoptr(GError) error = NULL;

    ERR_raise(ERR_LIB_DSO, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_ENGINE, ERR_R_INTERNAL_ERROR);
    ERR_raise(ERR_get_CKR_code(), CKR_DEVICE_REMOVED);
    ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
    kyso_ckr_set_from_queue(&error, KYSO_ERROR_MODULE_FAILED, "PKCS11_enumerate_certs");
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TOKEN_REMOVED);
    g_assert_cmpstr(kyso_error_details(error), ==,
                    "{\"ckr\": \"0x32\", \"function\": \"PKCS11_enumerate_certs\"}");
    g_assert_true(kyso_ckr_queue_is_empty());
}

static void
test_without_value_the_fallback_counts(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) nothing = NULL;

    ERR_raise(ERR_LIB_DSO, ERR_R_MALLOC_FAILURE);
    kyso_ckr_set_from_queue(&error, KYSO_ERROR_MODULE_FAILED, "PKCS11_CTX_load");
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED);
    kyso_ckr_set_from_queue(&nothing, KYSO_ERROR_TOKEN_FAILED, "PKCS11_CTX_load");
    g_assert_error(nothing, KYSO_ERROR, KYSO_ERROR_TOKEN_FAILED);
}

static void
test_only_at_a_keypad_can_a_person_cancel(void)
{
    g_autoptr(GError) cancelled = NULL;
    g_autoptr(GError) removed = NULL;
    g_autoptr(GError) fault = NULL;

    kyso_ckr_set_keypad_error(&cancelled, CKR_FUNCTION_CANCELED);
    kyso_ckr_set_keypad_error(&removed, CKR_DEVICE_REMOVED);
    kyso_ckr_set_error(&fault, CKR_FUNCTION_CANCELED, "C_Sign");
    g_assert_error(cancelled, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED);
    g_assert_error(removed, KYSO_ERROR, KYSO_ERROR_TOKEN_REMOVED);
    g_assert_error(fault, KYSO_ERROR, KYSO_ERROR_TOKEN_FAILED);
}

static void
test_each_value_has_its_code(void)
{
    static const struct {
        gulong rv;
        int code;
    } values[] = {
        {CKR_PIN_INCORRECT, KYSO_ERROR_PIN_INCORRECT},
        {CKR_PIN_LEN_RANGE, KYSO_ERROR_PIN_INCORRECT},
        {CKR_PIN_LOCKED, KYSO_ERROR_PIN_LOCKED},
        {CKR_FUNCTION_CANCELED, KYSO_ERROR_TOKEN_FAILED},
        {CKR_TOKEN_NOT_PRESENT, KYSO_ERROR_TOKEN_REMOVED},
        {CKR_SESSION_HANDLE_INVALID, KYSO_ERROR_TOKEN_REMOVED},
        {CKR_MECHANISM_INVALID, KYSO_ERROR_MECHANISM_UNSUPPORTED},
        {CKR_GENERAL_ERROR, KYSO_ERROR_TOKEN_FAILED},
        {0x80000001, KYSO_ERROR_TOKEN_FAILED}, /* a vendor's own */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        g_assert_cmpint(kyso_ckr_code(values[i].rv), ==, values[i].code);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ERR_load_PKCS11_strings();
    g_test_add_func("/ckr/only-at-a-keypad-can-a-person-cancel",
                    test_only_at_a_keypad_can_a_person_cancel);
    g_test_add_func("/ckr/value-is-found-among-other-entries",
                    test_value_is_found_among_other_entries);
    g_test_add_func("/ckr/without-value-the-fallback-counts",
                    test_without_value_the_fallback_counts);
    g_test_add_func("/ckr/each-value-has-its-code", test_each_value_has_its_code);
    return g_test_run();
}
