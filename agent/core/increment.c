/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/increment.h"

#include <string.h>
#include <sys/stat.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

void
kyso_increment_free(KysoIncrement *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self);
}

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INCREMENT_REFUSED, why);
    return FALSE;
}

/* Where the reader says that the two values stand; inside the update. */
typedef struct {
    gint64 range, range_length;
    gint64 contents, contents_length;
} Places;

static gboolean
read_span(const json_t *result, const char *name, gsize size, gint64 *ret_offset,
          gint64 *ret_length, GError **error)
{
    json_t *span = NULL;

    if (!kyso_json_get_object(result, name, KYSO_JSON_REQUIRED, &span, error) ||
        !kyso_json_get_int(span, "offset", KYSO_JSON_REQUIRED, 0, (gint64) size, ret_offset,
                           error) ||
        !kyso_json_get_int(span, "length", KYSO_JSON_REQUIRED, 2, (gint64) size, ret_length, error))
        return FALSE;
    return *ret_offset + *ret_length <= (gint64) size ||
           refuse(error, "a value stands outside of the update");
}

/* The array at @text is exactly [0 A B C], spaces allowed where PDF allows them. */
static gboolean
is_range(const char *text, gsize length, const goffset *expected)
{
    const char *end = text + length;

    if (length < 2 || *text != '[' || end[-1] != ']')
        return FALSE;
    text++;
    for (int i = 0; i < 4; i++) {
        goffset number = 0;
        while (text < end && *text == ' ')
            text++;
        if (text == end || !g_ascii_isdigit(*text))
            return FALSE;
        while (text < end && g_ascii_isdigit(*text) && number <= G_MAXINT32)
            number = number * 10 + (*text++ - '0');
        if (number != expected[i])
            return FALSE;
    }
    while (text < end && *text == ' ')
        text++;
    return text == end - 1;
}

static gboolean
is_empty_hex_string(const char *text, gsize length)
{
    if (length < 4 || length % 2 != 0 || text[0] != '<' || text[length - 1] != '>')
        return FALSE;
    for (gsize i = 1; i + 1 < length; i++)
        if (text[i] != '0')
            return FALSE;
    return TRUE;
}

/* The names before the two values are what a reader of the file will go by. */
static gboolean
follows_name(const char *data, gint64 offset, const char *name)
{
    gint64 length = (gint64) strlen(name);

    while (offset > 0 && data[offset - 1] == ' ')
        offset--;
    return offset >= length && memcmp(data + offset - length, name, length) == 0;
}

static gboolean
check(const char *data, gsize size, goffset original, const Places *places, GError **error)
{
    goffset contents = original + places->contents;
    goffset contents_end = contents + places->contents_length;
    goffset expected[] = {0, contents, contents_end, original + (goffset) size - contents_end};

    if (!follows_name(data, places->range, "/ByteRange") ||
        !is_range(data + places->range, places->range_length, expected))
        return refuse(error, "/ByteRange does not cover the whole file");
    if (!follows_name(data, places->contents, "/Contents") ||
        !is_empty_hex_string(data + places->contents, places->contents_length))
        return refuse(error, "/Contents is not empty");
    return TRUE;
}

/* The update as private memory: the reader still has its descriptor and could change it. */
static char *
take_update(KysoReply *reply, gsize *ret_size, GError **error)
{
    g_auto(KysoFd) fd = -1;
    struct stat st;

    if (!kyso_json_take_fd(reply->result, "increment", KYSO_JSON_REQUIRED, reply->fds, &fd, error))
        return NULL;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
        st.st_size > KYSO_INCREMENT_MAX) {
        refuse(error, "the update has no fitting size");
        return NULL;
    }
    g_autofree char *data = g_malloc(st.st_size);
    if (!kyso_fd_read_at(fd, data, st.st_size, 0, error))
        return NULL;
    *ret_size = st.st_size;
    return g_steal_pointer(&data);
}

static GBytes *
digest_ranges(KysoPrivateCopy *copy, const char *data, gsize size, const Places *places)
{
    gsize contents_end = places->contents + places->contents_length;
    g_autoptr(KysoFileHash) hash = kyso_file_hash_copy(copy->hash);

    kyso_file_hash_add_bytes(hash, data, places->contents);
    kyso_file_hash_add_bytes(hash, data + contents_end, size - contents_end);
    return kyso_file_hash_get(hash);
}

KysoIncrement *
kyso_increment_append(KysoPrivateCopy *copy, KysoReply *reply, GError **error)
{
    Places places;
    gsize size;
    g_autofree char *data = take_update(reply, &size, error);

    if (data == NULL ||
        !read_span(reply->result, "byte_range", size, &places.range, &places.range_length, error) ||
        !read_span(reply->result, "contents", size, &places.contents, &places.contents_length,
                   error) ||
        !check(data, size, copy->size, &places, error) ||
        !kyso_fd_write_at(kyso_temporary_fd(copy->file), data, size, copy->size, error))
        return NULL;

    KysoIncrement *self = g_new0(KysoIncrement, 1);
    self->size = copy->size + (goffset) size;
    self->contents = copy->size + places.contents;
    self->contents_end = self->contents + places.contents_length;
    self->digest = digest_ranges(copy, data, size, &places);
    return self;
}

gboolean
kyso_increment_append_unsigned(KysoPrivateCopy *copy, KysoReply *reply, GError **error)
{
    gsize size;
    g_autofree char *data = take_update(reply, &size, error);

    return data != NULL &&
           kyso_fd_write_at(kyso_temporary_fd(copy->file), data, size, copy->size, error) &&
           kyso_private_copy_grow(copy, copy->size + (goffset) size, error);
}

GBytes *
kyso_increment_hash(const KysoIncrement *self, const KysoPrivateCopy *copy, const char *hash,
                    GError **error)
{
    int fd = kyso_temporary_fd(copy->file);
    g_autoptr(KysoFileHash) state = NULL;

    if (strcmp(hash, "SHA256") == 0)
        return g_bytes_ref(self->digest);
    state = kyso_file_hash_new(hash);
    if (state == NULL || !kyso_file_hash_add(state, fd, 0, self->contents, error) ||
        !kyso_file_hash_add(state, fd, self->contents_end, self->size - self->contents_end, error))
        return NULL;
    return kyso_file_hash_get(state);
}

gboolean
kyso_increment_complete(const KysoIncrement *self, KysoPrivateCopy *copy, GBytes *cms,
                        GError **error)
{
    g_autofree char *hex = kyso_file_hash_to_hex(cms);
    gsize length = strlen(hex);

    if ((goffset) length > self->contents_end - self->contents - 2)
        return refuse(error, "the signature does not fit into its place");
    return kyso_fd_write_at(kyso_temporary_fd(copy->file), hex, length, self->contents + 1, error);
}
