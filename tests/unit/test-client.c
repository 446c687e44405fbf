/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/client/kyso.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ipc/base/error.h"
#include "ipc/wire/channel.h"
#include "ipc/wire/rpc.h"
#include "ipc/wire/server.h"

#define FACTS "{\"pin_final_try\":true,\"tries_left\":1}"

/* An agent that serves one connection in a thread, and does what the name of the method says. */
typedef struct {
    char *dir, *path;
    int listen_fd;
    GThread *thread;
    json_t *last_params; /* of the last request; read after the thread has ended */
    guint last_n_fds;
} Fixture;

static void
send_line(KysoChannel *channel, json_t *body)
{
    kyso_channel_send(channel, body, NULL, 0, NULL);
    json_decref(body);
}

static void
send_progress(KysoChannel *channel, const json_t *id, const char *stage)
{
    send_line(channel, kyso_rpc_notification("requests.progress",
                                             json_pack("{s:O, s:s, s:s}", "id", id, "requestID",
                                                       "r1", "stage", stage)));
}

/* FALSE: hang up. */
static gboolean
serve(KysoChannel *channel, const json_t *body)
{
    const json_t *id = json_object_get(body, "id");
    const char *method = json_string_value(json_object_get(body, "method"));
    g_autoptr(json_t) other_id = json_integer(json_integer_value(id) + 1000);

    if (strcmp(method, "fail") == 0) {
        g_autoptr(GError) error =
            kyso_error_new_with_details(KYSO_ERROR_PIN_INCORRECT, FACTS, "slot 1");
        send_line(channel, kyso_rpc_error(id, error));
    } else if (strcmp(method, "fail of tomorrow") == 0) {
        send_line(channel, json_pack("{s:s, s:O, s:{s:i, s:s, s:{s:s, s:s, s:{s:s, s:s}}}}",
                                     "jsonrpc", "2.0", "id", id, "error", "code", 8001, "message",
                                     "m", "data", "code", "moon_too_high", "layer", "sky", "cause",
                                     "vi", "Trăng cao.", "en", "The moon is high."));
    } else if (strcmp(method, "hang up") == 0) {
        return FALSE;
    } else if (strcmp(method, "refuse") == 0) {
        g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_FOREIGN_USER, "no");
        send_line(channel, kyso_rpc_error(NULL, error));
        return FALSE;
    } else if (strcmp(method, "rubbish") == 0) {
        g_assert_cmpint(write(kyso_channel_fd(channel), "rubbish\n", 8), ==, 8);
    } else if (strcmp(method, "say nothing") == 0) {
        send_line(channel, json_pack("{s:s, s:O}", "jsonrpc", "2.0", "id", id));
    } else if (g_str_has_prefix(method, "signatures.")) {
        send_line(channel, kyso_rpc_result(id, json_object()));
    } else if (strcmp(method, "keep silent") != 0) {
        send_progress(channel, other_id, "not ours");
        send_progress(channel, id, "read");
        send_progress(channel, id, "sign");
        send_line(channel, kyso_rpc_result(other_id, json_null()));
        send_line(channel, kyso_rpc_result(
                               id, json_pack("{s:O}", "params", json_object_get(body, "params"))));
    }
    return TRUE;
}

