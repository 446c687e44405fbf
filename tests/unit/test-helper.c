/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "ipc/wire/service.h"

/* This program plays the helper too, when it is started with --helper. */
static const KysoHelperFaults faults = {KYSO_ERROR_TOKEN_CRASHED, KYSO_ERROR_TOKEN_HUNG};

static void
method_echo(KysoCall *call, gpointer user_data)
{
    kyso_call_return(call, json_deep_copy(kyso_call_params(call)), NULL, 0);
}

static void
method_fail(KysoCall *call, gpointer user_data)
{
    kyso_call_fail(call, kyso_error_new_with_details(KYSO_ERROR_PIN_INCORRECT, "{\"tries_left\":2}",
                                                     "slot 1"));
}

static void
method_crash(KysoCall *call, gpointer user_data)
{
    raise(SIGKILL);
}

static void
method_answer_and_die(KysoCall *call, gpointer user_data)
{
    kyso_call_return(call, json_pack("{s:b}", "last", 1), NULL, 0);
    _exit(3);
}

static void
method_hang(KysoCall *call, gpointer user_data)
{
    for (;;)
        pause();
}

static KysoCall *held;

/* Answered when "release" comes. */
static void
method_hold(KysoCall *call, gpointer user_data)
{
    held = call;
}

static void
method_release(KysoCall *call, gpointer user_data)
{
    kyso_call_return(call, json_object(), NULL, 0);
    kyso_call_return(held, json_pack("{s:b}", "held", 1), NULL, 0);
}

static void
method_progress(KysoCall *call, gpointer user_data)
{
    for (int i = 1; i <= 3; i++)
        kyso_call_progress(call, json_pack("{s:i}", "step", i));
    kyso_call_return(call, json_object(), NULL, 0);
}

/* Returns the descriptor it was sent. */
static void
method_return_fd(KysoCall *call, gpointer user_data)
{
    g_auto(KysoFd) fd = -1;
    GError *error = NULL;

    if (!kyso_json_take_fd(kyso_call_params(call), "file", KYSO_JSON_REQUIRED, kyso_call_fds(call),
                           &fd, &error)) {
        kyso_call_fail(call, error);
        return;
    }
    kyso_call_return(call, json_pack("{s:o}", "file", kyso_json_fd(0)), &fd, 1);
}

static void
write_raw(const char *line)
{
    g_assert_cmpint(write(KYSO_SERVICE_FD, line, strlen(line)), ==, strlen(line));
}

/* A helper that was taken over says what it likes. */
static void
method_say_nothing(KysoCall *call, gpointer user_data)
{
    write_raw("{\"jsonrpc\":\"2.0\",\"id\":1}\n");
}

static void
method_say_rubbish(KysoCall *call, gpointer user_data)
{
    write_raw("rubbish\n");
}

static int
play_helper(void)
{
    static const KysoServiceMethod methods[] = {
        {"echo", method_echo},
        {"fail", method_fail},
        {"crash", method_crash},
        {"answer_and_die", method_answer_and_die},
        {"hang", method_hang},
        {"hold", method_hold},
        {"release", method_release},
        {"progress", method_progress},
        {"return_fd", method_return_fd},
        {"say_nothing", method_say_nothing},
        {"say_rubbish", method_say_rubbish},
        {NULL, NULL},
    };
    return kyso_service_run(methods, NULL);
}

/* One call and how it ended. */
typedef struct {
    KysoReply *reply;
    GError *error;
    gboolean is_done;
    int steps;
} Call;

static void
call_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Call *call = user_data;
    g_assert_false(call->is_done);
    call->reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &call->error);
    call->is_done = TRUE;
}

static void
call_progressed(const json_t *params, gpointer user_data)
{
    Call *call = user_data;
    g_assert_cmpint(json_integer_value(json_object_get(params, "step")), ==, ++call->steps);
}

