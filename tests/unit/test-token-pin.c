/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A PIN at the reader's keypad, and a PIN for each signature, through the pool. */
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "tests/kit/token-rig.h"

#include <string.h>
#include <unistd.h>

#define EC "p256"
#define HASH "SHA256"
#define DEADLINE_MS 20000
#define KEYPAD "TOKEN:keypad=" TOKEN_RIG_PIN "\n"
#define EACH_TIME "TOKEN:pin-each-time=" TOKEN_RIG_PIN "\n"

static void
call_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GAsyncResult **ret = user_data;

    *ret = g_object_ref(result);
}

/* A login without any PIN from us. */
static KysoLogin *
log_in_at_keypad(TokenRig *rig, GError **error)
{
    g_autoptr(KysoToken) token = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, EC, &token, error);
    g_assert_nonnull(credential);
    g_autoptr(GAsyncResult) result = NULL;

    kyso_pool_login_async(rig->pool, credential, -1, DEADLINE_MS, NULL, call_ended, &result);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return kyso_pool_login_finish(rig->pool, result, error);
}

static void
assert_signs(TokenRig *rig, KysoLogin *login)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_ECDSA, HASH, 0, &error);

    g_assert_no_error(error);
    g_assert_true(token_rig_verify(rig, EC, KYSO_SIGN_ECDSA, HASH, signature));
}

static void
test_keypad_logs_in_without_our_pin(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, KEYPAD);
    g_autoptr(GPtrArray) tokens = token_rig_list(rig, 0, NULL);
    const KysoToken *token = tokens->pdata[0];
    g_assert_true(token->flags & KYSO_TOKEN_PROTECTED_PATH);

    g_autoptr(KysoLogin) login = log_in_at_keypad(rig, &error);
    g_assert_no_error(error);
    assert_signs(rig, login);
    assert_signs(rig, login);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, 1);
}

static void
test_keypad_tells_a_wrong_pin(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, "TOKEN:keypad=000000\nTOKEN:pin-final\n");
    g_assert_null(log_in_at_keypad(rig, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    g_assert_nonnull(strstr(kyso_error_details(error), "\"tries_left\":1"));
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, 1);
}

static void
test_keypad_can_be_cancelled(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, KEYPAD "C_Login:rv=0x50\n"); /* CKR_FUNCTION_CANCELED */
    g_assert_null(log_in_at_keypad(rig, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED);

    token_rig_set_rules(rig, KEYPAD);
    g_clear_error(&error);
    g_autoptr(KysoLogin) login = log_in_at_keypad(rig, &error);
    g_assert_no_error(error);
    assert_signs(rig, login);
}

static void
test_without_a_keypad_a_pin_is_needed(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    g_assert_null(log_in_at_keypad(rig, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, 0);
}

/* A signature with a PIN typed for it; "" cancels. */
static GBytes *
sign_with(KysoLogin *login, const char *pin, GError **error)
{
    static const guchar bytes[32] = {1};
    g_autoptr(GBytes) digest = g_bytes_new_static(bytes, sizeof bytes);
    g_autoptr(GAsyncResult) result = NULL;
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_true(kyso_fd_write_all(ends[1], pin, strlen(pin), NULL));
    kyso_fd_close(ends[1]);
    kyso_pool_sign_with_pin_async(login, KYSO_SIGN_ECDSA, HASH, digest, ends[0], DEADLINE_MS, NULL,
                                  call_ended, &result);
    kyso_fd_close(ends[0]);
    while (result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return kyso_pool_sign_finish(login, result, error);
}

static void
assert_signs_with_pin(KysoLogin *login)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature = sign_with(login, TOKEN_RIG_PIN, &error);

    g_assert_no_error(error);
    g_assert_nonnull(signature);
}

static void
assert_refuses(KysoLogin *login, const char *pin, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sign_with(login, pin, &error));
    g_assert_error(error, KYSO_ERROR, code);
}

