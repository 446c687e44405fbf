/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a module can do between the walls, and that the same goes through without them. Each set of
 * tries has a process of its own. */
#include "ipc/base/descriptor.h"
#include "ipc/base/fence.h"
#include "ipc/base/harden.h"
#include "pkcs11/worker/confine.h"
#include "tests/kit/p11fault-tries.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_TOLD (-1) /* another program stands in the place of the one that tries */

typedef struct {
    char *base;
    char *writable;
    char *elsewhere;
    char *victim;
} Fixture;

/* What each try must come to. */
static const struct {
    const char *what;
    int confined;
    gboolean needs_landlock;
    gboolean works_without; /* for anybody, on any machine */
} expected[] = {
    {"tcp", EACCES, FALSE, TRUE},
    {"udp", EACCES, FALSE, FALSE}, /* IPv6 may be switched off */
    {"netlink", EACCES, FALSE, TRUE},
    {"io_uring", EPERM, FALSE, FALSE},
    {"process", EPERM, FALSE, TRUE},
    {"trace", EPERM, FALSE, FALSE},
    {"memory_of_another", EPERM, FALSE, FALSE},
    {"signal_to_another", EPERM, FALSE, TRUE},
    {"write_elsewhere", EACCES, TRUE, TRUE},
    {"shorten_elsewhere", EACCES, TRUE, TRUE},
    {"change_mode_elsewhere", EPERM, FALSE, TRUE},
    {"change_mode_of_open_file", EPERM, FALSE, TRUE},
    {"remove_elsewhere", EACCES, TRUE, TRUE},
    {"dumpable", EPERM, FALSE, TRUE},
    {"outlive_the_agent", EPERM, FALSE, TRUE},
    {"namespace", EPERM, FALSE, FALSE},
    {"new_root", EPERM, FALSE, FALSE},
    {"read_elsewhere", 0, TRUE, FALSE},
    {"unix_socket", 0, FALSE, TRUE},
    {"write_to_null", 0, FALSE, TRUE},
    {"executable_memory", 0, FALSE, TRUE},
    {"program", EPERM, FALSE, FALSE},
};

static void
set_up(Fixture *fixture, gconstpointer data)
{
    fixture->base = g_dir_make_tmp("kyso-confine-XXXXXX", NULL);
    fixture->writable = g_build_filename(fixture->base, "writable", NULL);
    fixture->elsewhere = g_build_filename(fixture->base, "elsewhere", NULL);
    fixture->victim = g_build_filename(fixture->elsewhere, "victim", NULL);
    g_assert_cmpint(g_mkdir(fixture->elsewhere, 0700), ==, 0);
    g_assert_true(g_file_set_contents(fixture->victim, "x", 1, NULL));
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_remove(fixture->victim);
    g_remove(fixture->elsewhere);
    g_remove(fixture->writable);
    g_remove(fixture->base);
    g_free(fixture->victim);
    g_free(fixture->elsewhere);
    g_free(fixture->writable);
    g_free(fixture->base);
}

static int tell_fd;

static void
tell(const char *what, int error)
{
    dprintf(tell_fd, "%s %d\n", what, error);
}

/* "what errno" a line, as a process told that has (@confinement not NULL) walls around it. */
static char *
try_all(Fixture *fixture, const KysoConfinement *confinement)
{
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        tell_fd = ends[1];
        kyso_harden_process();
        if (confinement == NULL || kyso_confine_enter(confinement, NULL))
            p11fault_try_all(fixture->elsewhere, tell);
        _exit(0);
    }
    close(ends[1]);

    g_autoptr(GBytes) told = kyso_fd_read_all(ends[0], 65536, NULL);
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    gsize size;
    const char *text = g_bytes_get_data(told, &size);
    return g_strndup(text, size);
}

static int
result_of(const char *told, const char *what)
{
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);
    g_autofree char *prefix = g_strdup_printf("%s ", what);

    for (gsize i = 0; lines[i] != NULL; i++)
        if (g_str_has_prefix(lines[i], prefix))
            return atoi(lines[i] + strlen(prefix));
    return NOT_TOLD;
}

static void
test_harm_is_refused(Fixture *fixture, gconstpointer data)
{
    KysoConfinement confinement = {0};
    g_autofree char *told = try_all(fixture, &confinement);
    gboolean has_landlock = kyso_fence_abi() >= 3; /* from then on it knows truncate */

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (expected[i].needs_landlock && !has_landlock)
            continue;
        g_test_message("%s", expected[i].what);
        g_assert_cmpint(result_of(told, expected[i].what), ==, expected[i].confined);
    }
    if (has_landlock)
        g_assert_true(g_file_test(fixture->victim, G_FILE_TEST_EXISTS));
    else
        g_test_message("this kernel has no Landlock (ABI %d): files were not tried",
                       kyso_fence_abi());
}

/* Else the test above would hold where the tries are wrong. */
static void
test_harm_works_without_walls(Fixture *fixture, gconstpointer data)
{
    g_autofree char *told = try_all(fixture, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
        if (expected[i].works_without) {
            g_test_message("%s", expected[i].what);
            g_assert_cmpint(result_of(told, expected[i].what), ==, 0);
        }
    g_assert_cmpint(result_of(told, "program"), ==, NOT_TOLD);
}

static void
test_network_can_be_allowed(Fixture *fixture, gconstpointer data)
{
    KysoConfinement confinement = {.network = TRUE};
    g_autofree char *told = try_all(fixture, &confinement);

    g_assert_cmpint(result_of(told, "tcp"), ==, 0);
    g_assert_cmpint(result_of(told, "process"), ==, EPERM);
    g_assert_cmpint(result_of(told, "program"), ==, EPERM);
}

static void *
do_nothing(void *data)
{
    return data;
}

/* What the walls must leave: files where it may write, threads. */
static gboolean
works(Fixture *fixture)
{
    g_autofree char *folder = g_build_filename(fixture->writable, "tokens", NULL);
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_autofree char *other = g_build_filename(folder, "other", NULL);
    pthread_t thread;

    gboolean is_good = g_mkdir(folder, 0700) == 0 && g_file_set_contents(file, "x", 1, NULL) &&
                       g_rename(file, other) == 0 && truncate(other, 0) == 0 &&
                       g_remove(other) == 0 && g_remove(folder) == 0;
    return is_good && pthread_create(&thread, NULL, do_nothing, NULL) == 0 &&
           pthread_join(thread, NULL) == 0;
}

static void
test_work_goes_on(Fixture *fixture, gconstpointer data)
{
    const char *const writes[] = {fixture->writable, "/nonexistent/folder", NULL};
    KysoConfinement confinement = {.writes = writes};
    int status = 0;

    pid_t pid = fork();
    if (pid == 0) {
        kyso_harden_process();
        _exit(kyso_confine_enter(&confinement, NULL) && works(fixture) ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(g_file_test(fixture->writable, G_FILE_TEST_IS_DIR)); /* it was made */
}

static void
add_test(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_test("/confine/harm-is-refused", test_harm_is_refused);
    add_test("/confine/harm-works-without-walls", test_harm_works_without_walls);
    add_test("/confine/network-can-be-allowed", test_network_can_be_allowed);
    add_test("/confine/work-goes-on", test_work_goes_on);
    return g_test_run();
}
