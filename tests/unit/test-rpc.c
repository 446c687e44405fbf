/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/rpc.h"

#include <string.h>

#include "ipc/base/error.h"

static json_t *
parse(const char *text)
{
    json_t *value = kyso_json_parse(text, strlen(text), NULL);
    g_assert_nonnull(value);
    return value;
}

static void
test_request_is_read(void)
{
    g_autoptr(json_t) full =
        parse("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\",\"params\":{\"x\":1}}");
    g_autoptr(json_t) notification = parse("{\"jsonrpc\":\"2.0\",\"method\":\"m\"}");
    KysoRequest request;

    g_assert_true(kyso_rpc_read_request(full, &request, NULL));
    g_assert_cmpstr(json_string_value(request.id), ==, "a");
    g_assert_cmpstr(request.method, ==, "m");
    g_assert_cmpint(json_integer_value(json_object_get(request.params, "x")), ==, 1);
    g_assert_true(kyso_rpc_read_request(notification, &request, NULL));
    g_assert_null(request.id);
    g_assert_null(request.params);
}

static void
test_not_a_request(void)
{
    static const struct {
        const char *text;
        gboolean id_is_read;
    } cases[] = {
        {"{}", FALSE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", TRUE},
        {"{\"id\":1,\"method\":\"m\"}", TRUE},
        {"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"m\"}", TRUE},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"m\"}", TRUE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", TRUE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":[]}", TRUE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":null}", TRUE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"other\":1}", TRUE},
        {"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"m\"}", FALSE},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\"}", FALSE},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) body = parse(cases[i].text);
        g_autoptr(GError) error = NULL;
        KysoRequest request;
        g_assert_false(kyso_rpc_read_request(body, &request, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_NOT_A_REQUEST);
        g_assert_true((request.id != NULL) == cases[i].id_is_read);
    }
}

/* Takes @made. */
static void
expect_text(json_t *made, const char *expected)
{
    g_autoptr(json_t) value = made;
    g_autoptr(json_t) wanted = parse(expected);
    g_assert_true(json_equal(value, wanted));
}

static void
test_envelopes(void)
{
    g_autoptr(json_t) id = json_string("a");

    expect_text(kyso_rpc_request(7, "m", json_pack("{s:i}", "x", 1)),
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"m\",\"params\":{\"x\":1}}");
    expect_text(kyso_rpc_request(8, "m", NULL),
                "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"m\",\"params\":{}}");
    expect_text(kyso_rpc_notification("n", NULL),
                "{\"jsonrpc\":\"2.0\",\"method\":\"n\",\"params\":{}}");
    expect_text(kyso_rpc_result(id, json_true()),
                "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":true}");
    expect_text(kyso_rpc_result(NULL, json_object()),
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}");
}

static void
test_numbers_of_errors(void)
{
    static const struct {
        int code, number;
    } cases[] = {
        {KYSO_ERROR_NOT_JSON, -32700},
        {KYSO_ERROR_NOT_UTF8, -32700},
        {KYSO_ERROR_NESTED_TOO_DEEP, -32700},
        {KYSO_ERROR_NOT_A_REQUEST, -32600},
        {KYSO_ERROR_UNKNOWN_METHOD, -32601},
        {KYSO_ERROR_WRONG_PARAMETERS, -32602},
        {KYSO_ERROR_PIN_INCORRECT, 4003},
        {KYSO_ERROR_MESSAGE_TOO_LARGE, 1003},
        {KYSO_ERROR_INTERNAL, KYSO_ERROR_INTERNAL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, cases[i].code, "why");
        g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
        json_t *fault = json_object_get(body, "error");
        g_assert_true(json_is_null(json_object_get(body, "id")));
        g_assert_cmpint(json_integer_value(json_object_get(fault, "code")), ==, cases[i].number);
    }
}

static void
test_error_comes_back_as_it_went(void)
{
    g_autoptr(GError) error = kyso_error_new_with_details(
        KYSO_ERROR_PIN_INCORRECT, "{\"tries_left\":2,\"code\":\"other\"}", "slot %d", 3);
    g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
    g_autoptr(GError) again = kyso_rpc_read_error(body);
    json_t *data = json_object_get(json_object_get(body, "error"), "data");

    g_assert_cmpstr(json_string_value(json_object_get(data, "code")), ==, "pin_incorrect");
    g_assert_cmpstr(json_string_value(json_object_get(data, "layer")), ==, "token");
    g_assert_nonnull(json_object_get(json_object_get(data, "cause"), "vi"));
    g_assert_nonnull(json_object_get(json_object_get(data, "next"), "en"));
    g_assert_error(again, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    g_assert_cmpstr(again->message, ==, "slot 3");
    g_assert_cmpstr(kyso_error_details(again), ==, "{\"tries_left\":2}");
}

static void
test_detail_that_is_not_utf8(void)
{
    g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_TOKEN_FAILED, "\xff\xfe");
    g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
    g_autofree char *text = kyso_json_format(body, NULL);

    g_assert_true(g_utf8_validate(text, -1, NULL));
}

/* What a hostile helper may write in place of an error. */
static void
test_strange_errors(void)
{
    static const char *const internal[] = {
        "{\"error\":{}}",
        "{\"error\":{\"data\":5}}",
        "{\"error\":{\"data\":{\"code\":5,\"detail\":[]}}}",
        "{\"error\":{\"data\":{\"code\":\"made_up\"}}}",
    };
    g_autoptr(json_t) none = parse("{\"result\":1}");

    g_assert_null(kyso_rpc_read_error(none));
    for (guint i = 0; i < G_N_ELEMENTS(internal); i++) {
        g_autoptr(json_t) body = parse(internal[i]);
        g_autoptr(GError) error = kyso_rpc_read_error(body);
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rpc/a request is read", test_request_is_read);
    g_test_add_func("/rpc/what is no request is refused", test_not_a_request);
    g_test_add_func("/rpc/envelopes are JSON-RPC 2.0", test_envelopes);
    g_test_add_func("/rpc/errors have JSON-RPC's number where it has one", test_numbers_of_errors);
    g_test_add_func("/rpc/an error comes back as it went", test_error_comes_back_as_it_went);
    g_test_add_func("/rpc/a detail that is not UTF-8 is mended", test_detail_that_is_not_utf8);
    g_test_add_func("/rpc/a strange error is an error all the same", test_strange_errors);
    return g_test_run();
}
