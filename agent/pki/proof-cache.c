/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/proof-cache.h"

#include <glib/gstdio.h>
#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "ipc/base/temporary.h"

#define NAME_LENGTH 64 /* SHA-256 in hexadecimal */

typedef struct {
    char *path;
    gint64 modified;
    goffset size;
} Entry;

static void
entry_free(Entry *self)
{
    g_free(self->path);
    g_free(self);
}

static char *
path_of(const char *dir, const char *key)
{
    g_autofree char *name = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);

    return g_build_filename(dir, name, NULL);
}

GBytes *
kyso_proof_cache_get(const char *dir, const char *key)
{
    g_autofree char *path = path_of(dir, key);
    GStatBuf st;
    char *data = NULL;
    gsize size = 0;

    if (g_stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > KYSO_PROOF_CACHE_MAX_SIZE ||
        !g_file_get_contents(path, &data, &size, NULL))
        return NULL;
    return g_bytes_new_take(data, size);
}

void
kyso_proof_cache_drop(const char *dir, const char *key)
{
    g_autofree char *path = path_of(dir, key);

    g_unlink(path);
}

static gint
compare_age(gconstpointer a, gconstpointer b)
{
    const Entry *one = *(Entry *const *) a, *other = *(Entry *const *) b;

    return one->modified < other->modified ? -1 : one->modified > other->modified;
}

static GPtrArray *
list(const char *dir)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify) entry_free);
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        GStatBuf st;
        if (strlen(name) != NAME_LENGTH || g_lstat(path, &st) < 0)
            continue;
        Entry *entry = g_new0(Entry, 1);
        entry->path = g_steal_pointer(&path);
        entry->modified = (gint64) st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
        entry->size = st.st_size;
        g_ptr_array_add(entries, entry);
    }
    g_ptr_array_sort(entries, compare_age);
    return entries;
}

static void
make_room(const char *dir, gsize size)
{
    g_autoptr(GPtrArray) entries = list(dir);
    goffset total = (goffset) size;

    for (guint i = 0; i < entries->len; i++)
        total += ((Entry *) g_ptr_array_index(entries, i))->size;
    for (guint i = 0; i < entries->len; i++) {
        const Entry *oldest = g_ptr_array_index(entries, i);
        if (entries->len - i < KYSO_PROOF_CACHE_MAX_FILES && total <= KYSO_PROOF_CACHE_MAX_SIZE)
            return;
        g_unlink(oldest->path);
        total -= oldest->size;
    }
}

static gboolean
write_entry(const char *dir, const char *path, GBytes *entry, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(entry, &size);

    if (!kyso_paths_make_private(dir, error))
        return FALSE;
    make_room(dir, size);
    g_autoptr(KysoTemporary) file = kyso_temporary_new(dir, error);
    return file != NULL && kyso_fd_write_at(kyso_temporary_fd(file), data, size, 0, error) &&
           kyso_temporary_publish(file, path, 0600, error);
}

void
kyso_proof_cache_put(const char *dir, const char *key, GBytes *entry)
{
    g_autofree char *path = path_of(dir, key);
    g_autoptr(GError) error = NULL;

    if (g_bytes_get_size(entry) <= KYSO_PROOF_CACHE_MAX_SIZE &&
        !write_entry(dir, path, entry, &error))
        g_message("cannot keep an answer on a certificate's status: %s", error->message);
}