static void
call_clear(Call *call)
{
    kyso_reply_free(call->reply);
    g_clear_error(&call->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

static KysoHelper *
new_helper(void)
{
    g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = {path, "--helper", NULL};
    return kyso_helper_new(argv, faults);
}

static void
begin(KysoHelper *helper, Call *call, const char *method, guint deadline_ms,
      GCancellable *cancellable)
{
    kyso_helper_call_async(helper, method, json_pack("{s:s}", "x", method), NULL, 0, deadline_ms,
                           cancellable, call_progressed, call_done, call);
}

static void
wait_for(Call *call)
{
    while (!call->is_done)
        g_main_context_iteration(NULL, TRUE);
}

static void
expect_no_children(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
}

static void
test_answers(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) first = {0}, second = {0}, unknown = {0};

    g_assert_cmpint(kyso_helper_get_pid(helper), ==, 0);
    begin(helper, &first, "echo", 10000, NULL);
    begin(helper, &second, "fail", 10000, NULL);
    begin(helper, &unknown, "no such method", 10000, NULL);
    g_assert_cmpuint(kyso_helper_get_pending(helper), ==, 3);
    wait_for(&first);
    wait_for(&second);
    wait_for(&unknown);

    g_assert_no_error(first.error);
    g_assert_cmpstr(json_string_value(json_object_get(first.reply->result, "x")), ==, "echo");
    g_assert_error(second.error, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    g_assert_cmpstr(second.error->message, ==, "slot 1");
    g_assert_cmpstr(kyso_error_details(second.error), ==, "{\"tries_left\":2}");
    g_assert_error(unknown.error, KYSO_ERROR, KYSO_ERROR_UNKNOWN_METHOD);
    g_assert_true(kyso_helper_is_usable(helper));
    g_assert_cmpuint(kyso_helper_get_pending(helper), ==, 0);
}

static void
test_crash(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) waiting = {0}, crashing = {0}, unread = {0}, late = {0};

    begin(helper, &waiting, "hold", 10000, NULL);
    begin(helper, &crashing, "crash", 10000, NULL);
    begin(helper, &unread, "echo", 10000, NULL);
    wait_for(&crashing);
    wait_for(&waiting);
    wait_for(&unread);
    g_assert_error(unread.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    g_assert_error(crashing.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    g_assert_error(waiting.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    g_assert_nonnull(strstr(crashing.error->message, "signal"));

    g_assert_false(kyso_helper_is_usable(helper));
    begin(helper, &late, "echo", 10000, NULL);
    wait_for(&late);
    g_assert_error(late.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    expect_no_children();
}

static void
test_started_ahead(void)
{
    g_autoptr(KysoHelper) helper = new_helper(), unlucky = new_helper();
    g_auto(Call) call = {0}, late = {0};

    kyso_helper_start(helper);
    GPid pid = kyso_helper_get_pid(helper);
    g_assert_cmpint(pid, !=, 0);
    begin(helper, &call, "echo", 10000, NULL);
    wait_for(&call);
    g_assert_no_error(call.error);
    g_assert_cmpint(kyso_helper_get_pid(helper), ==, pid);

    /* A death before the first call shows in that call. */
    kyso_helper_start(unlucky);
    kill(kyso_helper_get_pid(unlucky), SIGKILL);
    while (kyso_helper_is_usable(unlucky))
        g_main_context_iteration(NULL, TRUE);
    begin(unlucky, &late, "echo", 10000, NULL);
    wait_for(&late);
    g_assert_error(late.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
}

/* The death and the answer may be seen in one turn of the loop: the answer counts. */
static void
test_last_words_count(void)
{
    for (int i = 0; i < 20; i++) {
        g_autoptr(KysoHelper) helper = new_helper();
        g_auto(Call) call = {0};

        begin(helper, &call, "answer_and_die", 10000, NULL);
        /* Reaped only after both have happened. */
        siginfo_t info;
        g_assert_cmpint(waitid(P_PID, kyso_helper_get_pid(helper), &info, WEXITED | WNOWAIT), ==,
                        0);
        wait_for(&call);
        g_assert_no_error(call.error);
        g_assert_true(json_is_true(json_object_get(call.reply->result, "last")));
    }
    expect_no_children();
}

static void
test_deadline(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) hanging = {0}, behind = {0};
    gint64 began = g_get_monotonic_time();

    begin(helper, &behind, "hold", 60000, NULL);
    begin(helper, &hanging, "hang", 100, NULL);
    wait_for(&hanging);
    wait_for(&behind);
    g_assert_error(hanging.error, KYSO_ERROR, KYSO_ERROR_TOKEN_HUNG);
    g_assert_error(behind.error, KYSO_ERROR, KYSO_ERROR_TOKEN_HUNG);
    g_assert_cmpint(g_get_monotonic_time() - began, <, 10 * G_USEC_PER_SEC);
    g_assert_false(kyso_helper_is_usable(helper));
    while (kyso_helper_get_pid(helper) != 0)
        g_main_context_iteration(NULL, TRUE);
    expect_no_children();
}

static void
test_cancel_kills_a_lone_call(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(Call) call = {0};

    begin(helper, &call, "hang", 60000, cancellable);
    g_cancellable_cancel(cancellable);
    wait_for(&call);
    g_assert_error(call.error, KYSO_ERROR, KYSO_ERROR_CANCELLED);
    g_assert_false(kyso_helper_is_usable(helper));
}

static void
test_cancel_spares_the_others(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(Call) held_call = {0}, other = {0};

    begin(helper, &held_call, "hold", 60000, cancellable);
    begin(helper, &other, "release", 60000, NULL);
    g_cancellable_cancel(cancellable);
    wait_for(&held_call);
    wait_for(&other);
    g_assert_error(held_call.error, KYSO_ERROR, KYSO_ERROR_CANCELLED);
    g_assert_no_error(other.error);
    g_assert_true(kyso_helper_is_usable(helper));
}

static void
test_cancelled_before(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(Call) call = {0};

    g_cancellable_cancel(cancellable);
    begin(helper, &call, "echo", 60000, cancellable);
    wait_for(&call);
    g_assert_error(call.error, KYSO_ERROR, KYSO_ERROR_CANCELLED);
    g_assert_cmpint(kyso_helper_get_pid(helper), ==, 0);
}

static void
test_progress(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) call = {0};

    begin(helper, &call, "progress", 10000, NULL);
    wait_for(&call);
    g_assert_no_error(call.error);
    g_assert_cmpint(call.steps, ==, 3);
}

static void
test_descriptors_travel(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(KysoFd) file = kyso_fd_new_memory("x", "tệp", 5, NULL);
    g_auto(Call) call = {0};
    char text[5];

    kyso_helper_call_async(helper, "return_fd", json_pack("{s:o}", "file", kyso_json_fd(0)), &file,
                           1, 10000, NULL, NULL, call_done, &call);
    wait_for(&call);
    g_assert_no_error(call.error);
    g_assert_cmpuint(call.reply->fds->n_fds, ==, 1);
    g_assert_true(kyso_fd_read_at(call.reply->fds->fds[0], text, 5, 0, NULL));
    g_assert_cmpmem(text, 5, "tệp", 5);
}

static void
test_retire(void)
{
    g_autoptr(KysoHelper) idle = new_helper(), busy = new_helper();
    g_auto(Call) call = {0}, hanging = {0};

    begin(idle, &call, "echo", 10000, NULL);
    wait_for(&call);
    kyso_helper_retire(idle);
    g_assert_false(kyso_helper_is_usable(idle));
    begin(busy, &hanging, "hang", 60000, NULL);
    kyso_helper_retire(busy);
    wait_for(&hanging);
    g_assert_error(hanging.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    while (kyso_helper_get_pid(idle) != 0 || kyso_helper_get_pid(busy) != 0)
        g_main_context_iteration(NULL, TRUE);
    expect_no_children();
}

static void
test_no_result_is_an_error(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) call = {0};

    begin(helper, &call, "say_nothing", 10000, NULL);
    wait_for(&call);
    g_assert_error(call.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
}

static void
test_rubbish_ends_it(void)
{
    g_autoptr(KysoHelper) helper = new_helper();
    g_auto(Call) call = {0};

    g_test_expect_message("kyso", G_LOG_LEVEL_WARNING, "*column*");
    begin(helper, &call, "say_rubbish", 10000, NULL);
    wait_for(&call);
    g_test_assert_expected_messages();
    g_assert_error(call.error, KYSO_ERROR, KYSO_ERROR_TOKEN_CRASHED);
    g_assert_false(kyso_helper_is_usable(helper));
}

static void
test_missing_program(void)
{
    const char *argv[] = {"/nonexistent/kyso-token", NULL};
    g_autoptr(KysoHelper) helper = kyso_helper_new(argv, faults);
    g_auto(Call) call = {0};

    begin(helper, &call, "echo", 10000, NULL);
    wait_for(&call);
    g_assert_error(call.error, KYSO_ERROR, KYSO_ERROR_INTERNAL);
    g_assert_false(kyso_helper_is_usable(helper));
}

int
main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "--helper") == 0)
        return play_helper();

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/helper/calls are answered or fail with their own code", test_answers);
    g_test_add_func("/helper/a crash is told to every waiting call", test_crash);
    g_test_add_func("/helper/started ahead it serves its first call", test_started_ahead);
    g_test_add_func("/helper/an answer just before the death counts", test_last_words_count);
    g_test_add_func("/helper/past the deadline it is killed", test_deadline);
    g_test_add_func("/helper/cancelling its only call kills it", test_cancel_kills_a_lone_call);
    g_test_add_func("/helper/cancelling one of two calls spares the other",
                    test_cancel_spares_the_others);
    g_test_add_func("/helper/a call cancelled before is not made", test_cancelled_before);
    g_test_add_func("/helper/progress comes in order", test_progress);
    g_test_add_func("/helper/descriptors travel both ways", test_descriptors_travel);
    g_test_add_func("/helper/retired it ends, in its time or by force", test_retire);
    g_test_add_func("/helper/an answer without result is an error", test_no_result_is_an_error);
    g_test_add_func("/helper/rubbish ends it", test_rubbish_ends_it);
    g_test_add_func("/helper/a missing program is an error", test_missing_program);
    return g_test_run();
}
