/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/holders.h"

#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "pkcs11/pcsc/pcscd-socket.h"

#define MAX_HOLDERS 16
#define MAX_ANCESTORS 64
#define ANSWER_SECONDS 1 /* of the kernel, which answers at once */

void
kyso_holder_free(KysoHolder *self)
{
    g_free(self->name);
    g_free(self->executable);
    g_free(self);
}

/* A client's end is known by pcscd's: that has the socket's path for a name, and its peer. */
static void
take_socket(const struct nlmsghdr *header, const char *path, GHashTable *inodes)
{
    const struct unix_diag_msg *socket = NLMSG_DATA(header);
    int left = (int) (header->nlmsg_len - NLMSG_LENGTH(sizeof *socket));
    gboolean is_pcscd = FALSE;
    guint32 peer = 0;

    for (struct rtattr *at = (struct rtattr *) (socket + 1); RTA_OK(at, left);
         at = RTA_NEXT(at, left)) {
        gsize size = RTA_PAYLOAD(at);
        if (at->rta_type == UNIX_DIAG_NAME)
            is_pcscd = strnlen(RTA_DATA(at), size) == strlen(path) &&
                       memcmp(RTA_DATA(at), path, strlen(path)) == 0;
        else if (at->rta_type == UNIX_DIAG_PEER && size == sizeof peer)
            memcpy(&peer, RTA_DATA(at), sizeof peer);
    }
    if (is_pcscd && peer != 0)
        g_hash_table_add(inodes, GUINT_TO_POINTER(peer));
}

/* TRUE where more is to come. */
static gboolean
read_sockets(int fd, const char *path, GHashTable *inodes)
{
    char buffer[16 * 1024] __attribute__((aligned(__alignof__(struct nlmsghdr))));
    ssize_t size = recv(fd, buffer, sizeof buffer, 0);

    if (size < 0)
        return errno == EINTR;
    const struct nlmsghdr *header = (const struct nlmsghdr *) buffer;
    for (int left = (int) size; NLMSG_OK(header, (guint) left); header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
            return FALSE; /* NLMSG_DONE, or an error */
        take_socket(header, path, inodes);
    }
    return size > 0;
}

/* A set of the inodes of the sockets that are connected to @path. */
static GHashTable *
find_client_sockets(const char *path)
{
    GHashTable *inodes = g_hash_table_new(NULL, NULL);
    struct {
        struct nlmsghdr header;
        struct unix_diag_req body;
    } request = {
        {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
        {.sdiag_family = AF_UNIX,
         .udiag_states = 1u << TCP_ESTABLISHED,
         .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER},
    };
    struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
    g_auto(KysoFd) fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
        send(fd, &request, sizeof request, 0) < 0) {
        g_debug("sock_diag: %s", g_strerror(errno));
        return inodes;
    }
    while (read_sockets(fd, path, inodes))
        ;
    return inodes;
}

/* TRUE where the process has one of the sockets; FALSE also where that may not be seen. */
static gboolean
has_one_of(GPid pid, GHashTable *inodes)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int) pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        char target[64] = "";
        guint inode;
        if (readlink(link, target, sizeof target - 1) > 0 &&
            sscanf(target, "socket:[%u]", &inode) == 1 &&
            g_hash_table_contains(inodes, GUINT_TO_POINTER(inode)))
            return TRUE;
    }
    return FALSE;
}

static GPid
parent_of(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int) pid);
    g_autofree char *status = NULL;

    if (!g_file_get_contents(path, &status, NULL, NULL))
        return 0;
    const char *line = strstr(status, "\nPPid:");
    return line != NULL ? atoi(line + strlen("\nPPid:")) : 0;
}

static gboolean
is_of(GPid pid, GPid ours)
{
    for (guint i = 0; pid > 1 && i < MAX_ANCESTORS; i++) {
        if (pid == ours)
            return TRUE;
        pid = parent_of(pid);
    }
    return FALSE;
}

static KysoHolder *
describe(GPid pid)
{
    KysoHolder *self = g_new0(KysoHolder, 1);
    g_autofree char *comm = g_strdup_printf("/proc/%d/comm", (int) pid);
    g_autofree char *exe = g_strdup_printf("/proc/%d/exe", (int) pid);

    self->pid = pid;
    if (g_file_get_contents(comm, &self->name, NULL, NULL))
        g_strchomp(self->name);
    else
        self->name = g_strdup("");
    self->executable = g_file_read_link(exe, NULL);
    return self;
}

static int
compare_pids(gconstpointer a, gconstpointer b)
{
    const KysoHolder *one = *(KysoHolder *const *) a, *other = *(KysoHolder *const *) b;
    return one->pid - other->pid;
}

GPtrArray *
kyso_holders_find(GPid ours)
{
    GPtrArray *holders = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_holder_free);
    g_autoptr(GHashTable) inodes = find_client_sockets(kyso_pcscd_socket_path());
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (processes != NULL && g_hash_table_size(inodes) > 0 &&
           (name = g_dir_read_name(processes)) != NULL) {
        GPid pid = atoi(name);
        if (pid > 0 && holders->len < MAX_HOLDERS && has_one_of(pid, inodes) && !is_of(pid, ours))
            g_ptr_array_add(holders, describe(pid));
    }
    g_ptr_array_sort(holders, compare_pids);
    return holders;
}
