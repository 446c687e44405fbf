/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/error.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

/* A sentence ends with a full stop; a command to be copied must not. */
static void
expect_sentence(const char *text)
{
    g_assert_cmpuint(strlen(text), >, 8);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_assert_null(strchr(text, '\n'));
    if (strstr(text, ": systemctl ") == NULL)
        g_assert_true(g_str_has_suffix(text, "."));
}

static void
test_every_entry_is_whole(void)
{
    static const char *const layers[] = {"request",  "policy", "certificate", "token", "prompt",
                                         "document", "output", "agent",       NULL};
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    const KysoErrorInfo *table;
    gsize n;

    table = kyso_error_table(&n);
    for (gsize i = 0; i < n; i++) {
        g_assert_true(g_hash_table_add(names, (gpointer) table[i].name));
        g_assert_true(g_regex_match_simple("^[a-z][a-z0-9_]*$", table[i].name, 0, 0));
        g_assert_true(g_strv_contains(layers, table[i].layer));
        g_assert_true(i == 0 || table[i - 1].code < table[i].code);
        expect_sentence(table[i].cause_vi);
        expect_sentence(table[i].cause_en);
        expect_sentence(table[i].next_vi);
        expect_sentence(table[i].next_en);
        g_assert_cmpstr(table[i].cause_vi, !=, table[i].cause_en);
    }
}

/* The last of each group: a code added without its entry shifts nothing, but shows here. */
static void
test_every_code_has_its_entry(void)
{
    static const struct {
        int first, last;
    } groups[] = {
        {KYSO_ERROR_NOT_JSON, KYSO_ERROR_AGENT_UNREACHABLE},
        {KYSO_ERROR_SECRET_DOCUMENT, KYSO_ERROR_ALREADY_APPROVED},
        {KYSO_ERROR_INVALID_XML, KYSO_ERROR_SIGNATURE_WOULD_BREAK},
        {KYSO_ERROR_DATA_TOO_LARGE, KYSO_ERROR_DATA_NOT_JSON},
        {KYSO_ERROR_CHANGES_FORBIDDEN, KYSO_ERROR_LEVEL_REACHED},
        {KYSO_ERROR_CERTIFICATE_EXPIRED, KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE},
        {KYSO_ERROR_NOT_SIGNED, KYSO_ERROR_NOT_SIGNED},
        {KYSO_ERROR_BUNDLE_MALFORMED, KYSO_ERROR_TRUST_PIN_MISMATCH},
        {KYSO_ERROR_NO_TOKEN, KYSO_ERROR_READER_BUSY},
        {KYSO_ERROR_PIN_CANCELLED, KYSO_ERROR_PROMPT_FAILED},
        {KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_PLACE_COVERS},
        {KYSO_ERROR_OUTPUT_NOT_WRITABLE, KYSO_ERROR_EVIDENCE_NOT_FOUND},
        {KYSO_ERROR_INTERNAL, KYSO_ERROR_CONFIGURATION},
    };
    gsize n, n_codes = 0;

    kyso_error_table(&n);
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        for (int code = groups[i].first; code <= groups[i].last; code++, n_codes++) {
            const KysoErrorInfo *info = kyso_error_info(code);
            g_assert_cmpint(info->code, ==, code);
            g_assert_cmpint(kyso_error_from_name(info->name), ==, code);
        }
    }
    g_assert_cmpuint(n_codes, ==, n);
}

static void
test_what_is_not_ours_is_internal(void)
{
    g_autoptr(GError) strange = g_error_new_literal(KYSO_ERROR, 4711, "");
    g_autoptr(GError) cancelled = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
    g_autoptr(GError) full = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_NO_SPACE, "");
    g_autoptr(GError) other = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_BUSY, "");

    g_assert_cmpint(kyso_error_code(strange), ==, KYSO_ERROR_INTERNAL);
    g_assert_cmpint(kyso_error_code(cancelled), ==, KYSO_ERROR_CANCELLED);
    g_assert_cmpint(kyso_error_code(full), ==, KYSO_ERROR_DISK_FULL);
    g_assert_cmpint(kyso_error_code(other), ==, KYSO_ERROR_INTERNAL);
    g_assert_cmpint(kyso_error_from_name("no_such_name"), ==, 0);
    g_assert_cmpint(kyso_error_from_name(NULL), ==, 0);
    g_assert_cmpint(kyso_error_info(0)->code, ==, KYSO_ERROR_INTERNAL);
}

static void
test_errno(void)
{
    static const struct {
        int saved_errno, code;
    } cases[] = {
        {EACCES, KYSO_ERROR_OUTPUT_NOT_WRITABLE},
        {ENOSPC, KYSO_ERROR_DISK_FULL},
        {EDQUOT, KYSO_ERROR_DISK_FULL},
        {EFBIG, KYSO_ERROR_DISK_FULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        kyso_error_set_errno(&error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, cases[i].saved_errno, "x");
        g_assert_error(error, KYSO_ERROR, cases[i].code);
        g_assert_true(g_str_has_prefix(error->message, "x: "));
    }
    kyso_error_set_errno(NULL, KYSO_ERROR_INTERNAL, EACCES, "x");
}

static void
test_details_travel(void)
{
    g_autoptr(GError) error =
        kyso_error_new_with_details(KYSO_ERROR_PIN_INCORRECT, "{\"tries_left\":2}", "slot %d", 1);
    g_autoptr(GError) copy = g_error_copy(error);
    g_autoptr(GError) plain = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_INTERNAL, "");
    g_autoptr(GError) foreign = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_BUSY, "");
    GError *target = NULL;

    g_propagate_prefixed_error(&target, g_steal_pointer(&error), "%s", "sign: ");
    g_assert_cmpstr(target->message, ==, "sign: slot 1");
    g_assert_cmpstr(kyso_error_details(target), ==, "{\"tries_left\":2}");
    g_assert_cmpstr(kyso_error_details(copy), ==, "{\"tries_left\":2}");
    g_assert_null(kyso_error_details(plain));
    g_assert_null(kyso_error_details(foreign));
    g_assert_null(kyso_error_details(NULL));
    g_error_free(target);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/every entry has a name of its own and four sentences",
                    test_every_entry_is_whole);
    g_test_add_func("/error/every code has its entry", test_every_code_has_its_entry);
    g_test_add_func("/error/what is not ours is internal", test_what_is_not_ours_is_internal);
    g_test_add_func("/error/a full disk is told as such", test_errno);
    g_test_add_func("/error/details travel with the error", test_details_travel);
    return g_test_run();
}
