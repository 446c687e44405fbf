/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ipc/base/error.h"

#define READ_BLOCK (64 * 1024)

void
kyso_fd_close(int fd)
{
    if (fd < 0)
        return;
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
}

void
kyso_fd_clear(KysoFd *fd)
{
    kyso_fd_close(*fd);
    *fd = -1;
}

int
kyso_fd_steal(KysoFd *fd)
{
    int stolen = *fd;
    *fd = -1;
    return stolen;
}

int
kyso_fd_dup(int fd, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot copy a descriptor");
    return copy;
}

KysoFdList *
kyso_fd_list_new(void)
{
    return g_new0(KysoFdList, 1);
}

void
kyso_fd_list_append(KysoFdList *self, int fd)
{
    self->fds = g_renew(int, self->fds, self->n_fds + 1);
    self->fds[self->n_fds++] = fd;
}

int
kyso_fd_list_steal(KysoFdList *self, guint index)
{
    return index < self->n_fds ? kyso_fd_steal(&self->fds[index]) : -1;
}

void
kyso_fd_list_free(KysoFdList *self)
{
    if (self == NULL)
        return;
    for (guint i = 0; i < self->n_fds; i++)
        kyso_fd_close(self->fds[i]);
    g_free(self->fds);
    g_free(self);
}

GBytes *
kyso_fd_read_all(int fd, gsize limit, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autofree guint8 *block = g_malloc(READ_BLOCK);

    for (;;) {
        gssize n = read(fd, block, READ_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "cannot read");
            return NULL;
        }
        if (n == 0)
            return g_byte_array_free_to_bytes(g_steal_pointer(&all));
        if (all->len + (gsize) n > limit) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                        "more than %" G_GSIZE_FORMAT " bytes", limit);
            return NULL;
        }
        g_byte_array_append(all, block, n);
    }
}

gboolean
kyso_fd_write_all(int fd, const void *data, gsize size, GError **error)
{
    const char *rest = data;

    while (size > 0) {
        gssize n = write(fd, rest, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, "cannot write");
            return FALSE;
        }
        rest += n;
        size -= n;
    }
    return TRUE;
}

gboolean
kyso_fd_read_at(int fd, void *data, gsize size, goffset offset, GError **error)
{
    char *rest = data;

    while (size > 0) {
        gssize n = pread(fd, rest, size, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "cannot read");
            return FALSE;
        }
        if (n == 0) {
            g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                                "the file is shorter than expected");
            return FALSE;
        }
        rest += n;
        size -= n;
        offset += n;
    }
    return TRUE;
}

gboolean
kyso_fd_write_at(int fd, const void *data, gsize size, goffset offset, GError **error)
{
    const char *rest = data;

    while (size > 0) {
        gssize n = pwrite(fd, rest, size, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, "cannot write");
            return FALSE;
        }
        rest += n;
        size -= n;
        offset += n;
    }
    return TRUE;
}

int
kyso_fd_new_memory(const char *name, const void *data, gsize size, GError **error)
{
    g_auto(KysoFd) fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "memfd_create");
        return -1;
    }
    if (!kyso_fd_write_all(fd, data, size, error))
        return -1;
    lseek(fd, 0, SEEK_SET);
    return kyso_fd_steal(&fd);
}
