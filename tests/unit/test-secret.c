/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define PIN "735914-thử"

/* The VmFlags line of the mapping that holds @address (proc(5), smaps). */
static char *
flags_of_page(const void *address)
{
    g_autofree char *text = NULL, *flags = NULL;
    gboolean inside = FALSE;

    g_assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && flags == NULL; line++) {
        char *rest;
        guint64 start = g_ascii_strtoull(*line, &rest, 16);
        if (*rest == '-' && rest > *line) {
            guint64 end = g_ascii_strtoull(rest + 1, NULL, 16);
            inside = start <= (guintptr) address && (guintptr) address < end;
        } else if (inside && g_str_has_prefix(*line, "VmFlags:")) {
            flags = g_strconcat(*line, " ", NULL);
        }
    }
    g_assert_nonnull(flags);
    return g_steal_pointer(&flags);
}

/* FALSE under AddressSanitizer, which makes mlock do nothing, and where RLIMIT_MEMLOCK is 0. */
static gboolean
can_lock(void)
{
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void) !mlock(page, 4096);
    g_autofree char *flags = flags_of_page(page);
    munmap(page, 4096);
    return strstr(flags, " lo ") != NULL;
}

static void
test_page_is_guarded(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new();
    g_assert_true(kyso_secret_append(secret, PIN, strlen(PIN)));
    g_autofree char *flags = flags_of_page(kyso_secret_get(secret));

    g_assert_nonnull(strstr(flags, " dd ")); /* not in a core dump */
    g_assert_nonnull(strstr(flags, " wf ")); /* empty in a forked child */
    if (can_lock())
        g_assert_nonnull(strstr(flags, " lo ")); /* never swapped */
}

static void
test_forked_child_sees_nothing(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new();
    int status;

    g_assert_true(kyso_secret_append(secret, PIN, strlen(PIN)));
    pid_t pid = fork();
    if (pid == 0) {
        gboolean is_empty = kyso_secret_length(secret) == 0;
        for (gsize i = 0; i < KYSO_SECRET_MAX; i++)
            is_empty = is_empty && kyso_secret_get(secret)[i] == '\0';
        _exit(is_empty ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpstr(kyso_secret_get(secret), ==, PIN);
}

static void
test_wipe(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new();
    const char *bytes = kyso_secret_get(secret);

    g_assert_true(kyso_secret_append(secret, PIN, strlen(PIN)));
    kyso_secret_wipe(secret);
    g_assert_cmpuint(kyso_secret_length(secret), ==, 0);
    for (gsize i = 0; i < KYSO_SECRET_MAX; i++)
        g_assert_cmpint(bytes[i], ==, 0);
}

static void
test_append_is_bounded(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new();
    g_autofree char *long_text = g_strnfill(KYSO_SECRET_MAX + 1, 'x');

    g_assert_false(kyso_secret_append(secret, long_text, KYSO_SECRET_MAX + 1));
    g_assert_cmpuint(kyso_secret_length(secret), ==, 0);
    g_assert_true(kyso_secret_append(secret, long_text, KYSO_SECRET_MAX));
    g_assert_false(kyso_secret_append(secret, "y", 1));
    g_assert_true(kyso_secret_append(secret, "", 0));
    g_assert_cmpuint(strlen(kyso_secret_get(secret)), ==, KYSO_SECRET_MAX);
}

/* What comes out of a pipe that was given @size bytes. */
static gboolean
read_from_pipe(KysoSecret *secret, gsize size, GError **error)
{
    g_autofree char *text = g_strnfill(size, 'x');
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_true(kyso_fd_write_all(ends[1], text, size, NULL));
    close(ends[1]);
    gboolean taken = kyso_secret_read(secret, ends[0], error);
    close(ends[0]);
    return taken;
}

static void
test_read(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new();
    g_autoptr(GError) too_long = NULL, unreadable = NULL;

    g_assert_true(read_from_pipe(secret, 0, NULL));
    g_assert_cmpuint(kyso_secret_length(secret), ==, 0);
    g_assert_true(read_from_pipe(secret, KYSO_SECRET_MAX, NULL));
    g_assert_cmpuint(strlen(kyso_secret_get(secret)), ==, KYSO_SECRET_MAX);

    g_assert_false(read_from_pipe(secret, KYSO_SECRET_MAX + 1, &too_long));
    g_assert_error(too_long, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED);
    g_assert_cmpuint(kyso_secret_length(secret), ==, 0);
    g_assert_false(kyso_secret_read(secret, -1, &unreadable));
    g_assert_error(unreadable, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED);
}

static void
test_write_and_read_again(void)
{
    g_autoptr(KysoSecret) secret = kyso_secret_new(), again = kyso_secret_new();
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_true(kyso_secret_append(secret, PIN, strlen(PIN)));
    g_assert_true(kyso_secret_write(secret, ends[1], NULL));
    close(ends[1]);
    g_assert_true(kyso_secret_read(again, ends[0], NULL));
    close(ends[0]);
    g_assert_cmpstr(kyso_secret_get(again), ==, PIN);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/secret/its page is locked, not dumped, not inherited", test_page_is_guarded);
    g_test_add_func("/secret/a forked child sees nothing of it", test_forked_child_sees_nothing);
    g_test_add_func("/secret/wiped, no byte stays", test_wipe);
    g_test_add_func("/secret/what is too long is not appended", test_append_is_bounded);
    g_test_add_func("/secret/it is read whole or not at all", test_read);
    g_test_add_func("/secret/it goes through a pipe unchanged", test_write_and_read_again);
    return g_test_run();
}
