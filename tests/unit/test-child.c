/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* This program plays the children too: its first argument says which. */
static char *own_path;

typedef struct {
    GMainLoop *loop;
    int calls, exit_code, signal;
} Ending;

static void
ended(KysoChild *child, int exit_code, int signal_number, gpointer user_data)
{
    Ending *ending = user_data;
    ending->calls++;
    ending->exit_code = exit_code;
    ending->signal = signal_number;
    g_main_loop_quit(ending->loop);
}

static KysoChild *
start(const char *role, const int *fds, guint n_fds, Ending *ending)
{
    const char *argv[] = {own_path, role, NULL};
    KysoChildSpec spec = {argv, NULL, fds, n_fds};
    g_autoptr(GError) error = NULL;
    KysoChild *child = kyso_child_start(&spec, ending != NULL ? ended : NULL, ending, &error);
    g_assert_no_error(error);
    return child;
}

/* Runs @role to its end. */
static Ending
run(const char *role, const int *fds, guint n_fds)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Ending ending = {loop, 0, -1, -1};
    g_autoptr(KysoChild) child = start(role, fds, n_fds, &ending);

    g_main_loop_run(loop);
    g_assert_false(kyso_child_is_running(child));
    g_assert_cmpint(ending.calls, ==, 1);
    return ending;
}

static void
expect_no_children(void)
{
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
}

static void
test_status_is_told(void)
{
    Ending orderly = run("exit-7", NULL, 0), killed = run("abort", NULL, 0);

    g_assert_cmpint(orderly.exit_code, ==, 7);
    g_assert_cmpint(orderly.signal, ==, 0);
    g_assert_cmpint(killed.exit_code, ==, -1);
    g_assert_cmpint(killed.signal, ==, SIGKILL);
    expect_no_children();
}

/* The child says which descriptors it has, and what stands in those given. */
static void
test_descriptors_are_those_given(void)
{
    int leaked = open("/dev/zero", O_RDONLY), report[2], low;
    g_autoptr(GBytes) text = NULL;

    g_assert_cmpint(pipe2(report, O_CLOEXEC), ==, 0);
    g_auto(KysoFd) first = kyso_fd_new_memory("a", "first", 5, NULL);
    g_auto(KysoFd) second = kyso_fd_new_memory("b", "second", 6, NULL);
    low = second; /* given in an order that crosses the numbers they get */
    int fds[] = {report[1], low, first};
    Ending ending = run("list-descriptors", fds, 3);
    close(report[1]);
    close(leaked);

    text = kyso_fd_read_all(report[0], 1000, NULL);
    close(report[0]);
    g_assert_cmpint(ending.exit_code, ==, 0);
    static const char expected[] = "0 1 2 3 4 5 second first";
    g_assert_cmpmem(g_bytes_get_data(text, NULL), g_bytes_get_size(text), expected,
                    strlen(expected));
}

static void
test_missing_program(void)
{
    const char *argv[] = {"/nonexistent/kyso-token", NULL};
    KysoChildSpec spec = {argv, NULL, NULL, 0};
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_child_start(&spec, ended, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL);
    expect_no_children();
}

static void
test_kill_is_told_once(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Ending ending = {loop, 0, -1, -1};
    g_autoptr(KysoChild) child = start("sleep", NULL, 0, &ending);

    g_assert_true(kyso_child_is_running(child));
    kyso_child_kill(child);
    kyso_child_kill(child);
    g_main_loop_run(loop);
    kyso_child_kill(child);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpint(ending.calls, ==, 1);
    g_assert_cmpint(ending.signal, ==, SIGKILL);
    expect_no_children();
}

static void
test_dropping_ends_it(void)
{
    KysoChild *child = start("sleep", NULL, 0, NULL);
    GPid pid = kyso_child_get_pid(child);

    g_object_unref(child);
    g_assert_cmpint(kill(pid, 0), ==, -1);
    g_assert_cmpint(errno, ==, ESRCH);
    expect_no_children();
}

/* The grandchild holds the writing end: its death is the end of the pipe. */
static void
test_dies_with_its_parent(void)
{
    int life[2];
    char byte;

    g_assert_cmpint(pipe2(life, O_CLOEXEC), ==, 0);
    g_autoptr(KysoChild) parent = start("parent", &life[1], 1, NULL);
    close(life[1]);
    g_assert_cmpint(read(life[0], &byte, 1), ==, 1); /* the grandchild runs */
    kyso_child_kill(parent);
    alarm(20);
    g_assert_cmpint(read(life[0], &byte, 1), ==, 0);
    alarm(0);
    close(life[0]);
}

static void
list_descriptors(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char content[16];

    for (int fd = 0; fd < 1000; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            g_string_append_printf(text, "%d ", fd);
    for (int fd = 4; fd <= 5; fd++) {
        gssize n = pread(fd, content, sizeof content, 0);
        g_string_append_len(text, content, MAX(n, 0));
        g_string_append(text, fd == 4 ? " " : "");
    }
    kyso_fd_write_all(3, text->str, text->len, NULL);
}

static int
play(const char *role)
{
    if (strcmp(role, "exit-7") == 0)
        return 7;
    if (strcmp(role, "abort") == 0)
        raise(SIGKILL);
    if (strcmp(role, "list-descriptors") == 0) {
        list_descriptors();
        return 0;
    }
    if (strcmp(role, "parent") == 0) {
        int life = 3;
        start("grandchild", &life, 1, NULL);
        close(life);
    }
    if (strcmp(role, "grandchild") == 0)
        kyso_fd_write_all(3, "x", 1, NULL);
    for (;;)
        pause();
}

int
main(int argc, char *argv[])
{
    g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);
    own_path = path;
    if (argc == 2 && argv[1][0] != '-')
        return play(argv[1]);

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/child/how it ended is told", test_status_is_told);
    g_test_add_func("/child/it has the descriptors given and no other",
                    test_descriptors_are_those_given);
    g_test_add_func("/child/a missing program is an error", test_missing_program);
    g_test_add_func("/child/a kill is told once", test_kill_is_told_once);
    g_test_add_func("/child/dropping it ends and reaps it", test_dropping_ends_it);
    g_test_add_func("/child/it dies with its parent", test_dies_with_its_parent);
    return g_test_run();
}