static gpointer
agent_thread(gpointer user_data)
{
    Fixture *f = user_data;
    int fd = accept(f->listen_fd, NULL, NULL);
    g_autoptr(KysoChannel) channel = kyso_channel_new(fd);
    KysoReceived received;

    do {
        g_autoptr(KysoMessage) message = NULL;
        received = kyso_channel_receive(channel, &message, NULL);
        if (received != KYSO_RECEIVED_MESSAGE)
            break;
        json_decref(f->last_params);
        f->last_params = json_incref(json_object_get(message->body, "params"));
        f->last_n_fds = message->fds->n_fds;
        if (!serve(channel, message->body))
            break;
    } while (TRUE);
    return NULL;
}

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("kyso-client-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "agent.sock", NULL);
    f->listen_fd = kyso_server_listen(f->path, NULL);
    fcntl(f->listen_fd, F_SETFL, 0);
    f->thread = g_thread_new("agent", agent_thread, f);
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
    if (f->thread != NULL)
        g_thread_join(f->thread);
    json_decref(f->last_params);
    close(f->listen_fd);
    g_unlink(f->path);
    g_rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

static KysoClient *
connect_to(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    KysoClient *client = kyso_client_connect(f->path, &error);
    g_assert_no_error(error);
    return client;
}

/* Ends the agent, so that what it saw can be read. */
static void
hang_up(Fixture *f, KysoClient **client)
{
    g_clear_pointer(client, kyso_client_close);
    g_thread_join(g_steal_pointer(&f->thread));
}

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
test_sign_request(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    g_autofree char *input = g_build_filename(f->dir, "công văn.pdf", NULL);
    static const char *const metadata[] = {"CodeNotation=UBND-VP",
                                           "SignerInfo.FullName=Nguyễn Văn Thử", NULL};
    KysoSignRequest request = {
        .purpose = "approve",
        .credential_id = "ab",
        .input = {.path = input},
        .output = {.path = "/tmp/../tmp/out.pdf"},
        .place = {-1, 1, 2, 3.5, 4},
        .reserve_number = {1, 1, 2, 3, 4},
        .fill_day = "15",
        .certify = TRUE,
        .metadata = metadata,
    };
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(input, "x", 1, NULL));
    g_autoptr(KysoResult) result = kyso_client_sign(client, &request, &error);
    g_assert_no_error(error);
    hang_up(f, &client);
    g_unlink(input);

    static const char expected[] =
        "{\"purpose\":\"approve\",\"credentialID\":\"ab\",\"name\":\"công văn.pdf\","
        "\"place\":{\"page\":-1,\"rect\":[1.0,2.0,3.5,4.0]},"
        "\"reserve\":{\"number\":{\"page\":1,\"rect\":[1.0,2.0,3.0,4.0]}},"
        "\"fill\":{\"day\":\"15\"},\"certify\":true,"
        "\"metadata\":{\"CodeNotation\":\"UBND-VP\",\"SignerInfo\":{\"FullName\":"
        "\"Nguyễn Văn Thử\"}},\"input\":{\"fd\":0},\"output\":{\"path\":\"/tmp/out.pdf\"}}";
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_true(json_equal(f->last_params, wanted));
    g_assert_cmpuint(f->last_n_fds, ==, 1);
}

/* The parameters that @request becomes are these. */
static void
assert_sent(Fixture *f, const KysoSignRequest *request, const char *expected)
{
    KysoClient *client = connect_to(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoResult) result = kyso_client_sign(client, request, &error);

    g_assert_no_error(error);
    hang_up(f, &client);
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_nonnull(wanted);
    g_assert_true(json_equal(f->last_params, wanted));
}

static void
test_sign_looks(Fixture *f, gconstpointer data)
{
    KysoSignRequest request = {
        .purpose = "copy",
        .credential_id = "ab",
        .output = {.path = "/tmp/out.pdf"},
        .place = {.page = 2, .anchor = "Kính gửi:"},
        .reserve_all = TRUE,
        .seal_mm = 36.5,
        .text = "Giao phòng VHTT.",
        .copy_kind = "sao_y",
    };

    assert_sent(f, &request,
                "{\"purpose\":\"copy\",\"credentialID\":\"ab\",\"output\":{\"path\":"
                "\"/tmp/out.pdf\"},\"place\":{\"anchor\":\"Kính gửi:\",\"page\":2},"
                "\"reserve\":true,\"seal_mm\":36.5,\"text\":\"Giao phòng VHTT.\","
                "\"copy_kind\":\"sao_y\"}");
}

static void
test_sign_places(Fixture *f, gconstpointer data)
{
    KysoSignRequest request = {
        .purpose = "approve",
        .credential_id = "ab",
        .output = {.path = "/tmp/out.pdf"},
        .place = {.template_name = "so"},
        .reserve_number = {.is_automatic = TRUE},
        .reserve_day = {0, -10, 5, 90, 35, .anchor = "ngày"},
        .reserve_month = {-1, 1, 2, 3, 4},
        .fill_number = "7",
        .fill_number_place = {.template_name = "so"},
        .fill_month_place = {.is_automatic = TRUE},
    };

    assert_sent(
        f, &request,
        "{\"purpose\":\"approve\",\"credentialID\":\"ab\",\"output\":{\"path\":"
        "\"/tmp/out.pdf\"},\"place\":{\"template\":\"so\"},\"reserve\":{\"number\":"
        "true,\"day\":{\"anchor\":\"ngày\",\"dx\":-10.0,\"dy\":5.0,\"w\":100.0,"
        "\"h\":30.0},\"month\":{\"page\":-1,\"rect\":[1.0,2.0,3.0,4.0]}},\"fill\":{\"number\":{"
        "\"text\":\"7\",\"place\":{\"template\":\"so\"}},\"month\":{\"place\":true}}}");
}

