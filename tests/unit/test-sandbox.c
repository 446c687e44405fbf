/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a taken-over reader of documents would try first. Each try has a process of its own, which
 * has entered the sandbox. */
#include "agent/document/drawing-font.h"
#include "agent/document/drawing-text.h"
#include "agent/document/sandbox.h"
#include "ipc/base/descriptor.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* TRUE where the try was refused. */
typedef gboolean (*Try)(void);

static int
status_of(Try attempt, const char *const *folders)
{
    int status;
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        if (!kyso_drawing_font_load(NULL) || !kyso_sandbox_enter(folders, NULL))
            _exit(100);
        _exit(attempt() ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return status;
}

static gboolean
opens_to_read(void)
{
    return open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES;
}

static gboolean
opens_font(void)
{
    return open("/usr/share/fonts", O_RDONLY | O_DIRECTORY) == -1 && errno == EACCES;
}

static gboolean
opens_to_write(void)
{
    return open("/tmp/kyso-test-sandbox", O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES;
}

static gboolean
uses_plain_open(void)
{
    return syscall(SYS_open, "/etc/passwd", O_RDONLY) == -1 && errno == EACCES;
}

static gboolean
removes_file(void)
{
    return unlink("/tmp/kyso-test-sandbox") == -1 && errno == EACCES;
}

static gboolean
makes_sockets(void)
{
    int pair[2];

    return socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EACCES &&
           socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EACCES &&
           socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1 && errno == EACCES;
}

static gboolean
signals_others(void)
{
    return kill(getppid(), SIGTERM) == -1 && errno == EACCES &&
           syscall(SYS_tgkill, getppid(), getppid(), SIGTERM) == -1 && errno == EACCES &&
           fcntl(0, F_SETOWN, getppid()) == -1 && errno == EACCES;
}

static gboolean
starts_thread(void)
{
    return syscall(SYS_clone, CLONE_VM, NULL, NULL, NULL, NULL) == -1 && errno == EACCES;
}

static gboolean
brings_in_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == -1 &&
           errno == EACCES &&
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
               MAP_FAILED &&
           errno == EACCES;
}

static void
test_calls_that_fail(void)
{
    static const Try tries[] = {opens_to_read,   opens_font,    opens_to_write,
                                uses_plain_open, removes_file,  makes_sockets,
                                signals_others,  starts_thread, brings_in_code};

    for (gsize i = 0; i < G_N_ELEMENTS(tries); i++)
        g_assert_cmpint(status_of(tries[i], NULL), ==, 0);
}

static gboolean
executes(void)
{
    char *argv[] = {"/bin/true", NULL};
    return execv(argv[0], argv) == -1;
}

static gboolean
traces(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1;
}

static gboolean
forks(void)
{
    return syscall(SYS_fork) == -1;
}

static gboolean
leaves_namespace(void)
{
    return syscall(SYS_unshare, 0) == -1;
}

static void
test_calls_that_kill(void)
{
    static const Try tries[] = {executes, traces, forks, leaves_namespace};

    for (gsize i = 0; i < G_N_ELEMENTS(tries); i++) {
        int status = status_of(tries[i], NULL);
        g_assert_true(WIFSIGNALED(status));
        g_assert_cmpint(WTERMSIG(status), ==, SIGSYS);
    }
}

static cairo_status_t
drop_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    return CAIRO_STATUS_SUCCESS;
}

/* The work itself: drawing with the font, handing over a memfd. */
static gboolean
works(void)
{
    KysoDrawingText text = {.value = "Nguyễn Văn Thử 79", .size = 17};
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(drop_bytes, NULL, 300, 50);
    cairo_t *cairo = cairo_create(surface);
    gboolean is_drawn = kyso_drawing_text(cairo, 300, 50, &text, NULL);

    cairo_show_page(cairo);
    cairo_surface_finish(surface);
    return is_drawn && cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS &&
           kyso_fd_new_memory("test", "x", 1, NULL) >= 0;
}

static void
test_work_goes_on(void)
{
    g_assert_cmpint(status_of(works, NULL), ==, 0);
}

static gboolean has_landlock; /* asked before the sandbox, where it cannot be */

static gboolean
reads_fonts_only(void)
{
    g_auto(KysoFd) allowed = open("/usr/share/fonts", O_RDONLY | O_DIRECTORY);

    return (allowed >= 0) == has_landlock && opens_to_read() && opens_to_write() &&
           open("/usr/share/fonts/x", O_WRONLY | O_CREAT, 0600) == -1 && errno == EACCES;
}

static void
test_folders_can_be_read_where_landlock_is(void)
{
    static const char *const folders[] = {"/usr/share/fonts", "/nonexistent", NULL};

    has_landlock = syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
    g_assert_cmpint(status_of(reads_fonts_only, folders), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sandbox/calls-that-fail", test_calls_that_fail);
    g_test_add_func("/sandbox/calls-that-kill", test_calls_that_kill);
    g_test_add_func("/sandbox/work-goes-on", test_work_goes_on);
    g_test_add_func("/sandbox/folders-can-be-read-where-landlock-is",
                    test_folders_can_be_read_where_landlock_is);
    return g_test_run();
}
