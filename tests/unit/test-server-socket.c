/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/server.h"

#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Killed between fork and exec, an agent leaves a child that has its socket for a moment more. */
static void
test_socket_of_a_dead_agents_child(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("kyso-server-XXXXXX", NULL);
    g_autofree char *inner = g_build_filename(dir, "kyso", NULL);
    g_autofree char *path = g_build_filename(inner, "agent.sock", NULL);
    int gate[2], status;

    g_assert_cmpint(pipe(gate), ==, 0);
    pid_t agent = fork();
    if (agent == 0) {
        char byte;
        close(gate[1]);
        if (kyso_server_listen(path, NULL) < 0)
            _exit(1);
        if (fork() > 0)
            _exit(0);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1); /* until the test is over */
    }
    g_assert_cmpint(waitpid(agent, &status, 0), ==, agent);
    g_assert_cmpint(status, ==, 0);

    int fd = kyso_server_listen(path, &error);
    g_assert_no_error(error);
    close(fd);
    close(gate[0]);
    close(gate[1]);
    g_unlink(path);
    g_rmdir(inner);
    g_rmdir(dir);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server-socket/a dead agent's child does not keep it",
                    test_socket_of_a_dead_agents_child);
    return g_test_run();
}
