/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/modules.h"

#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OUR_NAME "kyso" /* in enable-in: and disable-in: */
#define SUFFIX ".module"

/* p11-kit's own: not tokens, or doors to all the others. */
static const char *const not_tokens[] = {
    "p11-kit-trust.so",
    "p11-kit-proxy.so",
    "p11-kit-client.so",
    NULL,
};

void
kyso_module_free(KysoModule *self)
{
    g_free(self->name);
    g_free(self->path);
    g_clear_error(&self->fault);
    g_free(self);
}

/* pkcs11.conf(5): "key: value", blanks around both left out, # begins a line of comment. */
static void
read_lines(GHashTable *keys, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        char *colon = strchr(line, ':');
        if (line[0] == '#' || colon == NULL)
            continue;
        *colon = '\0';
        g_hash_table_replace(keys, g_strdup(g_strchomp(line)), g_strdup(g_strchug(colon + 1)));
    }
}

/* The keys of file @path go over those that a file of the same name gave before. */
static void
read_file(GHashTable *files, const char *path, const char *name)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) fault = NULL;

    GHashTable *keys = g_hash_table_lookup(files, name);
    if (keys == NULL) {
        keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_hash_table_insert(files, g_strdup(name), keys);
    }

    if (kyso_paths_is_trusted(path, &fault) && g_file_get_contents(path, &text, NULL, &fault))
        read_lines(keys, text);
    else
        g_hash_table_replace(keys, g_strdup("fault"), g_strdup(fault->message));
}

static gboolean
read_folder(GHashTable *files, const char *dir, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(GDir) folder = g_dir_open(dir, 0, &failed);

    if (folder == NULL && g_error_matches(failed, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
    if (folder == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s", failed->message);
        return FALSE;
    }
    if (!kyso_paths_is_trusted(dir, error))
        return FALSE;

    for (const char *base = g_dir_read_name(folder); base != NULL; base = g_dir_read_name(folder)) {
        if (!g_str_has_suffix(base, SUFFIX))
            continue;
        g_autofree char *path = g_build_filename(dir, base, NULL);
        g_autofree char *name = g_strndup(base, strlen(base) - strlen(SUFFIX));
        read_file(files, path, name);
    }
    return TRUE;
}

static const char *
value_of(GHashTable *keys, const char *key)
{
    const char *value = g_hash_table_lookup(keys, key);

    return value != NULL ? value : "";
}

static gboolean
names_us(const char *list)
{
    g_auto(GStrv) names = g_strsplit_set(list, ", \t", -1);

    return g_strv_contains((const char *const *) names, OUR_NAME);
}

static gboolean
is_wanted(GHashTable *keys)
{
    const char *module = value_of(keys, "module");
    const char *enable_in = value_of(keys, "enable-in");
    g_autofree char *base = g_path_get_basename(module);

    if (value_of(keys, "fault")[0] != '\0')
        return TRUE; /* to be told about */
    return module[0] != '\0' && value_of(keys, "remote")[0] == '\0' &&
           !g_str_equal(value_of(keys, "enabled"), "no") &&
           !g_str_equal(value_of(keys, "trust-policy"), "yes") &&
           !g_strv_contains(not_tokens, base) && (enable_in[0] == '\0' || names_us(enable_in)) &&
           !names_us(value_of(keys, "disable-in"));
}

static KysoModule *
resolve(const char *name, GHashTable *keys)
{
    KysoModule *self = g_new0(KysoModule, 1);
    const char *module = value_of(keys, "module");

    self->name = g_strdup(name);
    self->path = g_path_is_absolute(module) ? g_strdup(module)
                                            : g_build_filename(KYSO_P11_MODULE_PATH, module, NULL);
    if (value_of(keys, "fault")[0] != '\0') {
        g_set_error(&self->fault, KYSO_ERROR, KYSO_ERROR_MODULE_REFUSED, "%s%s: %s", name, SUFFIX,
                    value_of(keys, "fault"));
        return self;
    }

    char *resolved = realpath(self->path, NULL);
    if (resolved == NULL) {
        kyso_error_set_errno(&self->fault, KYSO_ERROR_MODULE_FAILED, errno, self->path);
        return self;
    }
    g_free(self->path);
    self->path = g_strdup(resolved);
    free(resolved);

    g_autoptr(GError) reason = NULL;
    if (!kyso_paths_is_trusted(self->path, &reason))
        g_set_error(&self->fault, KYSO_ERROR, KYSO_ERROR_MODULE_REFUSED, "%s: %s", self->path,
                    reason->message);
    return self;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(a, b);
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
kyso_modules_read_folders(const char *const *registry_dirs, const char *modules_dir, GError **error)
{
    g_autoptr(GHashTable) files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);

    for (; registry_dirs != NULL && *registry_dirs != NULL; registry_dirs++)
        if (!read_folder(files, *registry_dirs, error))
            return NULL;
    if (!read_folder(files, modules_dir, error))
        return NULL;

    GPtrArray *modules = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_module_free);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(files), compare_names);
    for (GList *name = names; name != NULL; name = name->next) {
        GHashTable *keys = g_hash_table_lookup(files, name->data);
        if (!is_wanted(keys))
            continue;
        g_autoptr(KysoModule) module = resolve(name->data, keys);
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
    gboolean with_registry = TRUE;

    if (!wants_registry(configuration_dir, &with_registry, error))
        return NULL;

    return kyso_modules_read_folders(with_registry ? registry_dirs : NULL, modules_dir, error);
}
