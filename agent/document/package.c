/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/package.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "ipc/base/error.h"

#define ODF_TYPE "application/vnd.oasis.opendocument."
#define MAX_TYPE 128 /* bytes of the file "mimetype" */

typedef struct {
    char *name;
    zip_uint64_t index, size;
} Entry;

struct _KysoPackage {
    zip_t *zip;
    GArray *entries; /* of Entry */
    GHashTable *by_name;
    gboolean is_ooxml;
};

static void
entry_clear(gpointer data)
{
    g_free(((Entry *) data)->name);
}

static gboolean
fail(GError **error, int code, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, code, what);
    return FALSE;
}

gboolean
kyso_package_is_zip(const void *data, gsize size)
{
    return size >= 4 && memcmp(data, "PK\3\4", 4) == 0;
}

/* @source is kept by the archive, on success. */
static zip_t *
open_zip(zip_source_t *source, int flags, GError **error)
{
    zip_error_t fault;
    zip_t *zip = NULL;

    zip_error_init(&fault);
    if (source != NULL)
        zip = zip_open_from_source(source, flags, &fault);
    if (zip == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, "not a sound zip: %s",
                    zip_error_strerror(&fault));
    zip_error_fini(&fault);
    return zip;
}

static zip_t *
open_to_read(GBytes *data, GError **error)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, NULL);
    zip_t *zip = open_zip(source, ZIP_CHECKCONS | ZIP_RDONLY, error);

    if (zip == NULL && source != NULL)
        zip_source_free(source);
    return zip;
}

static gboolean
take_entry(KysoPackage *self, zip_uint64_t index, guint64 *total, GError **error)
{
    zip_stat_t stat;

    if (zip_stat_index(self->zip, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
        !(stat.valid & ZIP_STAT_NAME) || !(stat.valid & ZIP_STAT_SIZE) ||
        !g_utf8_validate(stat.name, -1, NULL) || *stat.name == '\0')
        return fail(error, KYSO_ERROR_INVALID_CONTAINER, "an entry that cannot be read");
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE)
        return fail(error, KYSO_ERROR_DOCUMENT_ENCRYPTED, "an entry is encrypted");
    if (stat.name[strlen(stat.name) - 1] == '/' && stat.size == 0)
        return TRUE;
    *total += stat.size;
    if (stat.size > KYSO_PACKAGE_MAX_CONTENT || *total > KYSO_PACKAGE_MAX_CONTENT) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d bytes unpacked",
                    KYSO_PACKAGE_MAX_CONTENT);
        return FALSE;
    }
    Entry entry = {g_strdup(stat.name), index, stat.size};
    g_array_append_val(self->entries, entry);
    if (!g_hash_table_insert(self->by_name, g_strdup(entry.name),
                             GUINT_TO_POINTER(self->entries->len - 1)))
        return fail(error, KYSO_ERROR_INVALID_CONTAINER, "two entries of one name");
    return TRUE;
}

static gboolean
take_entries(KysoPackage *self, GError **error)
{
    zip_int64_t n = zip_get_num_entries(self->zip, 0);
    guint64 total = 0;

    if (n < 1 || n > KYSO_PACKAGE_MAX_ENTRIES)
        return fail(error, n < 1 ? KYSO_ERROR_INVALID_CONTAINER : KYSO_ERROR_DOCUMENT_TOO_LARGE,
                    "too few entries, or too many");
    for (zip_int64_t i = 0; i < n; i++)
        if (!take_entry(self, (zip_uint64_t) i, &total, error))
            return FALSE;
    return TRUE;
}

/* What kind of ODF this is: the same for every reader, as it stands first, for all to see. */
static gboolean
check_type(KysoPackage *self, GError **error)
{
    guint index;

    self->is_ooxml = kyso_package_find(self, "[Content_Types].xml", &index);
    if (self->is_ooxml)
        return TRUE;
    if (!kyso_package_find(self, "mimetype", &index) || index != 0 ||
        g_array_index(self->entries, Entry, index).size > MAX_TYPE)
        return fail(error, KYSO_ERROR_INVALID_CONTAINER, "a zip, but no ODF: no \"mimetype\"");
    g_autoptr(GBytes) type = kyso_package_read(self, index, error);
    if (type == NULL)
        return FALSE;
    gsize size = 0;
    const char *text = g_bytes_get_data(type, &size);
    if (size < strlen(ODF_TYPE) || memcmp(text, ODF_TYPE, strlen(ODF_TYPE)) != 0)
        return fail(error, KYSO_ERROR_INVALID_CONTAINER, "a package, but no ODF");
    return TRUE;
}

