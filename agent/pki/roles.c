/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/roles.h"

#include <string.h>

#include "ipc/base/error.h"

#define GROUP_PREFIX "credential "
#define ID_LENGTH 64 /* SHA-256 in hex */

typedef struct {
    char *role;
    char *name; /* NULL where none is given */
} Entry;

struct _KysoRoles {
    GHashTable *entries; /* certificate id -> Entry */
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->role);
    g_free(entry->name);
    g_free(entry);
}

static gboolean
refuse(GError **error, const char *path, const char *group, const char *fault)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: [%s]: %s", path, group, fault);
    return FALSE;
}

/* The certificate id that a group names, in lower case, or NULL. */
static char *
group_to_id(const char *group)
{
    if (!g_str_has_prefix(group, GROUP_PREFIX))
        return NULL;

    const char *id = group + strlen(GROUP_PREFIX);
    if (strlen(id) != ID_LENGTH || strspn(id, "0123456789abcdefABCDEF") != ID_LENGTH)
        return NULL;

    return g_ascii_strdown(id, -1);
}

static gboolean
take_group(KysoRoles *self, GKeyFile *file, const char *path, const char *group, GError **error)
{
    g_autofree char *id = group_to_id(group);
    if (id == NULL)
        return refuse(error, path, group, "not \"credential\" and 64 hex digits");

    g_autofree char *role = g_key_file_get_string(file, group, "role", NULL);
    if (g_strcmp0(role, "personal") != 0 && g_strcmp0(role, "agency") != 0)
        return refuse(error, path, group, "role is neither personal nor agency");

    const Entry *earlier = g_hash_table_lookup(self->entries, id);
    if (earlier != NULL && strcmp(earlier->role, role) != 0)
        return refuse(error, path, group, "another role is given elsewhere");

    Entry *entry = g_new0(Entry, 1);
    entry->role = g_steal_pointer(&role);
    entry->name = g_key_file_get_string(file, group, "name", NULL);
    g_hash_table_replace(self->entries, g_steal_pointer(&id), entry);
    return TRUE;
}

static gboolean
take_file(KysoRoles *self, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *cause = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, cause->message);
        g_error_free(cause);
        return FALSE;
    }

    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group != NULL; group++)
        if (!take_group(self, file, path, *group, error))
            return FALSE;

    return TRUE;
}

KysoRoles *
kyso_roles_load(const char *dir, GError **error)
{
    g_autoptr(KysoRoles) self = g_new0(KysoRoles, 1);
    GError *cause = NULL;

    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    g_autoptr(GDir) folder = g_dir_open(dir, 0, &cause);
    if (folder == NULL && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_error_free(cause);
        return g_steal_pointer(&self);
    }
    if (folder == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, cause->message);
        g_error_free(cause);
        return NULL;
    }

    for (const char *entry; (entry = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(dir, entry, NULL);
        if (g_str_has_suffix(entry, ".conf") && !take_file(self, path, error))
            return NULL;
    }

    return g_steal_pointer(&self);
}

void
kyso_roles_free(KysoRoles *self)
{
    g_hash_table_unref(self->entries);
    g_free(self);
}

const char *
kyso_roles_get(const KysoRoles *self, const char *certificate_id)
{
    const Entry *entry = g_hash_table_lookup(self->entries, certificate_id);

    return entry != NULL ? entry->role : NULL;
}

const char *
kyso_roles_get_name(const KysoRoles *self, const char *certificate_id)
{
    const Entry *entry = g_hash_table_lookup(self->entries, certificate_id);

    return entry != NULL ? entry->name : NULL;
}
