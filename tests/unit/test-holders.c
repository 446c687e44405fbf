/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/holders.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"

/* A socket at the place of pcscd's, and a child that is connected to it. */
typedef struct {
    char *dir, *path;
    int listener, accepted;
    GPid child;
} Fixture;

static void
fill_address(const Fixture *self, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    g_strlcpy(address->sun_path, self->path, sizeof address->sun_path);
}

static void
set_up(Fixture *self, gconstpointer data)
{
    struct sockaddr_un address;

    self->dir = g_dir_make_tmp("kyso-holders-XXXXXX", NULL);
    self->path = g_build_filename(self->dir, "pcscd.comm", NULL);
    g_setenv("PCSCLITE_CSOCK_NAME", self->path, TRUE);
    fill_address(self, &address);
    self->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_no_errno(bind(self->listener, (struct sockaddr *) &address, sizeof address));
    g_assert_no_errno(listen(self->listener, 8));
    self->child = fork();
    if (self->child == 0) {
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        close(self->listener);
        if (connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
            _exit(1);
        pause();
    }
    self->accepted = accept(self->listener, NULL, NULL);
    g_assert_cmpint(self->accepted, >=, 0);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    kill(self->child, SIGKILL);
    waitpid(self->child, NULL, 0);
    close(self->accepted);
    close(self->listener);
    unlink(self->path);
    rmdir(self->dir);
    g_free(self->path);
    g_free(self->dir);
}

static gboolean
can_look(void)
{
    g_auto(KysoFd) fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 4 /* NETLINK_SOCK_DIAG */);
    return fd >= 0;
}

static void
test_who_is_connected_is_named(Fixture *self, gconstpointer data)
{
    if (!can_look()) {
        g_test_skip("the kernel does not tell of sockets here");
        return;
    }
    g_autoptr(GPtrArray) holders = kyso_holders_find(0);
    g_autofree char *executable = g_file_read_link("/proc/self/exe", NULL);

    g_assert_cmpuint(holders->len, ==, 1);
    const KysoHolder *holder = holders->pdata[0];
    g_assert_cmpint(holder->pid, ==, self->child);
    g_assert_cmpstr(holder->name, ==, "test-holders");
    g_assert_cmpstr(holder->executable, ==, executable);
}

static void
test_ours_and_their_children_are_left_out(Fixture *self, gconstpointer data)
{
    g_autoptr(GPtrArray) holders = kyso_holders_find(getpid());
    g_assert_cmpuint(holders->len, ==, 0);
}

static void
test_who_has_gone_is_not_named(Fixture *self, gconstpointer data)
{
    kill(self->child, SIGKILL);
    waitpid(self->child, NULL, 0);
    g_autoptr(GPtrArray) holders = kyso_holders_find(0);
    g_assert_cmpuint(holders->len, ==, 0);
}

static void
test_another_socket_does_not_count(Fixture *self, gconstpointer data)
{
    g_autofree char *other = g_strconcat(self->path, "2", NULL);

    g_setenv("PCSCLITE_CSOCK_NAME", other, TRUE);
    g_autoptr(GPtrArray) holders = kyso_holders_find(0);
    g_assert_cmpuint(holders->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add(path, Fixture, NULL, set_up, test, tear_down)
    ADD("/holders/who-is-connected-is-named", test_who_is_connected_is_named);
    ADD("/holders/ours-and-their-children-are-left-out", test_ours_and_their_children_are_left_out);
    ADD("/holders/who-has-gone-is-not-named", test_who_has_gone_is_not_named);
    ADD("/holders/another-socket-does-not-count", test_another_socket_does_not_count);
    return g_test_run();
}
