/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/modules.h"

#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "pkcs11/pool/module-file.h"
#include "pkcs11/pool/module-quirks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUR_NAME "kyso" /* in enable-in: and disable-in: */
#define OUR_KEYS "kyso-"
#define ALTERNATIVES "kyso-paths"

/* p11-kit's own: not tokens, or doors to all the others. */
static const char *const not_tokens[] = {
    "p11-kit-trust.so",
    "p11-kit-proxy.so",
    "p11-kit-client.so",
    NULL,
};

static gboolean
names_us(const char *list)
{
    g_auto(GStrv) names = g_strsplit_set(list, ", \t", -1);

    return g_strv_contains((const char *const *) names, OUR_NAME);
}

static gboolean
is_wanted(GHashTable *keys)
{
    const char *module = kyso_module_file_value(keys, "module");
    const char *enable_in = kyso_module_file_value(keys, "enable-in");
    g_autofree char *base = g_path_get_basename(module);

    if (kyso_module_file_value(keys, KYSO_MODULE_FILE_FAULT)[0] != '\0')
        return TRUE; /* to be told about */
    if (module[0] == '\0' && kyso_module_file_value(keys, ALTERNATIVES)[0] == '\0')
        return FALSE;
    return kyso_module_file_value(keys, "remote")[0] == '\0' &&
           !g_str_equal(kyso_module_file_value(keys, "enabled"), "no") &&
           !g_str_equal(kyso_module_file_value(keys, "trust-policy"), "yes") &&
           !g_strv_contains(not_tokens, base) && (enable_in[0] == '\0' || names_us(enable_in)) &&
           !names_us(kyso_module_file_value(keys, "disable-in"));
}

/* Where the library may be, in order: absolute paths. */
static GPtrArray *
list_libraries(GHashTable *keys)
{
    const char *module = kyso_module_file_value(keys, "module");
    GPtrArray *libraries = kyso_module_file_split(
        module[0] != '\0' ? module : kyso_module_file_value(keys, ALTERNATIVES));

    for (guint i = 0; i < libraries->len; i++) {
        g_autofree char *library = libraries->pdata[i];
        libraries->pdata[i] = g_path_is_absolute(library)
                                  ? g_steal_pointer(&library)
                                  : g_build_filename(KYSO_P11_MODULE_PATH, library, NULL);
    }
    return libraries;
}

/* "libykcs11.so" of /usr/lib/libykcs11.so.2.2.0 */
static char *
library_name(const char *path)
{
    char *name = g_path_get_basename(path);
    char *suffix = strstr(name, ".so");

    if (suffix != NULL)
        suffix[strlen(".so")] = '\0';
    return name;
}

/* The names of all libraries of @keys, links resolved and not. */
static GHashTable *
list_names(GHashTable *keys)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) libraries = list_libraries(keys);

    for (guint i = 0; i < libraries->len; i++) {
        char *resolved = realpath(libraries->pdata[i], NULL);
        g_hash_table_add(names, library_name(libraries->pdata[i]));
        if (resolved != NULL)
            g_hash_table_add(names, library_name(resolved));
        free(resolved);
    }
    return names;
}

static gboolean
is_same_library(GHashTable *keys, GHashTable *others)
{
    g_autoptr(GHashTable) names = list_names(keys);
    g_autoptr(GHashTable) other_names = list_names(others);
    GHashTableIter iter;
    gpointer name = NULL;

    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (g_hash_table_contains(other_names, name))
            return TRUE;
    return FALSE;
}

/* What @keys does not say itself. */
static void
lay_under(GHashTable *keys, GHashTable *packaged, gboolean only_quirks)
{
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, packaged);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        gboolean is_quirk = g_str_has_prefix(key, OUR_KEYS) && !g_str_equal(key, ALTERNATIVES);
        if ((is_quirk || !only_quirks) && !g_hash_table_contains(keys, key))
            g_hash_table_insert(keys, g_strdup(key), g_strdup(value));
    }
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(a, b);
}

/* A module goes by its name or by its library: p11-kit's "opensc-pkcs11" is our "opensc". What a
 * configured file speaks of, even to switch it off, is no module of the packaged list any more. */
static void
add_packaged(GHashTable *files, GHashTable *packaged, gboolean as_modules)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(packaged), compare_names);

    for (GList *name = names; name != NULL; name = name->next) {
        GHashTable *known = g_hash_table_lookup(packaged, name->data);
        GHashTable *same = g_hash_table_lookup(files, name->data);
        gboolean is_taken = same != NULL;
        if (same != NULL)
            lay_under(same, known, FALSE);

        GHashTableIter iter;
        gpointer keys = NULL;
        g_hash_table_iter_init(&iter, files);
        while (g_hash_table_iter_next(&iter, NULL, &keys)) {
            if (keys == same || !is_same_library(keys, known))
                continue;
            lay_under(keys, known, TRUE);
            is_taken = TRUE;
        }
        if (!is_taken && as_modules)
            g_hash_table_insert(files, g_strdup(name->data), g_hash_table_ref(known));
    }
}

