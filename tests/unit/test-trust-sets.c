/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The certificates of the package count only where their SHA-256 is built in.
 */
#include "agent/trust/trust-sets.h"

#include "ipc/base/error.h"
#include "tests/kit/authority.h"

static void
test_the_package_as_it_is(void)
{
    g_autofree char *dir = g_test_build_filename(G_TEST_DIST, "../../packaging/trust", NULL);
    g_autoptr(KysoTrust) trust = kyso_trust_new();
    GError *error = NULL;

    g_assert_true(kyso_trust_sets_add_package(trust, dir, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(kyso_trust_get_anchors(trust)->len, ==, 6);
    g_assert_cmpuint(kyso_trust_get_intermediates(trust)->len, ==, 1);
}

static void
assert_mismatch(const char *folder)
{
    g_autoptr(KysoAuthority) stranger = kyso_authority_new_ca("CA lạ", NULL);
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(KysoTrust) trust = kyso_trust_new();
    g_autoptr(GError) error = NULL;

    kyso_authority_write(stranger, dir, folder, "stranger.pem");
    g_assert_false(kyso_trust_sets_add_package(trust, dir, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TRUST_PIN_MISMATCH);
    kyso_authority_remove_folder(dir);
}

static void
test_a_stranger_in_the_package(void)
{
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++)
        assert_mismatch(kyso_trust_folder(kind));
}

static void
test_names_of_sets(void)
{
    static const char *const bad[] = {"", "..", "a/b", "NEAC", "a b", "é"};

    g_assert_true(kyso_trust_bundle_is_name("gcc"));
    g_assert_true(kyso_trust_bundle_is_name("public-2026"));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(kyso_trust_bundle_is_name(bad[i]));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trust-sets/package", test_the_package_as_it_is);
    g_test_add_func("/trust-sets/stranger", test_a_stranger_in_the_package);
    g_test_add_func("/trust-sets/names", test_names_of_sets);
    return g_test_run();
}
