/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The office's word on whose key a certificate stands for.
 */
#include "agent/pki/roles.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/authority.h"

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ID_UPPER "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"

static void
write_text(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static KysoRoles *
load_roles(const char *first, const char *second, GError **error)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-roles-XXXXXX", NULL);

    write_text(dir, "10-first.conf", first);
    write_text(dir, "20-second.conf", second);
    write_text(dir, "notes.txt", "[anything]");
    KysoRoles *roles = kyso_roles_load(dir, error);
    kyso_authority_remove_folder(dir);
    return roles;
}

static void
test_roles_are_what_the_office_says(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoRoles) roles = load_roles(
        "[credential " ID_UPPER "]\nrole=agency\nname=Con dấu UBND xã Thử Nghiệm\n", "", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(kyso_roles_get(roles, ID), ==, "agency");
    g_assert_cmpstr(kyso_roles_get_name(roles, ID), ==, "Con dấu UBND xã Thử Nghiệm");
    g_assert_null(kyso_roles_get(roles, "00"));
    g_assert_null(kyso_roles_get_name(roles, "00"));
}

static void
test_roles_may_be_missing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoRoles) roles = kyso_roles_load("/nonexistent/kyso", &error);

    g_assert_no_error(error);
    g_assert_null(kyso_roles_get(roles, ID));
}

static void
test_bad_roles_are_refused(void)
{
    static const char *const BAD[] = {
        "rubbish",
        "[certificate " ID "]\nrole=agency\n",
        "[credential 0011]\nrole=agency\n",
        "[credential " ID "0]\nrole=agency\n",
        "[credential " ID "]\n",
        "[credential " ID "]\nrole=root\n",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(BAD); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(load_roles(BAD[i], "", &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
        g_assert_nonnull(strstr(error->message, "10-first.conf"));
    }
}

static void
test_a_certificate_has_one_role(void)
{
    const char *agency = "[credential " ID "]\nrole=agency\n";
    const char *personal = "[credential " ID "]\nrole=personal\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoRoles) same = load_roles(agency, agency, NULL);

    g_assert_cmpstr(kyso_roles_get(same, ID), ==, "agency");
    g_assert_null(load_roles(agency, personal, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_func("/roles/are-what-the-office-says", test_roles_are_what_the_office_says);
    g_test_add_func("/roles/may-be-missing", test_roles_may_be_missing);
    g_test_add_func("/roles/bad-ones-are-refused", test_bad_roles_are_refused);
    g_test_add_func("/roles/a-certificate-has-one", test_a_certificate_has_one_role);

    return g_test_run();
}
