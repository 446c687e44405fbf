/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/prompt-fixture.h"

typedef struct {
    const char *name, *script;
    int code; /* 0: answered */
    const char *pin;
} Case;

static const Case cases[] = {
    {"pin is delivered exactly", "pin 123456", 0, "123456"},
    {"percent and spaces are delivered", "pin 12%34 %25 5", 0, "12%34 %25 5"},
    {"vietnamese letters are delivered", "pin mật-khẩu-Đ", 0, "mật-khẩu-Đ"},
    {"escapes are undone", "data 1%0A2%253", 0, "1\n2%3"},
    {"cancel is cancelled", "cancel", KYSO_ERROR_PIN_CANCELLED, ""},
    {"not confirmed is cancelled", "notconfirm", KYSO_ERROR_PIN_CANCELLED, ""},
    {"fully cancelled is cancelled", "error 83886278", KYSO_ERROR_PIN_CANCELLED, ""},
    {"an empty pin is cancelled", "empty", KYSO_ERROR_PIN_CANCELLED, ""},
    {"pinentry's timeout is a timeout", "timeout", KYSO_ERROR_PROMPT_TIMED_OUT, ""},
    {"no terminal is unavailable", "notty", KYSO_ERROR_PROMPT_UNAVAILABLE, ""},
    {"another error is a fault", "error 83886246", KYSO_ERROR_PROMPT_FAILED, ""},
    {"garbage is a fault", "garbage", KYSO_ERROR_PROMPT_FAILED, ""},
    {"a broken escape is a fault", "data 12%G4", KYSO_ERROR_PROMPT_FAILED, ""},
    {"a NUL is a fault", "data 12%0034", KYSO_ERROR_PROMPT_FAILED, ""},
    {"a crash is a fault", "crash", KYSO_ERROR_PROMPT_FAILED, ""},
    {"an early end is a fault", "eof", KYSO_ERROR_PROMPT_FAILED, ""},
};

static void
test_answer(Fixture *fixture, gconstpointer data)
{
    const Case *expected = data;
    KysoAsk ask = sample_ask();

    ask_and_expect(fixture, &ask, expected->script, expected->code, expected->pin);
}

static void
test_missing_pinentry_is_unavailable(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();

    g_assert_cmpint(g_chmod(fixture->pinentry, 0600), ==, 0);
    if (access(fixture->pinentry, X_OK) != 0)
        ask_and_expect(fixture, &ask, "pin 1", KYSO_ERROR_PROMPT_UNAVAILABLE, "");
    g_assert_cmpint(g_unlink(fixture->pinentry), ==, 0);
    ask_and_expect(fixture, &ask, "pin 1", KYSO_ERROR_PROMPT_UNAVAILABLE, "");
}

static void
test_pinentry_of_others_is_refused(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();

    g_assert_cmpint(g_chmod(fixture->pinentry, 0777), ==, 0);
    ask_and_expect(fixture, &ask, "pin 1", KYSO_ERROR_CONFIGURATION, "");
    g_autofree char *log = read_log(fixture);
    g_assert_cmpstr(log, ==, "");
}

static void
test_questions_are_asked_in_order(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();
    Asked asked[4];
    const char *expected[] = {"11", "22", "", "33"};

    write_beside(fixture, ".script", "pin 11\npin 22\npin 33");
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++)
        start_asking(fixture->prompt, &ask, 60, &asked[i]);
    g_cancellable_cancel(asked[2].cancellable); /* while it waits: it is never shown */
    for (guint i = 0; i < G_N_ELEMENTS(asked); i++) {
        await(&asked[i]);
        g_assert_cmpstr(asked[i].pin, ==, expected[i]);
        g_assert_true(g_error_matches(asked[i].error, KYSO_ERROR, KYSO_ERROR_CANCELLED) ==
                      (i == 2));
        g_clear_error(&asked[i].error);
    }
}

/* The number after @word in the log; 0: not there yet. */
static int
logged_pid(Fixture *fixture, const char *word)
{
    g_autofree char *log = read_log(fixture);
    const char *found = strstr(log, word);

    return found != NULL && strchr(found, '\n') != NULL ? atoi(found + strlen(word)) : 0;
}

/* A process that has ended has no command line, reaped or not. */
static gboolean
is_running(int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", pid);
    g_autofree char *content = NULL;
    gsize size = 0;

    return g_file_get_contents(path, &content, &size, NULL) && size > 0;
}

