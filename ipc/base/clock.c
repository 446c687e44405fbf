/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/clock.h"

#include <string.h>

/* Not "Asia/Ho_Chi_Minh": a machine without tzdata must write the same time. */
static GTimeZone *
vietnam(void)
{
    return g_time_zone_new_offset(7 * 60 * 60);
}

GDateTime *
kyso_clock_now(void)
{
    g_autoptr(GTimeZone) zone = vietnam();
    return g_date_time_new_now(zone);
}

static char *
format_in_vietnam(GDateTime *moment, const char *format)
{
    g_autoptr(GTimeZone) zone = vietnam();
    g_autoptr(GDateTime) local = g_date_time_to_timezone(moment, zone);
    return g_date_time_format(local, format);
}

char *
kyso_clock_format(GDateTime *moment)
{
    return format_in_vietnam(moment, "%d/%m/%Y %H:%M:%S +07:00");
}

char *
kyso_clock_to_rfc3339(GDateTime *moment)
{
    return format_in_vietnam(moment, "%Y-%m-%dT%H:%M:%S+07:00");
}

char *
kyso_clock_to_rfc3339_ms(GDateTime *moment)
{
    g_autofree char *seconds = format_in_vietnam(moment, "%Y-%m-%dT%H:%M:%S");
    return g_strdup_printf("%s.%03d+07:00", seconds, g_date_time_get_microsecond(moment) / 1000);
}

char *
kyso_clock_to_pdf(GDateTime *moment)
{
    return format_in_vietnam(moment, "D:%Y%m%d%H%M%S+07'00'");
}

/* Two digits at *@text, moving it on; @missing where the text ends before them; -1 otherwise. */
static int
two_digits(const char **text, int missing)
{
    const char *t = *text;

    if (!g_ascii_isdigit(t[0]))
        return missing;
    if (!g_ascii_isdigit(t[1]))
        return -1;
    *text = t + 2;
    return (t[0] - '0') * 10 + (t[1] - '0');
}

GDateTime *
kyso_clock_from_pdf(const char *text)
{
    if (text == NULL || !g_str_has_prefix(text, "D:"))
        return NULL;
    text += 2;

    int century = two_digits(&text, -1), year = two_digits(&text, -1);
    int month = two_digits(&text, 1), day = two_digits(&text, 1);
    int hour = two_digits(&text, 0), minute = two_digits(&text, 0), second = two_digits(&text, 0);
    if (century < 0 || year < 0)
        return NULL;

    int sign = 1, offset_hours = 7, offset_minutes = 0;
    if (*text == 'Z') {
        offset_hours = 0;
    } else if (*text == '+' || *text == '-') {
        sign = *text++ == '-' ? -1 : 1;
        offset_hours = two_digits(&text, -1);
        if (*text == '\'')
            text++;
        offset_minutes = two_digits(&text, 0);
    } else if (*text != '\0') {
        return NULL;
    }
    if (offset_hours < 0 || offset_hours > 14 || offset_minutes < 0 || offset_minutes > 59)
        return NULL;

    int seconds_east = sign * (offset_hours * 3600 + offset_minutes * 60);
    g_autoptr(GTimeZone) zone = g_time_zone_new_offset(seconds_east);
    return g_date_time_new(zone, century * 100 + year, month, day, hour, minute, second);
}
