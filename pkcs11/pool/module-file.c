/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/module-file.h"

#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#include <string.h>

#define SUFFIX ".module"

GHashTable *
kyso_module_file_new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                 (GDestroyNotify) g_hash_table_unref);
}

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
        g_hash_table_replace(keys, g_strdup(KYSO_MODULE_FILE_FAULT), g_strdup(fault->message));
}

gboolean
kyso_module_file_read_folder(GHashTable *files, const char *dir, GError **error)
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

const char *
kyso_module_file_value(GHashTable *keys, const char *key)
{
    const char *value = g_hash_table_lookup(keys, key);

    return value != NULL ? value : "";
}

GPtrArray *
kyso_module_file_split(const char *list)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) split = g_strsplit(list, ",", -1);

    for (gsize i = 0; split[i] != NULL; i++) {
        const char *part = g_strstrip(split[i]);
        if (part[0] != '\0')
            g_ptr_array_add(parts, g_strdup(part));
    }
    return parts;
}
