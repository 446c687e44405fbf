/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define SECRET_MAPPING 4096

/* Lives in the locked page itself, so that not even the length stays behind. */
struct _KysoSecret {
    gsize length;
    char bytes[KYSO_SECRET_MAX + 1];
};

G_STATIC_ASSERT(sizeof(KysoSecret) <= SECRET_MAPPING);

KysoSecret *
kyso_secret_new(void)
{
    void *page =
        mmap(NULL, SECRET_MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        g_error("no memory for a secret: %s", g_strerror(errno));

    (void) mlock(page, SECRET_MAPPING);
    (void) madvise(page, SECRET_MAPPING, MADV_DONTDUMP);
    (void) madvise(page, SECRET_MAPPING, MADV_WIPEONFORK);
    return page;
}

void
kyso_secret_free(KysoSecret *self)
{
    if (self == NULL)
        return;
    explicit_bzero(self, SECRET_MAPPING);
    munmap(self, SECRET_MAPPING);
}

gboolean
kyso_secret_append(KysoSecret *self, const char *bytes, gsize size)
{
    if (size > KYSO_SECRET_MAX - self->length)
        return FALSE;
    memcpy(self->bytes + self->length, bytes, size);
    kyso_secret_set_length(self, self->length + size);
    return TRUE;
}

gboolean
kyso_secret_read(KysoSecret *self, int fd, GError **error)
{
    kyso_secret_wipe(self);

    for (;;) {
        /* One byte past the limit is read on purpose: it tells "too long" from "just fits". */
        gssize n = read(fd, self->bytes + self->length, KYSO_SECRET_MAX + 1 - self->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_PROMPT_FAILED, errno, "cannot read the PIN");
            break;
        }
        if (n == 0) {
            self->bytes[self->length] = '\0';
            return TRUE;
        }
        self->length += n;
        if (self->length > KYSO_SECRET_MAX) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED,
                        "the PIN is longer than %d bytes", KYSO_SECRET_MAX);
            break;
        }
    }
    kyso_secret_wipe(self);
    return FALSE;
}

gboolean
kyso_secret_write(const KysoSecret *self, int fd, GError **error)
{
    return kyso_fd_write_all(fd, self->bytes, self->length, error);
}

const char *
kyso_secret_get(const KysoSecret *self)
{
    return self->bytes;
}

gsize
kyso_secret_length(const KysoSecret *self)
{
    return self->length;
}

char *
kyso_secret_buffer(KysoSecret *self)
{
    return self->bytes;
}

void
kyso_secret_set_length(KysoSecret *self, gsize length)
{
    g_return_if_fail(length <= KYSO_SECRET_MAX);
    self->length = length;
    self->bytes[length] = '\0';
}

void
kyso_secret_wipe(KysoSecret *self)
{
    explicit_bzero(self, sizeof *self);
}
