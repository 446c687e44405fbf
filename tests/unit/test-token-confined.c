/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A module that means harm, in the real kyso-token, as the agent starts it. */
#include "ipc/base/fence.h"
#include "tests/kit/token-rig.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define EC "p256"
#define HASH "SHA256"

/* Return value of the try in p11fault's log: its errno. */
static int
result_of(TokenRig *rig, const char *what)
{
    g_autofree char *path = g_build_filename(rig->dir, "calls", NULL);
    g_autofree char *text = NULL;
    g_autofree char *word = g_strdup_printf(" %s tried 0x", what);

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    const char *found = strstr(text, word);
    if (found == NULL)
        g_error("%s was not tried", what);
    return (int) g_ascii_strtoull(found + strlen(word), NULL, 16);
}

static void
test_module_can_do_no_harm(void)
{
    g_autoptr(TokenRig) rig = token_rig_new(EC);
    g_autofree char *elsewhere = g_path_get_dirname(rig->dir);
    g_autofree char *victim = g_build_filename(elsewhere, "victim", NULL);

    g_assert_true(g_file_set_contents(victim, "x", 1, NULL));
    g_setenv("P11FAULT_ELSEWHERE", elsewhere, TRUE);
    token_rig_set_rules(rig, "C_Initialize:try\n");

    /* Where "program" is told, the module has not become another program. */
    g_autoptr(KysoLogin) login = token_rig_open(rig, EC);
    g_assert_cmpint(result_of(rig, "program"), ==, EPERM);
    g_assert_cmpint(result_of(rig, "tcp"), ==, EACCES);
    g_assert_cmpint(result_of(rig, "udp"), ==, EACCES);
    g_assert_cmpint(result_of(rig, "trace"), ==, EPERM);
    g_assert_cmpint(result_of(rig, "memory_of_another"), ==, EPERM);
    g_assert_cmpint(result_of(rig, "process"), ==, EPERM);
    g_assert_cmpint(result_of(rig, "dumpable"), ==, EPERM);
    if (kyso_fence_abi() >= 1) {
        g_assert_cmpint(result_of(rig, "write_elsewhere"), ==, EACCES);
        g_assert_cmpint(result_of(rig, "remove_elsewhere"), ==, EACCES);
    }

    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_ECDSA, HASH, 0, &error);
    g_assert_no_error(error);
    g_assert_true(token_rig_verify(rig, EC, KYSO_SIGN_ECDSA, HASH, signature));
    g_remove(victim);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token-confined/module-can-do-no-harm", test_module_can_do_no_harm);
    return g_test_run();
}
