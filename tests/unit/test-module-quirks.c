/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "pkcs11/pool/missing-driver.h"
#include "pkcs11/pool/module-quirks.h"
#include "pkcs11/pool/usb.h"
#include "tests/unit/modules-fixture.h"

#include <string.h>

#define QUIRKS "kyso-readers: each\nkyso-atr: 3bff..01\nkyso-usb: 25DD:2371\n"

/* A file of kyso's own list, for a library of the tree. */
static void
put_known(Tree *tree, const char *name, const char *library, const char *more)
{
    g_autofree char *file = g_strdup_printf("known/%s.module", name);
    g_autofree char *text = g_strdup_printf("kyso-paths: /nonexistent/%s, %s/lib/%s\n%s", library,
                                            tree->dir, library, more);

    put(tree, file, text);
}

static const KysoModule *
find(GPtrArray *modules, const char *name)
{
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (g_str_equal(module->name, name))
            return module;
    }
    return NULL;
}

static void
test_known_module_is_used_where_installed(Tree *tree, gconstpointer data)
{
    put_known(tree, "one", "a.so", QUIRKS);
    put_known(tree, "two", "gone.so", QUIRKS);
    g_autoptr(GPtrArray) modules = read_tree(tree);
    g_autofree char *target = path_in(tree, "lib/a.so");

    const KysoModule *one = find(modules, "one");
    g_assert_no_error(one->fault);
    g_assert_false(one->is_absent);
    g_assert_cmpstr(one->path, ==, target);
    g_assert_true(one->per_reader);
    g_assert_cmpstr(one->usb_ids->pdata[0], ==, "25dd:2371");

    const KysoModule *two = find(modules, "two");
    g_assert_true(two->is_absent);
    g_assert_error(two->fault, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED);
    g_assert_cmpstr(two->path, ==, "/nonexistent/gone.so");
}

static void
test_registry_gets_quirks_by_library(Tree *tree, gconstpointer data)
{
    g_autofree char *link = path_in(tree, "lib/other-name");

    g_assert_cmpint(symlink("a.so", link), ==, 0);
    put_known(tree, "known", "a.so", QUIRKS "kyso-network: yes\n");
    put_module(tree, "package/zebra.module", "other-name", "");
    put_module(tree, "config/modules.d/mine.module", "b.so", "kyso-network: yes\n");
    g_autoptr(GPtrArray) modules = read_tree(tree);

    g_assert_cmpuint(modules->len, ==, 2);
    const KysoModule *zebra = find(modules, "zebra");
    g_assert_true(zebra->per_reader);
    g_assert_true(zebra->network);
    g_assert_cmpuint(zebra->atrs->len, ==, 1);
    const KysoModule *mine = find(modules, "mine");
    g_assert_false(mine->per_reader);
    g_assert_true(mine->network);
    g_assert_cmpuint(mine->atrs->len, ==, 0);
}

static void
test_version_of_library_does_not_matter(Tree *tree, gconstpointer data)
{
    put(tree, "elsewhere/libx.so.2.1.0", "");
    put_known(tree, "known", "libx.so.1", QUIRKS);
    g_autofree char *text = g_strdup_printf("module: %s/elsewhere/libx.so.2.1.0\n", tree->dir);
    put(tree, "config/modules.d/mine.module", text);
    g_autoptr(GPtrArray) modules = read_tree(tree);

    g_assert_cmpuint(modules->len, ==, 1);
    g_assert_true(find(modules, "mine")->per_reader);
}

static void
test_administrator_goes_over_known(Tree *tree, gconstpointer data)
{
    put_known(tree, "known", "a.so", QUIRKS);
    put(tree, "config/modules.d/known.module", "kyso-readers: any\n");
    g_autoptr(GPtrArray) changed = read_tree(tree);
    g_assert_false(find(changed, "known")->per_reader);
    g_assert_cmpuint(find(changed, "known")->atrs->len, ==, 1);

    put(tree, "config/modules.d/known.module", "enabled: no\n");
    g_autoptr(GPtrArray) off = read_tree(tree);
    g_assert_cmpuint(off->len, ==, 0);
}

static void
test_module_switched_off_in_registry_stays_off(Tree *tree, gconstpointer data)
{
    put_known(tree, "known", "a.so", QUIRKS);
    put_module(tree, "package/zebra.module", "a.so", "");
    put(tree, "system/zebra.module", "enabled: no\n");
    g_autoptr(GPtrArray) modules = read_tree(tree);

    g_assert_cmpuint(modules->len, ==, 0);
}

