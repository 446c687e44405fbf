/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

struct _KysoTemporary {
    KysoFd fd;
    char *name; /* on file systems without O_TMPFILE; removed when freed */
};

KysoTemporary *
kyso_temporary_new(const char *dir, GError **error)
{
    g_autoptr(KysoTemporary) self = g_new0(KysoTemporary, 1);

    self->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (self->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        self->name = g_build_filename(dir, ".kyso-XXXXXX", NULL);
        self->fd = g_mkstemp_full(self->name, O_RDWR | O_CLOEXEC, 0600);
        if (self->fd < 0)
            g_clear_pointer(&self->name, g_free);
    }
    if (self->fd < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, dir);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
kyso_temporary_free(KysoTemporary *self)
{
    if (self == NULL)
        return;
    kyso_fd_clear(&self->fd);
    if (self->name != NULL)
        unlink(self->name);
    g_free(self->name);
    g_free(self);
}

int
kyso_temporary_fd(KysoTemporary *self)
{
    return self->fd;
}

/* Gives the unnamed file the name @path; EEXIST where there is one. */
static gboolean
link_to(KysoTemporary *self, const char *path)
{
    g_autofree char *source = g_strdup_printf("/proc/self/fd/%d", self->fd);
    return linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Gives the unnamed file a name beside @path; a name left by a killed run is passed over. */
static gboolean
give_name(KysoTemporary *self, const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    for (int attempt = 0; attempt < 100; attempt++) {
        g_autofree char *name = g_strdup_printf("%s/.kyso-%08x", dir, g_random_int());
        if (link_to(self, name)) {
            self->name = g_steal_pointer(&name);
            return TRUE;
        }
        if (errno != EEXIST)
            break;
    }
    kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, path);
    return FALSE;
}

static void
sync_folder_of(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_auto(KysoFd) fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        fsync(fd);
}

gboolean
kyso_temporary_publish(KysoTemporary *self, const char *path, int mode, GError **error)
{
    if (fchmod(self->fd, mode) < 0 || fsync(self->fd) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, path);
        return FALSE;
    }
    /* Where no older file is in the way no other name is needed, and none can be left behind. */
    if (self->name == NULL && link_to(self, path)) {
        sync_folder_of(path);
        return TRUE;
    }
    if (self->name == NULL && !give_name(self, path, error))
        return FALSE;
    if (rename(self->name, path) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, path);
        return FALSE;
    }
    g_clear_pointer(&self->name, g_free);
    sync_folder_of(path);
    return TRUE;
}