/* Each document says what it has to itself, the request what holds for the rest. */
static void
test_sign_list(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    static const char *const metadata[] = {"CodeNumber=7", NULL};
    const KysoSignRequest request = {
        .purpose = "issue", .credential_id = "ab", .seal_mm = 36, .text = "all"};
    const KysoSignDocument documents[] = {
        {.input = {.path = "/tmp/a"}, .output = {.path = "/tmp/b"}, .metadata = metadata},
        {.input = {.path = "/tmp/c"},
         .output = {.path = "/tmp/d"},
         .fill_number = "8",
         .reserve_all = TRUE,
         .seal_mm = 30,
         .text = "own",
         .copy_kind = "sao_luc"},
    };
    static const char expected[] =
        "{\"purpose\":\"issue\",\"credentialID\":\"ab\",\"seal_mm\":36.0,\"text\":\"all\","
        "\"documents\":[{\"name\":\"a\",\"input\":{\"path\":\"/tmp/a\"},\"output\":{\"path\":"
        "\"/tmp/b\"},\"metadata\":{\"CodeNumber\":\"7\"}},{\"name\":\"c\",\"input\":{\"path\":"
        "\"/tmp/c\"},\"output\":{\"path\":\"/tmp/d\"},\"fill\":{\"number\":\"8\"},\"reserve\":"
        "true,\"seal_mm\":30.0,\"text\":\"own\",\"copy_kind\":\"sao_luc\"}]}";
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoResult) result =
        kyso_client_sign_list(client, &request, documents, G_N_ELEMENTS(documents), NULL, &error);
    g_assert_no_error(error);
    hang_up(f, &client);
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_nonnull(wanted);
    g_assert_true(json_equal(f->last_params, wanted));
}

static void
test_sign_faults(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    static const char *const no_pair[] = {"CodeNotation", NULL};
    const struct {
        KysoSignRequest request;
        int code;
    } cases[] = {
        {{.input = {.path = "/nonexistent"}}, KYSO_ERROR_INPUT_UNREADABLE},
        {{.image = {.path = "/nonexistent"}}, KYSO_ERROR_IMAGE_UNREADABLE},
        {{.output = {.path = "/tmp/\xff"}}, KYSO_ERROR_OUTPUT_NOT_WRITABLE},
        {{.name = "\xff"}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.metadata = no_pair}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.text = "\xff"}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.place = {.anchor = "\xff"}}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.reserve_day = {.template_name = "\xff"}}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.reserve_all = TRUE, .reserve_day = {.page = 1}}, KYSO_ERROR_WRONG_PARAMETERS},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_client_sign(client, &cases[i].request, &error));
        g_assert_error(error, KYSO_CLIENT_ERROR, cases[i].code);
    }
}

static void
test_verify_sends_both_files(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    KysoFile document = {.path = "/dev/null"}, signature = {0};
    g_auto(KysoFd) fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    signature.fd = fd;
    g_autoptr(KysoResult) result = kyso_client_verify(client, &document, &signature, NULL);
    hang_up(f, &client);
    g_assert_nonnull(result);
    g_assert_cmpuint(f->last_n_fds, ==, 2);
    g_assert_cmpint(fcntl(fd, F_GETFD), >=, 0); /* it stays ours */
}

#define ADD(name, function)                                                                        \
    g_test_add("/client/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

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
    ADD("a request to sign is sent as the protocol wants it", test_sign_request);
    ADD("what a signature shows is sent as the protocol wants it", test_sign_looks);
    ADD("places of every kind are sent as the protocol wants them", test_sign_places);
    ADD("a list says of each document what it has to itself", test_sign_list);
    ADD("what cannot be read or said is told before sending", test_sign_faults);
    ADD("verifying sends document and signature", test_verify_sends_both_files);
    return g_test_run();
}
