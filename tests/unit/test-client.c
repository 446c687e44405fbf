/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/client-fixture.h"

static void
expect_failure(KysoClient *client, const char *method, int timeout_ms, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoResult) result =
        kyso_client_call(client, method, NULL, NULL, 0, timeout_ms, NULL, NULL, &error);
    g_assert_null(result);
    g_assert_error(error, KYSO_CLIENT_ERROR, code);
}

static void
progressed(const char *stage, const char *request_id, gpointer user_data)
{
    g_assert_cmpstr(request_id, ==, "r1");
    g_string_append_printf(user_data, "%s ", stage);
}

static void
test_call(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    g_autoptr(GString) stages = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (int i = 0; i < 2; i++) {
        g_autoptr(KysoResult) result = kyso_client_call(
            client, "echo", "{\"a\":[{\"b\":\"x\"},{\"b\":\"y\",\"n\":5,\"r\":0.25,\"t\":true}]}",
            NULL, 0, 7000, progressed, stages, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(kyso_client_result_count(result, "params.a"), ==, 2);
        g_assert_cmpstr(kyso_client_result_text(result, "params.a.%d.b", 1), ==, "y");
        g_assert_cmpint(kyso_client_result_number(result, -1, "params.a.1.n"), ==, 5);
        g_assert_true(kyso_client_result_boolean(result, "params.a.1.t"));
        g_assert_true(kyso_client_result_real(result, -1, "params.a.%d.r", 1) == 0.25);
        g_assert_true(kyso_client_result_real(result, -1, "params.a.1.n") == 5);
        g_assert_true(kyso_client_result_real(result, -1, "params.a.1.b") == -1);
        g_assert_cmpint(kyso_client_result_number(result, 0, "params.timeout_ms"), ==, 7000);
        g_assert_null(kyso_client_result_text(result, "params.a.7.b"));
        g_assert_null(kyso_client_result_text(result, "params.a.1.n"));
        g_assert_null(kyso_client_result_text(result, "no.such.member"));
        g_assert_nonnull(strstr(kyso_client_result_json(result), "\"b\":\"y\""));
    }
    g_assert_cmpstr(stages->str, ==, "read sign read sign ");
}

static void
test_errors(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    g_autoptr(GError) error = NULL, newer = NULL;

    g_assert_null(kyso_client_call(client, "fail", NULL, NULL, 0, 0, NULL, NULL, &error));
    g_assert_error(error, KYSO_CLIENT_ERROR, 4003);
    g_assert_cmpstr(kyso_client_error_name(error), ==, "pin_incorrect");
    g_assert_cmpstr(kyso_client_error_layer(error), ==, "token");
    g_assert_true(g_str_has_prefix(kyso_client_error_cause(error, "vi"), "Mã PIN"));
    g_assert_true(g_str_has_prefix(kyso_client_error_cause(error, "en"), "The PIN"));
    g_assert_cmpstr(kyso_client_error_next(error, "vi"), !=, kyso_client_error_next(error, "en"));
    g_autoptr(KysoResult) facts = kyso_client_error_data(error);
    g_assert_true(kyso_client_result_boolean(facts, "pin_final_try"));
    g_assert_cmpstr(kyso_client_result_text(facts, "detail"), ==, "slot 1");

    g_assert_null(
        kyso_client_call(client, "fail of tomorrow", NULL, NULL, 0, 0, NULL, NULL, &newer));
    g_assert_cmpstr(kyso_client_error_name(newer), ==, "moon_too_high");
    g_assert_cmpstr(kyso_client_error_cause(newer, "vi"), ==, "Trăng cao.");
    g_assert_cmpstr(kyso_client_error_next(newer, "vi"), ==, "");
    expect_failure(client, "say nothing", 0, KYSO_ERROR_INTERNAL);
}

static void
test_wrong_params(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    g_autoptr(GError) not_json = NULL, not_object = NULL;

    g_assert_null(kyso_client_call(client, "echo", "{", NULL, 0, 0, NULL, NULL, &not_json));
    g_assert_error(not_json, KYSO_CLIENT_ERROR, KYSO_ERROR_NOT_JSON);
    g_assert_null(kyso_client_call(client, "echo", "[]", NULL, 0, 0, NULL, NULL, &not_object));
    g_assert_error(not_object, KYSO_CLIENT_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
}

static void
test_agent_hangs_up(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);

    expect_failure(client, "hang up", 0, KYSO_ERROR_AGENT_UNREACHABLE);
    expect_failure(client, "echo", 0, KYSO_ERROR_AGENT_UNREACHABLE);
}

/* What the agent said before it hung up is the reason, also where we could not write any more. */
static void
test_agent_refuses(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);

    expect_failure(client, "refuse", 0, KYSO_ERROR_FOREIGN_USER);
}

static void
test_rubbish(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);

    expect_failure(client, "rubbish", 0, KYSO_ERROR_AGENT_UNREACHABLE);
}

/* Not even a hung agent holds a caller past the deadline and two seconds of grace. */
static void
test_silent_agent(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);

    expect_failure(client, "keep silent", 1, KYSO_ERROR_DEADLINE_EXCEEDED);
    expect_failure(client, "echo", 0, KYSO_ERROR_AGENT_UNREACHABLE);
}

static gpointer
cancel_thread(gpointer user_data)
{
    kyso_client_cancel(user_data);
    return NULL;
}

static void
test_cancel(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    GThread *thread = g_thread_new("cancel", cancel_thread, client);

    expect_failure(client, "keep silent", 0, KYSO_ERROR_CANCELLED);
    g_thread_join(thread);
}

static void
test_unreachable(void)
{
    g_autoptr(GError) missing = NULL, too_long = NULL;
    g_autofree char *name = g_strnfill(200, 'x');

    g_assert_null(kyso_client_connect("/nonexistent/agent.sock", &missing));
    g_assert_error(missing, KYSO_CLIENT_ERROR, KYSO_ERROR_AGENT_UNREACHABLE);
    g_assert_nonnull(strstr(kyso_client_error_next(missing, "en"), "systemctl --user start"));
    g_assert_null(kyso_client_connect(name, &too_long));
    g_assert_error(too_long, KYSO_CLIENT_ERROR, KYSO_ERROR_AGENT_UNREACHABLE);
}

static void
test_verify_sends_both_files(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    KysoVerifyRequest request = {.input.path = "/dev/null"};
    g_auto(KysoFd) fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    request.signature.fd = fd;
    g_autoptr(KysoResult) result = kyso_client_verify(client, &request, NULL);
    hang_up(f, &client);
    g_assert_nonnull(result);
    g_assert_cmpuint(f->last_n_fds, ==, 2);
    g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0); /* it stays ours */
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("a call returns its result and tells its own progress", test_call);
    ADD("an error keeps all that the agent said", test_errors);
    ADD("parameters that are no object are not sent", test_wrong_params);
    ADD("an agent that hangs up is told", test_agent_hangs_up);
    ADD("an agent that refuses says why", test_agent_refuses);
    ADD("an agent that talks rubbish is given up", test_rubbish);
    ADD("a silent agent is given up after the deadline", test_silent_agent);
    ADD("a call is cancelled from another thread", test_cancel);
    g_test_add_func("/client/no agent is told with the next step", test_unreachable);
    ADD("verifying sends document and signature", test_verify_sends_both_files);
    return g_test_run();
}
