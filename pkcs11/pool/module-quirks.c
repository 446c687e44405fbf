/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/module-quirks.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/module-file.h"

#include <string.h>

/* Of SoftHSM 2 as Debian builds it. */
#define SOFTHSM_CONF "/etc/softhsm/softhsm2.conf"
#define SOFTHSM_TOKENS "/var/lib/softhsm/tokens"

static gboolean
fail(GError **error, const char *key, const char *value)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: \"%s\" makes no sense", key,
                value);
    return FALSE;
}

/* One of two words; @ret stays as it is where the key is not there. */
static gboolean
read_choice(GHashTable *keys, const char *key, const char *no, const char *yes, gboolean *ret,
            GError **error)
{
    const char *value = kyso_module_file_value(keys, key);

    if (value[0] == '\0')
        return TRUE;
    if (!g_str_equal(value, yes) && !g_str_equal(value, no))
        return fail(error, key, value);
    *ret = g_str_equal(value, yes);
    return TRUE;
}

static gboolean
read_list(GHashTable *keys, const char *key, char *(*read_part)(const char *part), GPtrArray *ret,
          GError **error)
{
    g_autoptr(GPtrArray) parts = kyso_module_file_split(kyso_module_file_value(keys, key));

    for (guint i = 0; i < parts->len; i++) {
        char *part = read_part(parts->pdata[i]);
        if (part == NULL)
            return fail(error, key, parts->pdata[i]);
        g_ptr_array_add(ret, part);
    }
    return TRUE;
}

static char *
find_softhsm_conf(void)
{
    g_autofree char *own =
        g_build_filename(g_get_home_dir(), ".config", "softhsm2", "softhsm2.conf", NULL);
    const char *named = g_getenv("SOFTHSM2_CONF");

    if (named != NULL)
        return g_strdup(named);
    return g_file_test(own, G_FILE_TEST_EXISTS) ? g_steal_pointer(&own) : g_strdup(SOFTHSM_CONF);
}

char *
kyso_module_quirks_find_softhsm(void)
{
    g_autofree char *path = find_softhsm_conf();
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL))
        lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines != NULL && lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');
        if (equals == NULL)
            continue;
        *equals = '\0';
        const char *value = g_strstrip(equals + 1);
        if (g_str_equal(g_strstrip(lines[i]), "directories.tokendir") && g_path_is_absolute(value))
            return g_strdup(value);
    }
    return g_strdup(SOFTHSM_TOKENS);
}

static char *
read_written(const char *part)
{
    if (g_str_equal(part, "softhsm"))
        return kyso_module_quirks_find_softhsm();
    if (g_str_has_prefix(part, "~/"))
        return g_build_filename(g_get_home_dir(), part + 2, NULL);
    return g_path_is_absolute(part) ? g_strdup(part) : NULL;
}

static gboolean
read_writes(GHashTable *keys, KysoModule *module, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (!read_list(keys, "kyso-writes", read_written, paths, error))
        return FALSE;

    g_ptr_array_add(paths, NULL);
    g_strfreev(module->writes);
    module->writes = (GStrv) g_ptr_array_steal(paths, NULL);
    return TRUE;
}

gboolean
kyso_module_quirks_read(GHashTable *keys, KysoModule *module, GError **error)
{
    const char *driver = kyso_module_file_value(keys, "kyso-driver");

    module->driver = driver[0] != '\0' ? g_strdup(driver) : NULL;
    return read_choice(keys, "kyso-readers", "any", "each", &module->per_reader, error) &&
           read_choice(keys, "kyso-network", "no", "yes", &module->network, error) &&
           read_list(keys, "kyso-atr", kyso_module_read_atr, module->atrs, error) &&
           read_list(keys, "kyso-usb", kyso_module_read_usb_id, module->usb_ids, error) &&
           read_writes(keys, module, error);
}
