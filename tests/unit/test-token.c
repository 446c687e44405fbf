/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/token/token.h"

static void
test_identity_is_the_certificate(void)
{
    g_autoptr(GBytes) der = g_bytes_new_static("abc", 3);
    KysoToken fields = {.label = "Lãnh đạo", .serial = "01", .module_path = "/m.so"};
    g_autoptr(KysoToken) token = kyso_token_new(&fields);

    kyso_token_add_credential(token, der, "0a", "x");
    KysoCredential *found = kyso_token_find_credential(
        token, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_nonnull(found);
    g_assert_cmpstr(found->token_label, ==, "Lãnh đạo");
    g_assert_cmpstr(found->token_serial, ==, "01");
    g_assert_cmpstr(found->module_path, ==, "/m.so");
    g_assert_cmpstr(found->key_id, ==, "0a");
    g_assert_null(kyso_token_find_credential(token, "x"));
}

static void
test_credential_outlives_its_token(void)
{
    g_autoptr(GBytes) der = g_bytes_new_static("abc", 3);
    KysoToken *token = kyso_token_new(&(KysoToken){.serial = "01"});

    kyso_token_add_credential(token, der, NULL, NULL);
    g_autoptr(KysoCredential) credential = kyso_credential_ref(token->credentials->pdata[0]);
    kyso_token_unref(token);
    g_assert_cmpstr(credential->token_serial, ==, "01");
    g_assert_cmpstr(credential->key_id, ==, "");
}

static void
test_form_of_an_id(void)
{
    g_assert_true(
        kyso_credential_is_id("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    g_assert_false(
        kyso_credential_is_id("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    g_assert_false(kyso_credential_is_id("ba78"));
    g_assert_false(kyso_credential_is_id(NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/identity-is-the-certificate", test_identity_is_the_certificate);
    g_test_add_func("/token/credential-outlives-its-token", test_credential_outlives_its_token);
    g_test_add_func("/token/form-of-an-id", test_form_of_an_id);
    return g_test_run();
}