static void
test_without_registry_known_modules_are_only_quirks(Tree *tree, gconstpointer data)
{
    g_autofree char *known = path_in(tree, "known");
    g_autofree char *ours = path_in(tree, "config/modules.d");
    g_autoptr(GError) error = NULL;

    put_known(tree, "one", "a.so", QUIRKS);
    put_known(tree, "two", "gone.so", QUIRKS);
    put_known(tree, "three", "b.so", QUIRKS);
    put_module(tree, "config/modules.d/mine.module", "a.so", "");
    g_autoptr(GPtrArray) modules = kyso_modules_read_folders(known, NULL, ours, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(modules->len, ==, 1);
    g_assert_true(find(modules, "mine")->per_reader);
}

static void
test_senseless_values_are_told(Tree *tree, gconstpointer data)
{
    static const char *const lines[] = {
        "kyso-readers: some",    "kyso-atr: 3b, 3bf",  "kyso-atr: 3b.0",     "kyso-atr: *",
        "kyso-atr: 3b*00",       "kyso-usb: 25dd2371", "kyso-usb: 25dd:237", "kyso-network: maybe",
        "kyso-writes: relative", "kyso-writes: ~other"};

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        put_module(tree, "config/modules.d/x.module", "a.so", lines[i]);
        g_autoptr(GPtrArray) modules = read_tree(tree);
        const KysoModule *module = modules->pdata[0];
        g_autofree char *key = g_strndup(lines[i], strcspn(lines[i], ":"));
        g_test_message("%s", lines[i]);
        g_assert_error(module->fault, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
        g_assert_nonnull(strstr(module->fault->message, key));
        g_assert_true(g_str_has_prefix(module->fault->message, "x.module: "));
    }
}

static void
test_written_paths_are_resolved(Tree *tree, gconstpointer data)
{
    g_autofree char *conf = path_in(tree, "softhsm2.conf");
    g_autofree char *home = g_build_filename(g_get_home_dir(), ".cache/x", NULL);

    put(tree, "softhsm2.conf",
        "# a comment\nlog.level = ERROR\ndirectories.tokendir = /the/tokens \n");
    g_setenv("SOFTHSM2_CONF", conf, TRUE);
    put_module(tree, "config/modules.d/x.module", "a.so",
               "kyso-writes: softhsm, /a b/c, ~/.cache/x\n");
    g_autoptr(GPtrArray) modules = read_tree(tree);
    const KysoModule *module = modules->pdata[0];
    g_assert_no_error(module->fault);
    const char *const expected[] = {"/the/tokens", "/a b/c", home, NULL};
    g_assert_true(g_strv_equal((const char *const *) module->writes, expected));

    put(tree, "softhsm2.conf", "log.level = ERROR\n");
    g_autofree char *usual = kyso_module_quirks_find_softhsm();
    g_assert_cmpstr(usual, ==, "/var/lib/softhsm/tokens");
    g_unsetenv("SOFTHSM2_CONF");
}

static GBytes *
atr(const char *hex)
{
    GByteArray *bytes = g_byte_array_new();

    for (; hex[0] != '\0'; hex += 2) {
        guint8 byte = g_ascii_xdigit_value(hex[0]) * 16 + g_ascii_xdigit_value(hex[1]);
        g_byte_array_append(bytes, &byte, 1);
    }
    return g_byte_array_free_to_bytes(bytes);
}

static void
test_patterns_match_answers_to_reset(void)
{
    static const struct {
        const char *pattern;
        const char *atr;
        gboolean matches;
    } cases[] = {
        {"3bff01", "3bff01", TRUE},    {"3b:FF 01", "3bff01", TRUE}, {"3bff01", "3bff", FALSE},
        {"3bff01", "3bff0102", FALSE}, {"3bff01", "3bff02", FALSE},  {"3b..01", "3b7701", TRUE},
        {"3b..01", "3b7702", FALSE},   {"3bff*", "3bff", TRUE},      {"3bff*", "3bff0102", TRUE},
        {"3bff*", "3b", FALSE},        {"3bff*", "3bfe01", FALSE},   {"..", "3b", TRUE},
        {"3b..*", "3b77000000", TRUE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(KysoModule) module = kyso_module_new("x");
        g_autoptr(GBytes) bytes = atr(cases[i].atr);
        char *pattern = kyso_module_read_atr(cases[i].pattern);
        g_assert_nonnull(pattern);
        g_ptr_array_add(module->atrs, pattern);
        g_test_message("%s %s", cases[i].pattern, cases[i].atr);
        g_assert_cmpint(kyso_module_takes_card(module, bytes), ==, cases[i].matches);
        g_assert_false(kyso_module_takes_card(module, NULL));
    }
}

static char *
names_for(GPtrArray *modules, const char *hex)
{
    g_autoptr(GBytes) bytes = hex != NULL ? atr(hex) : NULL;
    g_autoptr(GPtrArray) taken = kyso_modules_for_card(modules, bytes);
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < taken->len; i++)
        g_string_append_printf(names, "%s ", ((const KysoModule *) taken->pdata[i])->name);
    return g_string_free(names, FALSE);
}

static void
test_card_goes_to_the_modules_that_know_it(Tree *tree, gconstpointer data)
{
    put(tree, "lib/c.so", "");
    put(tree, "lib/d.so", "");
    put_known(tree, "a", "a.so", "kyso-readers: each\nkyso-atr: 3bff*\n");
    put_known(tree, "b", "b.so", "kyso-readers: each\n");
    put_known(tree, "c", "c.so", "kyso-readers: each\nkyso-atr: 3bff01\n");
    put_known(tree, "d", "d.so", "kyso-readers: any\n");
    put_known(tree, "e", "gone.so", "kyso-readers: each\nkyso-atr: 3b77\n");
    g_autoptr(GPtrArray) modules = read_tree(tree);
    g_autofree char *own = names_for(modules, "3bff01");
    g_autofree char *one = names_for(modules, "3bff02");
    g_autofree char *unknown = names_for(modules, "3b00");
    g_autofree char *absent = names_for(modules, "3b77");
    g_autofree char *mute = names_for(modules, NULL);

    g_assert_cmpstr(own, ==, "a c ");
    g_assert_cmpstr(one, ==, "a ");
    g_assert_cmpstr(unknown, ==, "a b c ");
    g_assert_cmpstr(absent, ==, "a b c ");
    g_assert_cmpstr(mute, ==, "a b c ");
}

static void
plug_in(Tree *tree, const char *port, const char *vendor, const char *product, const char *name)
{
    g_autofree char *folder = g_strdup_printf("usb/%s", port);
    const char *const files[] = {"idVendor", vendor, "idProduct", product, "product", name, NULL};

    for (gsize i = 0; files[i] != NULL && files[i + 1] != NULL; i += 2) {
        g_autofree char *file = g_build_filename(folder, files[i], NULL);
        g_autofree char *text = g_strdup_printf("%s\n", files[i + 1]);
        put(tree, file, text);
    }
}

static void
test_usb_devices_are_read(Tree *tree, gconstpointer data)
{
    g_autofree char *root = path_in(tree, "usb");

    g_autoptr(GPtrArray) none = kyso_usb_read(root);
    g_assert_cmpuint(none->len, ==, 0);
    plug_in(tree, "usb1", "1d6b", "0002", "xHCI Host Controller");
    plug_in(tree, "1-2", "096e", "0807", NULL);
    plug_in(tree, "1-1", "25DD", "2371", "Evil\033[31m\tname\xff");
    put(tree, "usb/1-1:1.0/bInterfaceClass", "0b\n");
    g_autoptr(GPtrArray) devices = kyso_usb_read(root);

    g_assert_cmpuint(devices->len, ==, 3);
    const KysoUsbDevice *first = devices->pdata[0];
    const KysoUsbDevice *third = devices->pdata[2];
    g_assert_cmpstr(first->id, ==, "096e:0807");
    g_assert_cmpstr(first->name, ==, "");
    g_assert_cmpstr(third->id, ==, "25dd:2371");
    g_assert_cmpstr(third->name, ==, "Evil[31mname\xef\xbf\xbd");
}

static void
test_token_without_its_driver_is_told(Tree *tree, gconstpointer data)
{
    g_autofree char *root = path_in(tree, "usb");

    put_known(tree, "one", "gone.so", "kyso-usb: 25dd:2371, 1050:0407\nkyso-driver: One's\n");
    put_known(tree, "two", "gone2.so", "kyso-usb: 25dd:2371\n");
    put_known(tree, "three", "a.so", "kyso-usb: 1050:0407\n");
    plug_in(tree, "1-1", "25dd", "2371", "TokenME EVO v2");
    plug_in(tree, "1-2", "25dd", "2371", "TokenME EVO v2");
    plug_in(tree, "1-3", "1050", "0407", "YubiKey");
    plug_in(tree, "1-4", "ffff", "0000", "no token");
    g_autoptr(GPtrArray) modules = read_tree(tree);
    g_autoptr(GPtrArray) devices = kyso_usb_read(root);
    g_autoptr(GPtrArray) faults = kyso_missing_driver_find(modules, devices);

    g_assert_cmpuint(faults->len, ==, 1);
    const KysoModuleFault *fault = faults->pdata[0];
    g_assert_error(fault->error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED);
    g_assert_cmpstr(fault->path, ==, "/nonexistent/gone.so");
    g_assert_cmpstr(fault->error->message, ==,
                    "the token TokenME EVO v2 (USB 25dd:2371) is plugged in, but its driver is not "
                    "installed: One's (gone.so) or gone2.so");
}

/* The files that come with kyso. */
static void
test_packaged_list_makes_sense(void)
{
    static const struct {
        const char *name;
        const char *atr; /* NULL: none of its own */
        const char *usb_id;
    } known[] = {
        {"bit4id", "3bff1800008131fe45006b150c03020101014234441031800d", "25dd:2371"},
        {"bit4id", "3bdf18ff8191fe1fc30031b8640c01ecc173940180829000b3", "25dd:2371"},
        {"safenet", "3bff9600008131fe4380318065b0855956fb120ffe82900000", "0529:0620"},
        {"idprime", "3b7f96000080318065b0855956fb120ffe829000", NULL},
        {"yubico", "3bfd1300008131fe158073c021c057597562694b657940", "1050:0407"},
        {"feitian", NULL, "096e:0807"},
        {"opensc", NULL, "096e:0807"},
    };
    g_autofree char *packaged = kyso_paths_data("modules.d", "packaging");
    const char *const no_registry[] = {NULL};
    g_autoptr(GError) error = NULL;

    g_autoptr(GPtrArray) modules =
        kyso_modules_read_folders(packaged, no_registry, "/nonexistent", &error);
    g_assert_no_error(error);
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        g_assert_true(module->fault == NULL || module->is_absent);
        g_assert_true(module->per_reader != g_str_equal(module->name, "softhsm"));
        g_assert_nonnull(module->driver);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const KysoModule *module = find(modules, known[i].name);
        g_autoptr(GBytes) bytes = known[i].atr != NULL ? atr(known[i].atr) : NULL;
        g_assert_cmpint(kyso_module_takes_card(module, bytes), ==, known[i].atr != NULL);
        g_assert_true(
            known[i].usb_id == NULL ||
            g_ptr_array_find_with_equal_func(module->usb_ids, known[i].usb_id, g_str_equal, NULL));
    }
    g_assert_cmpuint(g_strv_length(find(modules, "softhsm")->writes), ==, 1);
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
    add_test("/quirks/known-module-is-used-where-installed",
             test_known_module_is_used_where_installed);
    add_test("/quirks/registry-gets-them-by-library", test_registry_gets_quirks_by_library);
    add_test("/quirks/version-of-library-does-not-matter", test_version_of_library_does_not_matter);
    add_test("/quirks/administrator-goes-over-known", test_administrator_goes_over_known);
    add_test("/quirks/switched-off-in-registry-stays-off",
             test_module_switched_off_in_registry_stays_off);
    add_test("/quirks/without-registry-known-modules-are-only-quirks",
             test_without_registry_known_modules_are_only_quirks);
    add_test("/quirks/senseless-values-are-told", test_senseless_values_are_told);
    add_test("/quirks/written-paths-are-resolved", test_written_paths_are_resolved);
    g_test_add_func("/quirks/patterns-match-answers-to-reset",
                    test_patterns_match_answers_to_reset);
    add_test("/quirks/card-goes-to-the-modules-that-know-it",
             test_card_goes_to_the_modules_that_know_it);
    add_test("/quirks/usb-devices-are-read", test_usb_devices_are_read);
    add_test("/quirks/token-without-its-driver-is-told", test_token_without_its_driver_is_told);
    g_test_add_func("/quirks/packaged-list-makes-sense", test_packaged_list_makes_sense);
    return g_test_run();
}