static gboolean
tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static void
test_cancelled_question_leaves_the_screen(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();
    Asked asked;
    guint ticks = g_timeout_add(5, tick, NULL); /* to look again, not to wait for a time */
    int pid, child;

    write_beside(fixture, ".script", "hang");
    start_asking(fixture->prompt, &ask, 60, &asked);
    while ((child = logged_pid(fixture, "child ")) == 0)
        g_main_context_iteration(NULL, TRUE);
    pid = logged_pid(fixture, "start ");
    g_assert_true(is_running(pid));
    g_cancellable_cancel(asked.cancellable);
    await(&asked);
    g_assert_error(asked.error, KYSO_ERROR, KYSO_ERROR_CANCELLED);
    g_assert_cmpstr(asked.pin, ==, "");
    while (is_running(pid) || is_running(child))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(ticks);
    g_clear_error(&asked.error);
}

/* Each of the two that can hang, side by side: a pinentry, and a kyso-prompt that never answers. */
static void
test_hang_ends_at_the_deadline(Fixture *fixture, gconstpointer data)
{
    g_autofree char *stuck = g_build_filename(fixture->dir, "stuck-prompt", NULL);
    KysoAsk ask = sample_ask();
    Asked asked[2];

    write_program(stuck, "#!/bin/sh\nexec sleep 1000\n");
    g_autoptr(KysoPrompt) other = kyso_prompt_new(stuck, fixture->pinentry);
    write_beside(fixture, ".script", "hang");
    gint64 start = g_get_monotonic_time();
    start_asking(fixture->prompt, &ask, 1, &asked[0]);
    start_asking(other, &ask, 1, &asked[1]);
    for (guint i = 0; i < 2; i++) {
        await(&asked[i]);
        g_assert_error(asked[i].error, KYSO_ERROR, KYSO_ERROR_PROMPT_TIMED_OUT);
        g_assert_cmpstr(asked[i].pin, ==, "");
        g_clear_error(&asked[i].error);
    }
    g_assert_cmpint(g_get_monotonic_time() - start, <, 30 * G_USEC_PER_SEC);
    g_assert_false(is_running(logged_pid(fixture, "start ")));
    g_assert_false(is_running(logged_pid(fixture, "child ")));
}

static void
test_cancel_after_the_time_is_a_timeout(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();
    Asked asked;

    write_beside(fixture, ".script", "slow 1.2 cancel");
    start_asking(fixture->prompt, &ask, 1, &asked);
    await(&asked);
    g_assert_error(asked.error, KYSO_ERROR, KYSO_ERROR_PROMPT_TIMED_OUT);
    g_clear_error(&asked.error);
}

static void
test_broken_helper_is_a_fault(Fixture *fixture, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(fixture->dir, "missing-prompt", NULL);
    g_autofree char *crashing = g_build_filename(fixture->dir, "crashing-prompt", NULL);
    const char *programs[] = {missing, crashing};
    KysoAsk ask = sample_ask();

    write_program(crashing, "#!/bin/sh\nread -r line <&3\nkill -SEGV $$\n");
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(KysoPrompt) prompt = kyso_prompt_new(programs[i], fixture->pinentry);
        Asked asked;
        start_asking(prompt, &ask, 60, &asked);
        await(&asked);
        g_assert_error(asked.error, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED);
        g_clear_error(&asked.error);
    }
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/prompt/%s", cases[i].name);
        add_test(path, test_answer, &cases[i]);
    }
    add_test("/prompt/missing-pinentry-is-unavailable", test_missing_pinentry_is_unavailable, NULL);
    add_test("/prompt/pinentry-of-others-is-refused", test_pinentry_of_others_is_refused, NULL);
    add_test("/prompt/questions-are-asked-in-order", test_questions_are_asked_in_order, NULL);
    add_test("/prompt/cancelled-question-leaves-the-screen",
             test_cancelled_question_leaves_the_screen, NULL);
    add_test("/prompt/hang-ends-at-the-deadline", test_hang_ends_at_the_deadline, NULL);
    add_test("/prompt/cancel-after-the-time-is-a-timeout", test_cancel_after_the_time_is_a_timeout,
             NULL);
    add_test("/prompt/broken-helper-is-a-fault", test_broken_helper_is_a_fault, NULL);
    return g_test_run();
}
