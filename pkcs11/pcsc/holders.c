/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pcsc/holders.h"

#include "ipc/base/descriptor.h"
#include "pkcs11/pcsc/pcscd-socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE 32768
#define ESTABLISHED 1 /* TCP_ESTABLISHED, which unix sockets use too */

static void
holder_free(gpointer data)
{
    KysoHolder *self = data;

    g_free(self->name);
    g_free(self->executable);
    g_free(self);
}

/* Asks for all connected unix sockets with their names and their peers. */
static gboolean
ask_kernel(int fd)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } message = {
        .header = {.nlmsg_len = sizeof message,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .request = {.sdiag_family = AF_UNIX,
                    .udiag_states = 1 << ESTABLISHED,
                    .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER},
    };

    return send(fd, &message, sizeof message, 0) == sizeof message;
}

/* The inode of the other end, where this is one of pcscd's own; else 0. */
static guint32
read_peer(struct nlmsghdr *header, const char *pcscd_path)
{
    struct unix_diag_msg *socket_info = NLMSG_DATA(header);
    int left = (int) header->nlmsg_len - (int) NLMSG_LENGTH(sizeof *socket_info);
    struct rtattr *attribute = (struct rtattr *) (socket_info + 1);
    gboolean is_pcscd = FALSE;
    guint32 peer = 0;

    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        gsize size = RTA_PAYLOAD(attribute);
        if (attribute->rta_type == UNIX_DIAG_NAME)
            is_pcscd = size >= strlen(pcscd_path) &&
                       strncmp(RTA_DATA(attribute), pcscd_path, size) == 0 &&
                       strnlen(RTA_DATA(attribute), size) == strlen(pcscd_path);
        else if (attribute->rta_type == UNIX_DIAG_PEER && size >= sizeof peer)
            memcpy(&peer, RTA_DATA(attribute), sizeof peer);
    }
    return is_pcscd ? peer : 0;
}

/* FALSE: this was the last part of the answer. */
static gboolean
read_part(guchar *bytes, gssize size, const char *pcscd_path, GHashTable *inodes)
{
    int left = (int) size;

    for (struct nlmsghdr *header = (struct nlmsghdr *) (gpointer) bytes; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
            return FALSE; /* NLMSG_DONE, NLMSG_ERROR */
        guint32 peer = read_peer(header, pcscd_path);
        if (peer != 0)
            g_hash_table_add(inodes, GUINT_TO_POINTER(peer));
    }
    return TRUE;
}

/* A set of the inodes that clients' ends of connections to pcscd have. */
static GHashTable *
find_inodes(void)
{
    GHashTable *inodes = g_hash_table_new(NULL, NULL);
    g_autofree guchar *buffer = g_malloc(BUFFER_SIZE);
    const char *path = kyso_pcscd_socket_path();
    gssize size;

    g_auto(KysoFd) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0 || !ask_kernel(fd))
        return inodes;
    do
        size = recv(fd, buffer, BUFFER_SIZE, 0);
    while ((size < 0 && errno == EINTR) || (size > 0 && read_part(buffer, size, path, inodes)));
    return inodes;
}

static gboolean
has_socket(const char *pid, GHashTable *inodes)
{
    g_autofree char *path = g_build_filename("/proc", pid, "fd", NULL);
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    for (const char *fd = folder != NULL ? g_dir_read_name(folder) : NULL; fd != NULL;
         fd = g_dir_read_name(folder)) {
        g_autofree char *link = g_build_filename(path, fd, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);
        unsigned int inode;
        if (target != NULL && sscanf(target, "socket:[%u]", &inode) == 1 &&
            g_hash_table_contains(inodes, GUINT_TO_POINTER(inode)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_ours(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *text = NULL;
    int parent = 0;

    if (atoi(pid) == getpid())
        return TRUE;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    const char *name_end = strrchr(text, ')'); /* the name may hold anything */
    return name_end != NULL && sscanf(name_end, ") %*c %d", &parent) == 1 && parent == getpid();
}

static KysoHolder *
holder_new(const char *pid)
{
    KysoHolder *self = g_new0(KysoHolder, 1);
    g_autofree char *comm = g_build_filename("/proc", pid, "comm", NULL);
    g_autofree char *exe = g_build_filename("/proc", pid, "exe", NULL);

    self->pid = atoi(pid);
    if (g_file_get_contents(comm, &self->name, NULL, NULL))
        g_strchomp(self->name);
    else
        self->name = g_strdup("?");
    self->executable = g_file_read_link(exe, NULL);
    return self;
}

static gint
compare_pids(gconstpointer a, gconstpointer b)
{
    const KysoHolder *first = *(const KysoHolder *const *) a;
    const KysoHolder *second = *(const KysoHolder *const *) b;

    return (first->pid > second->pid) - (first->pid < second->pid);
}

GPtrArray *
kyso_holders_find(void)
{
    GPtrArray *holders = g_ptr_array_new_with_free_func(holder_free);
    g_autoptr(GHashTable) inodes = find_inodes();
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);

    if (processes == NULL || g_hash_table_size(inodes) == 0)
        return holders;
    for (const char *pid = g_dir_read_name(processes); pid != NULL;
         pid = g_dir_read_name(processes))
        if (g_ascii_isdigit(pid[0]) && !is_ours(pid) && has_socket(pid, inodes))
            g_ptr_array_add(holders, holder_new(pid));
    g_ptr_array_sort(holders, compare_pids);
    return holders;
}
