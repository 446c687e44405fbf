/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "tests/unit/modules-fixture.h"

#include <string.h>
#include <unistd.h>

/* "name" of each module in order; "name!" with a fault. */
static char *
names_of(GPtrArray *modules)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        g_string_append_printf(names, "%s%s%s", i > 0 ? " " : "", module->name,
                               module->fault != NULL ? "!" : "");
    }
    return g_string_free(names, FALSE);
}

static void
assert_names(Tree *tree, const char *expected)
{
    g_autoptr(GPtrArray) modules = read_tree(tree);
    g_autofree char *names = names_of(modules);

    g_assert_cmpstr(names, ==, expected);
}

static void
test_paths_are_resolved_and_listed_once(Tree *tree, gconstpointer data)
{
    g_autofree char *link = path_in(tree, "lib/link.so");
    g_autofree char *target = path_in(tree, "lib/a.so");

    g_assert_cmpint(symlink("a.so", link), ==, 0);
    put_module(tree, "package/x.module", "link.so", "");
    put_module(tree, "package/y.module", "a.so", "");
    put_module(tree, "system/z.module", "b.so", "");
    put(tree, "package/readme.txt", "module: /nothing\n");
    assert_names(tree, "x z");
    g_autoptr(GPtrArray) modules = read_tree(tree);
    const KysoModule *first = modules->pdata[0];
    g_assert_cmpstr(first->path, ==, target);
}

static void
test_later_folder_goes_over_earlier(Tree *tree, gconstpointer data)
{
    put_module(tree, "package/x.module", "a.so", "");
    put_module(tree, "package/y.module", "b.so", "");
    put(tree, "config/modules.d/y.module", "enabled: no\n");
    assert_names(tree, "x");

    put_module(tree, "config/modules.d/x.module", "b.so", "");
    g_autofree char *target = path_in(tree, "lib/b.so");
    g_autoptr(GPtrArray) modules = read_tree(tree);
    const KysoModule *first = modules->pdata[0];
    g_assert_cmpstr(first->path, ==, target);
}

static void
test_registry_keys_are_honoured(Tree *tree, gconstpointer data)
{
    put_module(tree, "package/a.module", "a.so", "disable-in: p11-kit-proxy, kyso\n");
    put_module(tree, "package/b.module", "a.so", "enable-in: seahorse\n");
    put_module(tree, "package/c.module", "a.so", "trust-policy: yes\n");
    put_module(tree, "package/d.module", "a.so", "remote: |ssh somewhere p11-kit remote\n");
    put(tree, "package/e.module", "module: p11-kit-proxy.so\n");
    put(tree, "package/f.module", "module:\n");
    assert_names(tree, "");
    put_module(tree, "package/g.module", "a.so", "enable-in: seahorse, kyso\n");
    assert_names(tree, "g");
}

static void
test_what_others_can_write_is_refused(Tree *tree, gconstpointer data)
{
    static const char *const parts[] = {"lib/a.so", "lib", "config/modules.d/x.module"};

    put_module(tree, "config/modules.d/x.module", "a.so", "");
    assert_names(tree, "x");
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *part = path_in(tree, parts[i]);
        GStatBuf before;
        g_assert_cmpint(g_stat(part, &before), ==, 0);
        g_assert_cmpint(g_chmod(part, 0777), ==, 0);
        g_autoptr(GPtrArray) modules = read_tree(tree);
        g_assert_cmpint(g_chmod(part, before.st_mode & 07777), ==, 0);

        g_assert_cmpuint(modules->len, ==, 1);
        const KysoModule *module = modules->pdata[0];
        g_assert_error(module->fault, KYSO_ERROR, KYSO_ERROR_MODULE_REFUSED);
        g_assert_nonnull(strstr(module->fault->message, part));
    }
}

static void
test_folder_that_others_can_write_is_no_configuration(Tree *tree, gconstpointer data)
{
    g_autofree char *folder = path_in(tree, "config/modules.d");
    g_autoptr(GError) error = NULL;

    put_module(tree, "config/modules.d/x.module", "a.so", "");
    g_assert_cmpint(g_chmod(folder, 0777), ==, 0);
    g_autoptr(GPtrArray) modules = kyso_modules_read_folders("/nonexistent", NULL, folder, &error);
    g_assert_null(modules);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
}

static void
test_missing_module_is_told(Tree *tree, gconstpointer data)
{
    put_module(tree, "package/x.module", "gone.so", "");
    put(tree, "package/y.module", "module: no-such-module.so\n");
    g_autoptr(GPtrArray) modules = read_tree(tree);

    g_assert_cmpuint(modules->len, ==, 2);
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        g_assert_error(module->fault, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED);
    }
}

static void
test_registry_can_be_left_out(Tree *tree, gconstpointer data)
{
    g_autofree char *config = path_in(tree, "config");
    g_autoptr(GError) error = NULL;

    put(tree, "config/kyso.conf", "[modules]\nregistry=false\n");
    put_module(tree, "config/modules.d/x.module", "a.so", "");
    g_autoptr(GPtrArray) modules = kyso_modules_read(config, &error);
    g_assert_no_error(error);
    g_autofree char *names = names_of(modules);
    g_assert_cmpstr(names, ==, "x");

    put(tree, "config/kyso.conf", "[modules]\nregistry=perhaps\n");
    g_assert_null(kyso_modules_read(config, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
}

static void
add_test(const char *name, void (*test)(Tree *, gconstpointer))
{
    g_test_add(name, Tree, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_test("/modules/paths-are-resolved-and-listed-once",
             test_paths_are_resolved_and_listed_once);
    add_test("/modules/later-folder-goes-over-earlier", test_later_folder_goes_over_earlier);
    add_test("/modules/registry-keys-are-honoured", test_registry_keys_are_honoured);
    add_test("/modules/what-others-can-write-is-refused", test_what_others_can_write_is_refused);
    add_test("/modules/folder-that-others-can-write-is-no-configuration",
             test_folder_that_others_can_write_is_no_configuration);
    add_test("/modules/missing-module-is-told", test_missing_module_is_told);
    add_test("/modules/registry-can-be-left-out", test_registry_can_be_left_out);
    return g_test_run();
}
