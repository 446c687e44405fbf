/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the tests of asking share: the agent's side, the real kyso-prompt, and a scripted pinentry
 * (tests/kit/fake-pinentry) in a folder of its own.
 */

#include "agent/prompt/prompt.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *dir;
    char *pinentry; /* our copy of fake-pinentry */
    char *program;
    KysoPrompt *prompt;
} Fixture;

static inline void
write_beside(Fixture *fixture, const char *suffix, const char *content)
{
    g_autofree char *path = g_strconcat(fixture->pinentry, suffix, NULL);

    g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static inline char *
read_log(Fixture *fixture)
{
    g_autofree char *path = g_strconcat(fixture->pinentry, ".log", NULL);
    char *log = NULL;

    return g_file_get_contents(path, &log, NULL, NULL) ? log : g_strdup("");
}

static inline void
write_program(const char *path, const char *content)
{
    g_assert_true(
        g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
}

static inline void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *fake = g_test_build_filename(G_TEST_DIST, "..", "kit", "fake-pinentry", NULL);
    g_autofree char *content = NULL;

    fixture->dir = g_dir_make_tmp("kyso-prompt-XXXXXX", NULL);
    fixture->pinentry = g_build_filename(fixture->dir, "pinentry", NULL);
    fixture->program = kyso_paths_program("kyso-prompt", "agent/dialog");
    g_assert_true(g_file_get_contents(fake, &content, NULL, NULL));
    write_program(fixture->pinentry, content);
    fixture->prompt = kyso_prompt_new(fixture->program, fixture->pinentry);
}

static inline void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GDir) listing = g_dir_open(fixture->dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(fixture->dir), ==, 0);
    g_object_unref(fixture->prompt);
    g_free(fixture->program);
    g_free(fixture->pinentry);
    g_free(fixture->dir);
}

static const KysoAskDocument sample_document = {.name = "qd-12.pdf",
                                                .subject = "Về việc phân công",
                                                .number = "12",
                                                .notation = "QĐ-UBND",
                                                .pages = 3};

static inline KysoAsk
sample_ask(void)
{
    return (KysoAsk){
        .caller_executable = "/usr/bin/van-phong",
        .caller_pid = 4242,
        .purpose = "approve",
        .common_name = "Nguyễn Văn Thử",
        .organization = "UBND xã Thử Nghiệm",
        .issuer = "CA thử",
        .not_after = "2099-01-01T00:00:00+07:00",
        .token_label = "GCA-01",
        .token_serial = "0123",
        .tries_left = -1,
        .documents = &sample_document,
        .n_documents = 1,
    };
}

/* A question under way, and its end. */
typedef struct {
    GCancellable *cancellable;
    int read_fd;
    gboolean is_done;
    GError *error;
    char pin[300]; /* what came through the pipe */
} Asked;

static inline void
answered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Asked *asked = user_data;

    kyso_prompt_ask_finish(KYSO_PROMPT(source), result, NULL, &asked->error);
    asked->is_done = TRUE;
}

/* The write end is closed here: what keeps the pipe open is only kyso-prompt and the queue. */
static inline void
start_asking(KysoPrompt *prompt, const KysoAsk *ask, guint timeout_seconds, Asked *asked)
{
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    *asked = (Asked){.cancellable = g_cancellable_new(), .read_fd = fds[0]};
    kyso_prompt_ask_async(prompt, ask, fds[1], timeout_seconds, asked->cancellable, answered,
                          asked);
    close(fds[1]);
}

static inline void
await(Asked *asked)
{
    while (!asked->is_done)
        g_main_context_iteration(NULL, TRUE);

    g_autoptr(GBytes) bytes = kyso_fd_read_all(asked->read_fd, sizeof asked->pin - 1, NULL);
    if (g_bytes_get_size(bytes) > 0)
        memcpy(asked->pin, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    kyso_fd_clear(&asked->read_fd);
    g_clear_object(&asked->cancellable);
}

/* Asks with @script; @code 0: the PIN is expected to be @pin. */
static inline void
ask_and_expect(Fixture *fixture, const KysoAsk *ask, const char *script, int code, const char *pin)
{
    Asked asked;

    write_beside(fixture, ".script", script);
    start_asking(fixture->prompt, ask, 60, &asked);
    await(&asked);
    if (code == 0)
        g_assert_no_error(asked.error);
    else
        g_assert_error(asked.error, KYSO_ERROR, code);
    g_assert_cmpstr(asked.pin, ==, pin);
    g_clear_error(&asked.error);
}

static inline void
assert_said(const char *log, const char *text)
{
    if (strstr(log, text) == NULL)
        g_error("pinentry was not told \"%s\" but:\n%s", text, log);
}

static inline void
assert_not_said(const char *log, const char *text)
{
    if (strstr(log, text) != NULL)
        g_error("pinentry was told \"%s\":\n%s", text, log);
}

static inline void
add_test(const char *path, void (*test)(Fixture *, gconstpointer), gconstpointer data)
{
    g_test_add(path, Fixture, data, set_up, test, tear_down);
}
