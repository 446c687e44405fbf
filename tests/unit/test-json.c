/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/json.h"

#include <string.h>

#include "ipc/base/error.h"

static json_t *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    json_t *value = kyso_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return value;
}

static void
expect_refused(const char *text, gsize size, int code)
{
    g_autoptr(GError) error = NULL;

    /* A copy without a NUL at its end: reading past it shows under ASan. */
    g_autofree char *copy = g_malloc(MAX(size, 1));
    memcpy(copy, text, size);
    g_autoptr(json_t) value = kyso_json_parse(copy, size, &error);
    g_assert_null(value);
    g_assert_error(error, KYSO_ERROR, code);
}

static void
test_strict(void)
{
    static const char *const not_json[] = {
        "",
        "{",
        "[1,]",
        "{\"a\":01}",
        "{'a':1}",
        "{\"a\":1}x",
        "[1]//",
        "[NaN]",
        "[\"\\ud800\"]",
        "[\"\\u0000\"]",
        "[1e999]",
        "[\"\t\"]",
        "{\"a\"}",
        "[12345678901234567890]",
        "{\"a\":1,\"b\":{\"c\":1,\"c\":1}}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(not_json); i++)
        expect_refused(not_json[i], strlen(not_json[i]), KYSO_ERROR_NOT_JSON);
    expect_refused("[\"a\0b\"]", 7, KYSO_ERROR_NOT_UTF8);
    expect_refused("[\"\xc3\"]", 5, KYSO_ERROR_NOT_UTF8);
    expect_refused("[\"\xf5\x80\x80\x80\"]", 8, KYSO_ERROR_NOT_UTF8);
}

/* @depth arrays in one another. */
static char *
nested(int depth)
{
    g_autofree char *opening = g_strnfill(depth, '['), *closing = g_strnfill(depth, ']');
    return g_strconcat(opening, closing, NULL);
}

static void
test_nesting(void)
{
    g_autofree char *deepest = nested(KYSO_JSON_MAX_DEPTH);
    g_autofree char *deeper = nested(KYSO_JSON_MAX_DEPTH + 1);
    g_autofree char *bottomless = g_strnfill(200000, '[');
    g_autofree char *quoted = g_strdup_printf("[\"\\\"%s\"]", bottomless);

    g_autoptr(json_t) allowed = parse(deepest);
    g_autoptr(json_t) in_string = parse(quoted);
    expect_refused(deeper, strlen(deeper), KYSO_ERROR_NESTED_TOO_DEEP);
    expect_refused(bottomless, strlen(bottomless), KYSO_ERROR_NESTED_TOO_DEEP);
}

static void
test_format_is_one_line(void)
{
    g_autoptr(json_t) value =
        json_pack("{s:s, s:[i,f]}", "tên", "Nguyễn\nVăn \"Thử\"", "n", 1, 0.5);
    gsize size;
    g_autofree char *text = kyso_json_format(value, &size);

    g_assert_cmpuint(size, ==, strlen(text));
    g_assert_null(strchr(text, '\n'));
    g_autoptr(json_t) again = parse(text);
    g_assert_true(json_equal(value, again));
}

#define OBJECT                                                                                     \
    "{\"s\":\"x\",\"i\":5,\"r\":1.5,\"b\":true,\"o\":{},\"a\":[1,2],\"z\":null,"                   \
    "\"m\":\"AAEC\"}"

static void
test_readers_take_their_type_only(void)
{
    g_autoptr(json_t) object = parse(OBJECT);
    const char *name;
    json_t *member;

    json_object_foreach(object, name, member)
    {
        g_autoptr(GBytes) bytes = NULL;
        const char *s = NULL;
        gint64 i = 0;
        double r = 0;
        gboolean b = FALSE;
        json_t *value = NULL;
        char c = name[0];

        g_assert_true(kyso_json_get_string(object, name, KYSO_JSON_REQUIRED, &s, NULL) ==
                      (c == 's' || c == 'm'));
        g_assert_true(kyso_json_get_int(object, name, KYSO_JSON_REQUIRED, 0, 9, &i, NULL) ==
                      (c == 'i'));
        g_assert_true(kyso_json_get_number(object, name, KYSO_JSON_REQUIRED, &r, NULL) ==
                      (c == 'i' || c == 'r'));
        g_assert_true(kyso_json_get_boolean(object, name, KYSO_JSON_REQUIRED, &b, NULL) ==
                      (c == 'b'));
        g_assert_true(kyso_json_get_object(object, name, KYSO_JSON_REQUIRED, &value, NULL) ==
                      (c == 'o'));
        g_assert_true(kyso_json_get_array(object, name, KYSO_JSON_REQUIRED, 2, &value, NULL) ==
                      (c == 'a'));
        g_assert_true(kyso_json_get_bytes(object, name, KYSO_JSON_REQUIRED, 9, &bytes, NULL) ==
                      (c == 'm'));
    }
}

static void
test_faults_name_the_field(void)
{
    g_autoptr(json_t) object = parse(OBJECT);
    g_autoptr(GError) missing = NULL, wrong = NULL, unknown = NULL;
    static const char *const known[] = {"s", "i", "r", "b", "o", "a", "m", NULL};
    const char *text = "kept";

    g_assert_false(kyso_json_get_string(object, "none", KYSO_JSON_REQUIRED, &text, &missing));
    g_assert_error(missing, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_nonnull(strstr(missing->message, "\"none\""));
    g_assert_false(kyso_json_get_string(object, "i", KYSO_JSON_OPTIONAL, &text, &wrong));
    g_assert_error(wrong, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_nonnull(strstr(wrong->message, "\"i\""));
    g_assert_false(kyso_json_only_has(object, known, &unknown));
    g_assert_error(unknown, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_nonnull(strstr(unknown->message, "\"z\""));

    g_assert_true(kyso_json_get_string(object, "none", KYSO_JSON_OPTIONAL, &text, NULL));
    g_assert_cmpstr(text, ==, "kept");
}

static void
test_bounds(void)
{
    g_autoptr(json_t) object = parse(OBJECT);
    json_t *array;
    gint64 i = 0;

    g_assert_true(kyso_json_get_int(object, "i", KYSO_JSON_REQUIRED, 5, 5, &i, NULL));
    g_assert_cmpint(i, ==, 5);
    g_assert_false(kyso_json_get_int(object, "i", KYSO_JSON_REQUIRED, 6, 9, &i, NULL));
    g_assert_false(kyso_json_get_int(object, "i", KYSO_JSON_REQUIRED, 0, 4, &i, NULL));
    g_assert_true(kyso_json_get_array(object, "a", KYSO_JSON_REQUIRED, 2, &array, NULL));
    g_assert_false(kyso_json_get_array(object, "a", KYSO_JSON_REQUIRED, 1, &array, NULL));
}

static void
test_base64(void)
{
    static const struct {
        const char *text;
        gssize size; /* -1: refused */
    } cases[] = {
        {"", 0},
        {"AA==", 1},
        {"AAA=", 2},
        {"AAAA", 3},
        {"AAAAAA==", -1},
        {"A", -1},
        {"AAA", -1},
        {"A===", -1},
        {"====", -1},
        {"AA=A", -1},
        {"AA==AA==", -1},
        {"AA\\nA", -1},
        {"AA A", -1},
        {"AA-_", -1},
        {"\xc3\xa9"
         "AA",
         -1},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("{\"m\":\"%s\"}", cases[i].text);
        g_autoptr(json_t) object = parse(text);
        g_autoptr(GBytes) bytes = NULL;
        gboolean taken = kyso_json_get_bytes(object, "m", KYSO_JSON_REQUIRED, 3, &bytes, NULL);
        g_assert_cmpint(taken ? (gssize) g_bytes_get_size(bytes) : -1, ==, cases[i].size);
    }
}

static void
test_bytes_round_trip(void)
{
    for (gsize size = 0; size < 70; size++) {
        g_autofree guint8 *data = g_malloc(size + 1);
        for (gsize i = 0; i < size; i++)
            data[i] = (guint8) (i * 37 + 200);
        g_autoptr(GBytes) bytes = g_bytes_new(data, size), again = NULL;
        g_autoptr(json_t) object = json_pack("{s:o}", "m", kyso_json_bytes(bytes));
        g_assert_true(kyso_json_get_bytes(object, "m", KYSO_JSON_REQUIRED, size, &again, NULL));
        g_assert_true(g_bytes_equal(bytes, again));
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/only strict JSON is read", test_strict);
    g_test_add_func("/json/32 levels pass and 33 do not", test_nesting);
    g_test_add_func("/json/what is written is one line and reads the same",
                    test_format_is_one_line);
    g_test_add_func("/json/a reader takes its own type only", test_readers_take_their_type_only);
    g_test_add_func("/json/faults name the field", test_faults_name_the_field);
    g_test_add_func("/json/numbers and lists are bounded", test_bounds);
    g_test_add_func("/json/base64 is RFC 4648 and bounded", test_base64);
    g_test_add_func("/json/bytes come back as they went", test_bytes_round_trip);
    return g_test_run();
}