static void
test_pin_each_time(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, EACH_TIME);
    g_autoptr(KysoLogin) login = token_rig_open(rig, EC);
    g_assert_true(kyso_login_wants_pin_each_time(login));
    assert_signs(rig, login);

    g_assert_null(token_rig_sign(login, KYSO_SIGN_ECDSA, HASH, 0, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED);
    assert_signs_with_pin(login);

    guint n_logins = token_rig_count(rig, "C_Login");
    guint n_begun = token_rig_count(rig, "C_SignInit");
    assert_refuses(login, "", KYSO_ERROR_PIN_CANCELLED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, n_logins);
    g_assert_cmpuint(token_rig_count(rig, "C_SignInit"), ==, n_begun);

    assert_refuses(login, "000000", KYSO_ERROR_PIN_INCORRECT);
    g_assert_true(kyso_login_is_usable(login));
    assert_signs_with_pin(login);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, n_logins + 2);
}

static void
test_no_new_session_ends_the_login(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);

    token_rig_set_rules(rig, EACH_TIME);
    g_autoptr(KysoLogin) login = token_rig_open(rig, EC);
    assert_signs(rig, login);
    token_rig_set_rules(rig, EACH_TIME "C_OpenSession:rv=0xb1\n"); /* CKR_SESSION_COUNT */
    assert_refuses(login, "000000", KYSO_ERROR_PIN_INCORRECT);
    assert_refuses(login, TOKEN_RIG_PIN, KYSO_ERROR_TOKEN_FAILED);
    g_assert_false(kyso_login_is_usable(login));
}

static void
test_pin_for_a_key_that_wants_none(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(KysoLogin) login = token_rig_open(rig, EC);

    g_assert_false(kyso_login_wants_pin_each_time(login));
    assert_refuses(login, TOKEN_RIG_PIN, KYSO_ERROR_WRONG_PARAMETERS);
    assert_signs(rig, login);
}

/* Calls of @function in a login that the person cancels: all those before the PIN is there. */
static guint
count_before_pin(const char *function)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, EC, NULL, &error);

    g_assert_no_error(error);
    g_assert_null(token_rig_login(rig, credential, "", 0, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED);
    return token_rig_count(rig, function);
}

/* Swapped when all was checked and the person is typing: seen in the first look after that. */
static void
test_swapped_while_the_pin_is_typed(gconstpointer function)
{
    guint n_before = count_before_pin(function);
    g_autofree char *rule = g_strdup_printf("%s#%u:other\n", (const char *) function, n_before + 1);
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, rule);
    g_autoptr(KysoCredential) credential = token_rig_find(rig, EC, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(token_rig_login(rig, credential, TOKEN_RIG_PIN, 0, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TOKEN_CHANGED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token-pin/keypad-logs-in-without-our-pin",
                    test_keypad_logs_in_without_our_pin);
    g_test_add_func("/token-pin/keypad-tells-a-wrong-pin", test_keypad_tells_a_wrong_pin);
    g_test_add_func("/token-pin/keypad-can-be-cancelled", test_keypad_can_be_cancelled);
    g_test_add_func("/token-pin/without-a-keypad-a-pin-is-needed",
                    test_without_a_keypad_a_pin_is_needed);
    g_test_add_func("/token-pin/pin-each-time", test_pin_each_time);
    g_test_add_func("/token-pin/no-new-session-ends-the-login", test_no_new_session_ends_the_login);
    g_test_add_func("/token-pin/pin-for-a-key-that-wants-none", test_pin_for_a_key_that_wants_none);
    g_test_add_data_func("/token-pin/swapped-while-the-pin-is-typed/token", "C_GetTokenInfo",
                         test_swapped_while_the_pin_is_typed);
    g_test_add_data_func("/token-pin/swapped-while-the-pin-is-typed/certificate",
                         "C_GetAttributeValue", test_swapped_while_the_pin_is_typed);
    return g_test_run();
}
