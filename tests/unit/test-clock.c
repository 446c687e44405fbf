/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/clock.h"

static void
test_formats(void)
{
    /* 2026-11-22 09:05:09 UTC, given in three zones. */
    static const char *const same[] = {"2026-11-22T09:05:09Z", "2026-11-22T16:05:09+07:00",
                                       "2026-11-21T22:05:09-11:00"};

    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autoptr(GDateTime) moment = g_date_time_new_from_iso8601(same[i], NULL);
        g_autofree char *people = kyso_clock_format(moment);
        g_autofree char *api = kyso_clock_to_rfc3339(moment);
        g_autofree char *fine = kyso_clock_to_rfc3339_ms(moment);
        g_autofree char *pdf = kyso_clock_to_pdf(moment);
        g_assert_cmpstr(people, ==, "22/11/2026 16:05:09 +07:00");
        g_assert_cmpstr(api, ==, "2026-11-22T16:05:09+07:00");
        g_assert_cmpstr(fine, ==, "2026-11-22T16:05:09.000+07:00");
        g_assert_cmpstr(pdf, ==, "D:20261122160509+07'00'");
    }
}

static void
test_now_is_in_vietnam(void)
{
    g_autoptr(GDateTime) now = kyso_clock_now();
    g_autoptr(GDateTime) utc = g_date_time_new_now_utc();

    g_assert_cmpint(g_date_time_get_utc_offset(now), ==, 7 * G_TIME_SPAN_HOUR);
    g_assert_cmpint(ABS(g_date_time_difference(utc, now)), <, G_TIME_SPAN_MINUTE);
}

static void
test_pdf_dates(void)
{
    static const struct {
        const char *text, *moment; /* NULL: none */
    } cases[] = {
        {"D:20261122160509+07'00'", "2026-11-22T16:05:09+07:00"},
        {"D:20261122160509+07'00", "2026-11-22T16:05:09+07:00"},
        {"D:20261122090509Z", "2026-11-22T16:05:09+07:00"},
        {"D:20261122090509Z00'00'", "2026-11-22T16:05:09+07:00"},
        {"D:20261122053509-03'30'", "2026-11-22T16:05:09+07:00"},
        {"D:20261122160509", "2026-11-22T16:05:09+07:00"},
        {"D:202611221605", "2026-11-22T16:05:00+07:00"},
        {"D:20261122", "2026-11-22T00:00:00+07:00"},
        {"D:2026", "2026-01-01T00:00:00+07:00"},
        {"20261122160509", NULL},
        {"D:", NULL},
        {"D:202", NULL},
        {"D:20261", NULL},
        {"D:20261322", NULL},
        {"D:20260230", NULL},
        {"D:20261122256000", NULL},
        {"D:20261122160509+99'00'", NULL},
        {"D:20261122160509+0x'00'", NULL},
        {"D:20261122160509 rubbish", NULL},
        {"", NULL},
        {NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GDateTime) moment = kyso_clock_from_pdf(cases[i].text);
        g_autofree char *text = moment != NULL ? kyso_clock_to_rfc3339(moment) : NULL;
        g_assert_cmpstr(text, ==, cases[i].moment);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/a moment is written in Vietnam's time from any zone", test_formats);
    g_test_add_func("/clock/now is in Vietnam's zone", test_now_is_in_vietnam);
    g_test_add_func("/clock/PDF dates are read, what is none is not", test_pdf_dates);
    return g_test_run();
}
