/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/file-hash.h"

#include <openssl/evp.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define BLOCK (256 * 1024)

struct _KysoFileHash {
    EVP_MD_CTX *context;
};

KysoFileHash *
kyso_file_hash_new(const char *hash)
{
    static const char *const known[] = {"SHA1", "SHA256", "SHA384", "SHA512", NULL};
    KysoFileHash *self;

    if (hash == NULL || !g_strv_contains(known, hash))
        return NULL;
    self = g_new0(KysoFileHash, 1);
    self->context = EVP_MD_CTX_new();
    if (self->context == NULL ||
        EVP_DigestInit_ex(self->context, EVP_get_digestbyname(hash), NULL) != 1)
        g_error("no %s", hash);
    return self;
}

KysoFileHash *
kyso_file_hash_copy(const KysoFileHash *self)
{
    KysoFileHash *copy = g_new0(KysoFileHash, 1);

    copy->context = EVP_MD_CTX_new();
    if (copy->context == NULL || EVP_MD_CTX_copy_ex(copy->context, self->context) != 1)
        g_error("cannot copy a hash");
    return copy;
}

void
kyso_file_hash_free(KysoFileHash *self)
{
    if (self == NULL)
        return;
    EVP_MD_CTX_free(self->context);
    g_free(self);
}

gboolean
kyso_file_hash_add(KysoFileHash *self, int fd, goffset offset, goffset length, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);

    while (length > 0) {
        gsize size = MIN((goffset) BLOCK, length);
        if (!kyso_fd_read_at(fd, block, size, offset, error))
            return FALSE;
        kyso_file_hash_add_bytes(self, block, size);
        offset += size;
        length -= size;
    }
    return TRUE;
}

void
kyso_file_hash_add_bytes(KysoFileHash *self, const void *data, gsize size)
{
    if (EVP_DigestUpdate(self->context, data, size) != 1)
        g_error("cannot hash");
}

GBytes *
kyso_file_hash_get(const KysoFileHash *self)
{
    g_autoptr(KysoFileHash) copy = kyso_file_hash_copy(self);
    guint8 digest[EVP_MAX_MD_SIZE];
    guint size = 0;

    if (EVP_DigestFinal_ex(copy->context, digest, &size) != 1)
        g_error("cannot hash");
    return g_bytes_new(digest, size);
}

char *
kyso_file_hash_to_hex(GBytes *digest)
{
    static const char digits[] = "0123456789abcdef";
    gsize size;
    const guint8 *data = g_bytes_get_data(digest, &size);
    char *hex = g_malloc(2 * size + 1);

    for (gsize i = 0; i < size; i++) {
        hex[2 * i] = digits[data[i] >> 4];
        hex[2 * i + 1] = digits[data[i] & 0xf];
    }
    hex[2 * size] = '\0';
    return hex;
}
