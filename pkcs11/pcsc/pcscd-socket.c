/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/pcscd-socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"

#define DEFAULT_PATH "/run/pcscd/pcscd.comm"

/* IN_ATTRIB: pcscd makes the socket, listens, and then sets its mode. */
#define FOLDER_EVENTS                                                                              \
    (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct _KysoPcscdSocket {
    char *path;
    int inotify; /* -1: the system gives none */
    int watch;
    char *awaited; /* the name within the watched folder that leads to the socket */
};

const char *
kyso_pcscd_socket_path(void)
{
    const char *path = g_getenv("PCSCLITE_CSOCK_NAME");
    return path != NULL && *path != '\0' ? path : DEFAULT_PATH;
}

/* Watches the folder of the socket or, while that is missing, the nearest one above it. */
static void
watch_nearest_folder(KysoPcscdSocket *self)
{
    g_autofree char *path = g_strdup(self->path);

    for (;;) {
        g_autofree char *folder = g_path_get_dirname(path);
        int watch = inotify_add_watch(self->inotify, folder, FOLDER_EVENTS);
        if (watch >= 0) {
            if (self->watch >= 0 && self->watch != watch)
                inotify_rm_watch(self->inotify, self->watch);
            self->watch = watch;
            g_free(self->awaited);
            self->awaited = g_path_get_basename(path);
            return;
        }
        if (strcmp(folder, path) == 0)
            return; /* not even the root */
        g_free(path);
        path = g_steal_pointer(&folder);
    }
}

/* Until the nearest folder is the same before and after: another may have been made meanwhile. */
static void
watch_anew(KysoPcscdSocket *self)
{
    int before;

    do {
        before = self->watch;
        watch_nearest_folder(self);
    } while (self->watch != before);
}

KysoPcscdSocket *
kyso_pcscd_socket_watch(const char *path)
{
    KysoPcscdSocket *self = g_new0(KysoPcscdSocket, 1);

    self->path = g_strdup(path);
    self->watch = -1;
    self->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (self->inotify >= 0)
        watch_anew(self);
    else
        g_info("pcscd's socket cannot be watched: %s", g_strerror(errno));
    return self;
}

void
kyso_pcscd_socket_free(KysoPcscdSocket *self)
{
    kyso_fd_close(self->inotify);
    g_free(self->awaited);
    g_free(self->path);
    g_free(self);
}

/* TRUE where one of the events that wait is about the socket or a folder above it. */
static gboolean
read_events(KysoPcscdSocket *self)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    gboolean is_changed = FALSE;
    ssize_t size;

    while ((size = read(self->inotify, buffer, sizeof buffer)) > 0) {
        const struct inotify_event *event;
        for (char *at = buffer; at < buffer + size; at += sizeof *event + event->len) {
            event = (const struct inotify_event *) at;
            if ((event->mask & IN_IGNORED) != 0)
                continue; /* the end of a watch; why it ended was told before */
            /* An event without a name is about the folder itself, or says that some were lost. */
            is_changed = is_changed || event->len == 0 || strcmp(event->name, self->awaited) == 0;
        }
    }
    return is_changed;
}

KysoPcscdSocketEnd
kyso_pcscd_socket_wait(KysoPcscdSocket *self, int wake_fd, int timeout_ms)
{
    for (;;) {
        struct pollfd fds[] = {{wake_fd, POLLIN, 0}, {self->inotify, POLLIN, 0}};
        int n = poll(fds, G_N_ELEMENTS(fds), timeout_ms);

        if (n < 0 && errno == EINTR)
            continue;
        if (fds[0].revents != 0 || n < 0)
            return KYSO_PCSCD_SOCKET_WOKEN;
        if (n == 0)
            return KYSO_PCSCD_SOCKET_TIMED_OUT;
        if (read_events(self)) {
            watch_anew(self);
            return KYSO_PCSCD_SOCKET_CHANGED;
        }
    }
}