/* The first library that is there, or the first of all. */
static char *
choose_library(GHashTable *keys)
{
    g_autoptr(GPtrArray) libraries = list_libraries(keys);

    for (guint i = 0; i < libraries->len; i++)
        if (g_file_test(libraries->pdata[i], G_FILE_TEST_EXISTS))
            return g_strdup(libraries->pdata[i]);
    return libraries->len > 0 ? g_strdup(libraries->pdata[0]) : g_strdup("");
}

/* Links resolved, and checked. */
static void
resolve_path(KysoModule *self, GHashTable *keys)
{
    char *resolved = realpath(self->path, NULL);
    int reason = errno;

    if (resolved == NULL && kyso_module_file_value(keys, "module")[0] == '\0') {
        self->is_absent = TRUE;
        g_set_error(&self->fault, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED, "%s: not installed",
                    self->path);
        return;
    }
    if (resolved == NULL) {
        kyso_error_set_errno(&self->fault, KYSO_ERROR_MODULE_FAILED, reason, self->path);
        return;
    }
    g_free(self->path);
    self->path = g_strdup(resolved);
    free(resolved);

    g_autoptr(GError) untrusted = NULL;
    if (!kyso_paths_is_trusted(self->path, &untrusted))
        g_set_error(&self->fault, KYSO_ERROR, KYSO_ERROR_MODULE_REFUSED, "%s: %s", self->path,
                    untrusted->message);
}

static KysoModule *
make_module(const char *name, GHashTable *keys)
{
    KysoModule *self = kyso_module_new(name);
    const char *fault = kyso_module_file_value(keys, KYSO_MODULE_FILE_FAULT);

    self->path = choose_library(keys);
    if (fault[0] != '\0')
        g_set_error(&self->fault, KYSO_ERROR, KYSO_ERROR_MODULE_REFUSED, "%s.module: %s", name,
                    fault);
    else if (kyso_module_quirks_read(keys, self, &self->fault))
        resolve_path(self, keys);
    else
        g_prefix_error(&self->fault, "%s.module: ", name);
    return self;
}

static gboolean
has_path(GPtrArray *modules, const char *path)
{
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (g_str_equal(module->path, path))
            return TRUE;
    }
    return FALSE;
}

GPtrArray *
kyso_modules_read_folders(const char *packaged_dir, const char *const *registry_dirs,
                          const char *modules_dir, GError **error)
{
    g_autoptr(GHashTable) files = kyso_module_file_new_table();
    g_autoptr(GHashTable) packaged = kyso_module_file_new_table();
    gboolean has_registry = registry_dirs != NULL;

    for (; registry_dirs != NULL && *registry_dirs != NULL; registry_dirs++)
        if (!kyso_module_file_read_folder(files, *registry_dirs, error))
            return NULL;
    if (!kyso_module_file_read_folder(files, modules_dir, error) ||
        !kyso_module_file_read_folder(packaged, packaged_dir, error))
        return NULL;
    add_packaged(files, packaged, has_registry);

    GPtrArray *modules = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_module_free);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(files), compare_names);
    for (GList *name = names; name != NULL; name = name->next) {
        GHashTable *keys = g_hash_table_lookup(files, name->data);
        if (!is_wanted(keys))
            continue;
        g_autoptr(KysoModule) module = make_module(name->data, keys);
        if (!has_path(modules, module->path))
            g_ptr_array_add(modules, g_steal_pointer(&module));
    }
    return modules;
}

/* TRUE where kyso.conf does not say otherwise, or is not there. */
static gboolean
wants_registry(const char *configuration_dir, gboolean *ret, GError **error)
{
    g_autofree char *path = g_build_filename(configuration_dir, "kyso.conf", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) failed = NULL;

    *ret = TRUE;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &failed)) {
        if (g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return TRUE;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, failed->message);
        return FALSE;
    }
    if (!g_key_file_has_key(file, "modules", "registry", NULL))
        return TRUE;

    *ret = g_key_file_get_boolean(file, "modules", "registry", &failed);
    if (failed != NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, failed->message);
        return FALSE;
    }
    return TRUE;
}

GPtrArray *
kyso_modules_read(const char *configuration_dir, GError **error)
{
    static const char *const registry_dirs[] = {KYSO_P11_PACKAGE_MODULES, KYSO_P11_SYSTEM_MODULES,
                                                NULL};
    g_autofree char *modules_dir = g_build_filename(configuration_dir, "modules.d", NULL);
    g_autofree char *packaged_dir = kyso_paths_data("modules.d", "packaging");
    gboolean with_registry = TRUE;

    if (!wants_registry(configuration_dir, &with_registry, error))
        return NULL;

    return kyso_modules_read_folders(packaged_dir, with_registry ? registry_dirs : NULL,
                                     modules_dir, error);
}

GPtrArray *
kyso_modules_for_card(GPtrArray *modules, GBytes *atr)
{
    GPtrArray *own = g_ptr_array_new();
    GPtrArray *any = g_ptr_array_new();

    for (guint i = 0; i < modules->len; i++) {
        KysoModule *module = modules->pdata[i];
        if (module->fault != NULL || !module->per_reader)
            continue;
        g_ptr_array_add(any, module);
        if (kyso_module_takes_card(module, atr))
            g_ptr_array_add(own, module);
    }

    GPtrArray *answer = own->len > 0 ? own : any;
    g_ptr_array_unref(answer == own ? any : own);
    return answer;
}