KysoPackage *
kyso_package_open(GBytes *data, GError **error)
{
    if (g_bytes_get_size(data) > KYSO_PACKAGE_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "a package over %d bytes",
                    KYSO_PACKAGE_MAX_SIZE);
        return NULL;
    }
    zip_t *zip = open_to_read(data, error);
    if (zip == NULL)
        return NULL;
    g_autoptr(KysoPackage) self = g_new0(KysoPackage, 1);
    self->zip = zip;
    self->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    g_array_set_clear_func(self->entries, entry_clear);
    self->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!take_entries(self, error) || !check_type(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
kyso_package_free(KysoPackage *self)
{
    zip_discard(self->zip);
    g_array_unref(self->entries);
    g_hash_table_unref(self->by_name);
    g_free(self);
}

gboolean
kyso_package_is_ooxml(const KysoPackage *self)
{
    return self->is_ooxml;
}

guint
kyso_package_count(const KysoPackage *self)
{
    return self->entries->len;
}

const char *
kyso_package_name(const KysoPackage *self, guint index)
{
    return g_array_index(self->entries, Entry, index).name;
}

gboolean
kyso_package_find(const KysoPackage *self, const char *name, guint *ret_index)
{
    gpointer value = NULL;
    gboolean is_there = g_hash_table_lookup_extended(self->by_name, name, NULL, &value);

    *ret_index = GPOINTER_TO_UINT(value);
    return is_there;
}

/* The package's word on the size bounds what is unpacked; libzip checks the CRC at the end. */
GBytes *
kyso_package_read(KysoPackage *self, guint index, GError **error)
{
    const Entry *entry = &g_array_index(self->entries, Entry, index);
    zip_file_t *file = zip_fopen_index(self->zip, entry->index, 0);
    g_autofree guint8 *data = g_malloc(entry->size + 1);
    zip_int64_t n = -1;
    gsize size = 0;

    while (file != NULL && size <= entry->size &&
           (n = zip_fread(file, data + size, entry->size + 1 - size)) > 0)
        size += (gsize) n;
    if (file != NULL && zip_fclose(file) != 0)
        n = -1;
    if (file == NULL || n != 0 || size != entry->size) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, "cannot unpack \"%.100s\"",
                    entry->name);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

static gboolean
put(zip_t *zip, const KysoPackageFile *file)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(file->content, &size);
    zip_source_t *source = zip_source_buffer(zip, bytes, size, 0);
    zip_int64_t index =
        source == NULL ? -1
                       : zip_file_add(zip, file->name, source, ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8);

    if (source != NULL && index < 0)
        zip_source_free(source);
    return index >= 0 &&
           zip_set_file_compression(zip, (zip_uint64_t) index, ZIP_CM_DEFLATE, 0) == 0;
}

static gboolean
put_all(zip_t *zip, const KysoPackageFile *files, guint n_files)
{
    for (guint i = 0; i < n_files; i++)
        if (!put(zip, &files[i]))
            return FALSE;
    return TRUE;
}

static GBytes *
read_source(zip_source_t *source)
{
    zip_stat_t stat;
    gsize size = 0;
    zip_int64_t n;

    if (zip_source_stat(source, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        zip_source_open(source) != 0)
        return NULL;
    g_autofree guint8 *data = g_malloc(stat.size);
    while (size < stat.size && (n = zip_source_read(source, data + size, stat.size - size)) > 0)
        size += (gsize) n;
    zip_source_close(source);
    return size == stat.size ? g_bytes_new_take(g_steal_pointer(&data), size) : NULL;
}

/* libzip 1.7 frees what it has written over, even where that was only lent to it: it gets a copy of
 * its own. */
static zip_source_t *
new_source(GBytes *data)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);
    void *copy = malloc(MAX(size, 1));

    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, size);
    zip_source_t *source = zip_source_buffer_create(copy, size, 1, NULL);
    if (source == NULL)
        free(copy);
    return source;
}

GBytes *
kyso_package_put(GBytes *data, const KysoPackageFile *files, guint n_files, GError **error)
{
    zip_source_t *source = new_source(data);
    GBytes *result = NULL;

    if (source == NULL) {
        fail(error, KYSO_ERROR_DOCUMENT_TOO_LARGE, "a larger package than there is memory for");
        return NULL;
    }
    zip_source_keep(source); /* the archive has the other half */
    zip_t *zip = open_zip(source, 0, error);
    if (zip == NULL)
        zip_source_free(source);
    else if (!put_all(zip, files, n_files) || zip_close(zip) != 0)
        zip_discard(zip);
    else
        result = read_source(source);
    zip_source_free(source);
    if (result == NULL && zip != NULL)
        fail(error, KYSO_ERROR_INVALID_CONTAINER, "cannot put the signature into the package");
    return result;
}
