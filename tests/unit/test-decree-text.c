/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers, dates and lines are written as the decree says, at Vietnam's time. */
#include "agent/policy/decree-text.h"
#include "ipc/base/error.h"

#include <stdlib.h>

static void
assert_text(char *text, const char *expected)
{
    g_autofree char *owned = text;
    g_assert_cmpstr(owned, ==, expected);
}

static void
test_leading_zeros(void)
{
    assert_text(kyso_decree_text_number("7"), "07");
    assert_text(kyso_decree_text_number("79"), "79");
    assert_text(kyso_decree_text_number("12a"), "12a");
    assert_text(kyso_decree_text_day(9), "09");
    assert_text(kyso_decree_text_day(10), "10");
    assert_text(kyso_decree_text_month(1), "01");
    assert_text(kyso_decree_text_month(2), "02");
    assert_text(kyso_decree_text_month(3), "3");
    assert_text(kyso_decree_text_month(11), "11");
}

static void
test_days_and_months_as_given(void)
{
    assert_text(kyso_decree_text_given_day("5"), "05");
    assert_text(kyso_decree_text_given_day("31"), "31");
    assert_text(kyso_decree_text_given_month("05"), "5");
    assert_text(kyso_decree_text_given_month("2"), "02");
    static const char *const wrong[] = {"", "0", "00", "32", "013", "-1", "1 ", "mười"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_null(kyso_decree_text_given_day(wrong[i]));
    g_assert_null(kyso_decree_text_given_month("13"));
}

static void
test_number_and_notation(void)
{
    assert_text(kyso_decree_text_code("7", "UBND-VHTT"), "07/UBND-VHTT");
    assert_text(kyso_decree_text_code("79", "/QĐ-UBND"), "79/QĐ-UBND");
    assert_text(kyso_decree_text_code("79", NULL), "79");
}

static void
test_dates(void)
{
    int day = 0, month = 0, year = 0;

    g_assert_true(kyso_decree_text_read_date("2026-11-22", &day, &month, &year));
    g_assert_true(day == 22 && month == 11 && year == 2026);
    g_assert_true(kyso_decree_text_read_date("05/02/2026", &day, &month, &year));
    g_assert_true(day == 5 && month == 2 && year == 2026);
    static const char *const wrong[] = {"",           "2026-02-30", "22-11-2026",
                                        "2026/11/22", "22/13/2026", "2026-1a-22"};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(kyso_decree_text_read_date(wrong[i], &day, &month, &year));
}

/* 16:05:09 of Vietnam, told by a machine in New York. */
static KysoDecreeWords
words_at_moment(GDateTime **ret_moment)
{
    *ret_moment = g_date_time_new_from_iso8601("2026-11-22T04:05:09-05:00", NULL);
    return (KysoDecreeWords){"79/UBND-VHTT", "UBND xã Thử Nghiệm", KYSO_COPY_SAO_LUC, *ret_moment};
}

static void
test_lines_of_the_decree(void)
{
    g_autoptr(GDateTime) moment = NULL;
    KysoDecreeWords words = words_at_moment(&moment);

    assert_text(kyso_decree_text_fill(KYSO_DECREE_APPENDIX, &words, NULL),
                "Số: 79/UBND-VHTT; 22/11/2026; 16:05:09 +07:00");
    assert_text(kyso_decree_text_fill(KYSO_DECREE_COPY, &words, NULL),
                "Sao lục; UBND xã Thử Nghiệm; 22/11/2026; 16:05:09 +07:00");
    assert_text(kyso_decree_text_fill("{organ}\n{date} {open", &words, NULL),
                "UBND xã Thử Nghiệm\n22/11/2026 {open");
}

static void
test_nothing_is_left_blank(void)
{
    g_autoptr(GDateTime) moment = NULL;
    KysoDecreeWords all = words_at_moment(&moment);
    KysoDecreeWords none = {.moment = moment};
    static const char *const needed[] = {"{code}", "{organ}", "{kind}"};

    for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_decree_text_fill(needed[i], &none, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    }
    g_autoptr(GError) unknown = NULL;
    g_assert_null(kyso_decree_text_fill("{seal}", &all, &unknown));
    g_assert_error(unknown, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
}

static void
test_kinds_of_copies(void)
{
    g_assert_cmpint(kyso_decree_text_copy_kind("sao_y"), ==, KYSO_COPY_SAO_Y);
    g_assert_cmpint(kyso_decree_text_copy_kind("SL"), ==, KYSO_COPY_SAO_LUC);
    g_assert_cmpint(kyso_decree_text_copy_kind("TrS"), ==, KYSO_COPY_TRICH_SAO);
    g_assert_cmpint(kyso_decree_text_copy_kind("sao"), ==, KYSO_COPY_NONE);
    g_assert_cmpint(kyso_decree_text_copy_kind(NULL), ==, KYSO_COPY_NONE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    setenv("TZ", "America/New_York", 1);
    g_test_add_func("/decree-text/zeros", test_leading_zeros);
    g_test_add_func("/decree-text/given", test_days_and_months_as_given);
    g_test_add_func("/decree-text/code", test_number_and_notation);
    g_test_add_func("/decree-text/dates", test_dates);
    g_test_add_func("/decree-text/lines", test_lines_of_the_decree);
    g_test_add_func("/decree-text/blank", test_nothing_is_left_blank);
    g_test_add_func("/decree-text/copies", test_kinds_of_copies);
    return g_test_run();
}
