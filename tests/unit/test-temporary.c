/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/temporary.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define NOBODY 65534
#define EXIT_SKIP 77

typedef struct {
    char *dir, *path;
} Fixture;

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("kyso-temporary-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "văn bản.pdf", NULL);
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
    g_unlink(f->path);
    g_assert_cmpint(g_rmdir(f->dir), ==, 0); /* nothing else was left in it */
    g_free(f->path);
    g_free(f->dir);
}

static KysoTemporary *
temporary_with(const char *dir, const char *text)
{
    g_autoptr(GError) error = NULL;
    KysoTemporary *temporary = kyso_temporary_new(dir, &error);
    g_assert_no_error(error);
    g_assert_true(kyso_fd_write_all(kyso_temporary_fd(temporary), text, strlen(text), NULL));
    return temporary;
}

static guint
count_files(const char *dir)
{
    g_autoptr(GDir) opened = g_dir_open(dir, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(opened) != NULL)
        n++;
    return n;
}

static void
expect_content(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void
test_invisible_until_published(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoTemporary) temporary = temporary_with(f->dir, "mới");
    g_autoptr(GError) error = NULL;
    struct stat st;

    g_assert_cmpuint(count_files(f->dir), ==, 0);
    g_assert_true(kyso_temporary_publish(temporary, f->path, 0640, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(count_files(f->dir), ==, 1);
    expect_content(f->path, "mới");
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0640);
}

static void
test_older_file_is_replaced(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoTemporary) temporary = temporary_with(f->dir, "mới");

    g_assert_true(g_file_set_contents(f->path, "cũ, và dài hơn", -1, NULL));
    expect_content(f->path, "cũ, và dài hơn");
    g_assert_true(kyso_temporary_publish(temporary, f->path, 0600, NULL));
    g_assert_cmpuint(count_files(f->dir), ==, 1);
    expect_content(f->path, "mới");
}

static void
test_dropped_leaves_nothing(Fixture *f, gconstpointer data)
{
    g_assert_true(g_file_set_contents(f->path, "cũ", -1, NULL));
    kyso_temporary_free(temporary_with(f->dir, "mới"));
    g_assert_cmpuint(count_files(f->dir), ==, 1);
    expect_content(f->path, "cũ");
}

static void
test_folder_is_not_replaced(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoTemporary) temporary = temporary_with(f->dir, "mới");
    g_autofree char *inner = g_build_filename(f->path, "inner", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(inner, 0700), ==, 0);
    g_assert_false(kyso_temporary_publish(temporary, f->path, 0600, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE);
    g_clear_pointer(&temporary, kyso_temporary_free);
    g_assert_cmpuint(count_files(f->dir), ==, 1);
    g_assert_true(g_file_test(inner, G_FILE_TEST_IS_DIR));
    g_rmdir(inner);
    g_rmdir(f->path);
}

static void
test_missing_folder(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_temporary_new(f->path, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE);
}

/* Runs @body in a child of its own, which ends with what it returns. */
static int
run_in_child(int (*body)(Fixture *f), Fixture *f)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(body(f));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
try_without_permission(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
        return EXIT_SKIP;
    g_autoptr(KysoTemporary) temporary = kyso_temporary_new(f->dir, &error);
    return g_error_matches(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE) ? 0 : 1;
}

static void
test_read_only_folder(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(chmod(f->dir, 0555), ==, 0);
    g_assert_cmpint(run_in_child(try_without_permission, f), ==, 0);
    g_assert_cmpint(chmod(f->dir, 0755), ==, 0);
}

/* On a file system of 64 KiB that only this child sees. */
static int
try_on_full_disk(Fixture *f)
{
    g_autofree char *block = g_strnfill(256 * 1024, 'x');
    g_autoptr(GError) full = NULL;

    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", f->dir, "tmpfs", 0, "size=64k") < 0)
        return EXIT_SKIP;
    if (!g_file_set_contents(f->path, "cũ", -1, NULL))
        return 1;
    g_autoptr(KysoTemporary) temporary = kyso_temporary_new(f->dir, NULL);
    if (temporary == NULL ||
        kyso_fd_write_all(kyso_temporary_fd(temporary), block, 256 * 1024, &full))
        return 2;
    g_clear_pointer(&temporary, kyso_temporary_free);
    g_autofree char *text = NULL;
    g_file_get_contents(f->path, &text, NULL, NULL);
    gboolean is_kept = g_strcmp0(text, "cũ") == 0 && count_files(f->dir) == 1;
    return is_kept && g_error_matches(full, KYSO_ERROR, KYSO_ERROR_DISK_FULL) ? 0 : 3;
}

static void
test_full_disk(Fixture *f, gconstpointer data)
{
    int code = run_in_child(try_on_full_disk, f);

    if (code == EXIT_SKIP)
        g_test_skip("this kernel lets us mount nothing");
    else
        g_assert_cmpint(code, ==, 0);
}

#define ADD(name, function)                                                                        \
    g_test_add("/temporary/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("nobody sees it until it is published", test_invisible_until_published);
    ADD("an older file is replaced whole", test_older_file_is_replaced);
    ADD("dropped, it leaves the older file and nothing else", test_dropped_leaves_nothing);
    ADD("a folder is not replaced", test_folder_is_not_replaced);
    ADD("a missing folder is told", test_missing_folder);
    ADD("a folder that may not be written is told", test_read_only_folder);
    ADD("a full disk is told and leaves the older file", test_full_disk);
    return g_test_run();
}
