/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

struct _KysoPeer {
    grefcount references;
    struct ucred credentials;
    KysoFd pidfd; /* -1 where the kernel has none, or the peer was gone already */
    gboolean was_read;
    char *executable;
    char *unit;
    gboolean shares_mounts;
};

KysoPeer *
kyso_peer_new(int fd, GError **error)
{
    g_autoptr(KysoPeer) self = g_new0(KysoPeer, 1);
    socklen_t size = sizeof self->credentials;

    g_ref_count_init(&self->references);
    self->pidfd = -1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &self->credentials, &size) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "SO_PEERCRED");
        return NULL;
    }
    size = sizeof self->pidfd;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &self->pidfd, &size) < 0)
        self->pidfd = (int) syscall(SYS_pidfd_open, self->credentials.pid, 0);
    return g_steal_pointer(&self);
}

KysoPeer *
kyso_peer_ref(KysoPeer *self)
{
    g_ref_count_inc(&self->references);
    return self;
}

void
kyso_peer_unref(KysoPeer *self)
{
    if (self == NULL || !g_ref_count_dec(&self->references))
        return;
    kyso_fd_clear(&self->pidfd);
    g_free(self->executable);
    g_free(self->unit);
    g_free(self);
}

/* What /proc/PID said is about the peer only if the peer still lived after it was read. */
static gboolean
is_alive(const KysoPeer *self)
{
    struct pollfd entry = {self->pidfd, POLLIN, 0};
    return self->pidfd >= 0 && poll(&entry, 1, 0) == 0;
}

/* The last ".service" or ".scope" of the path in the unified hierarchy (cgroups(7)). */
static char *
read_unit(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cgroup", (int) pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("");
    g_auto(GStrv) parts = g_strsplit_set(text, "/\n", -1);
    for (guint i = g_strv_length(parts); i > 0; i--)
        if (g_str_has_suffix(parts[i - 1], ".service") || g_str_has_suffix(parts[i - 1], ".scope"))
            return g_strdup(parts[i - 1]);
    return g_strdup("");
}

static gboolean
has_our_mounts(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/mnt", (int) pid);
    g_autofree char *theirs = g_file_read_link(path, NULL);
    g_autofree char *ours = g_file_read_link("/proc/self/ns/mnt", NULL);
    return theirs != NULL && g_strcmp0(theirs, ours) == 0;
}

static void
read_once(KysoPeer *self)
{
    if (self->was_read)
        return;
    self->was_read = TRUE;

    g_autofree char *link = g_strdup_printf("/proc/%d/exe", (int) self->credentials.pid);
    self->executable = g_file_read_link(link, NULL);
    self->unit = read_unit(self->credentials.pid);
    self->shares_mounts = has_our_mounts(self->credentials.pid);
    if (self->executable == NULL || !g_utf8_validate(self->executable, -1, NULL) ||
        !is_alive(self)) {
        g_free(self->executable);
        g_free(self->unit);
        self->executable = g_strdup("");
        self->unit = g_strdup("");
        self->shares_mounts = FALSE;
    }
}

uid_t
kyso_peer_uid(KysoPeer *self)
{
    return self->credentials.uid;
}

pid_t
kyso_peer_pid(KysoPeer *self)
{
    return self->credentials.pid;
}

const char *
kyso_peer_executable(KysoPeer *self)
{
    read_once(self);
    return self->executable;
}

const char *
kyso_peer_unit(KysoPeer *self)
{
    read_once(self);
    return self->unit;
}

gboolean
kyso_peer_shares_mounts(KysoPeer *self)
{
    read_once(self);
    return self->shares_mounts;
}
