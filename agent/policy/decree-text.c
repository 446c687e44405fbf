/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/policy/decree-text.h"

#include <string.h>

#include "ipc/base/clock.h"
#include "ipc/base/error.h"

#define LAST_MONTH_WITH_ZERO 2

static gboolean
is_digits(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

char *
kyso_decree_text_number(const char *number)
{
    if (is_digits(number) && strlen(number) == 1)
        return g_strconcat("0", number, NULL);
    return g_strdup(number);
}

char *
kyso_decree_text_day(int day)
{
    return g_strdup_printf("%02d", day);
}

char *
kyso_decree_text_month(int month)
{
    return g_strdup_printf(month <= LAST_MONTH_WITH_ZERO ? "%02d" : "%d", month);
}

static int
read_small(const char *text, int highest)
{
    if (!is_digits(text) || strlen(text) > 2)
        return 0;
    int value = (int) g_ascii_strtoll(text, NULL, 10);
    return value <= highest ? value : 0;
}

char *
kyso_decree_text_given_day(const char *text)
{
    int day = read_small(text, 31);
    return day > 0 ? kyso_decree_text_day(day) : NULL;
}

char *
kyso_decree_text_given_month(const char *text)
{
    int month = read_small(text, 12);
    return month > 0 ? kyso_decree_text_month(month) : NULL;
}

char *
kyso_decree_text_code(const char *number, const char *notation)
{
    g_autofree char *written = kyso_decree_text_number(number);

    if (notation == NULL || *notation == '\0')
        return g_steal_pointer(&written);
    return g_strconcat(written, *notation == '/' ? "" : "/", notation, NULL);
}

/* @n digits of @text at *@at. */
static int
digits_at(const char *text, guint at, guint n)
{
    g_autofree char *part = g_strndup(text + at, n);
    return is_digits(part) && strlen(part) == n ? (int) g_ascii_strtoll(part, NULL, 10) : 0;
}

gboolean
kyso_decree_text_read_date(const char *text, int *ret_day, int *ret_month, int *ret_year)
{
    gboolean is_iso = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    gboolean is_ours = strlen(text) == 10 && text[2] == '/' && text[5] == '/';

    if (!is_iso && !is_ours)
        return FALSE;
    *ret_year = digits_at(text, is_iso ? 0 : 6, 4);
    *ret_month = digits_at(text, is_iso ? 5 : 3, 2);
    *ret_day = digits_at(text, is_iso ? 8 : 0, 2);
    return *ret_year > 0 &&
           g_date_valid_dmy((GDateDay) *ret_day, (GDateMonth) *ret_month, (GDateYear) *ret_year);
}

static const struct {
    KysoCopyKind kind;
    const char *name, *code, *words;
} COPIES[] = {
    {KYSO_COPY_SAO_Y, "sao_y", "SY", "Sao y"},
    {KYSO_COPY_SAO_LUC, "sao_luc", "SL", "Sao lục"},
    {KYSO_COPY_TRICH_SAO, "trich_sao", "TrS", "Trích sao"},
};

KysoCopyKind
kyso_decree_text_copy_kind(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(COPIES); i++)
        if (g_strcmp0(name, COPIES[i].name) == 0 || g_strcmp0(name, COPIES[i].code) == 0)
            return COPIES[i].kind;
    return KYSO_COPY_NONE;
}

/* ---- templates ---- */

static char *
missing(const char *what, GError **error)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                "\"%s\" is needed for what is drawn", what);
    return NULL;
}

static char *
copy_words(KysoCopyKind kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(COPIES); i++)
        if (COPIES[i].kind == kind)
            return g_strdup(COPIES[i].words);
    return NULL;
}

static char *
word(const char *name, const KysoDecreeWords *words, GError **error)
{
    if (strcmp(name, "code") == 0)
        return words->code != NULL ? g_strdup(words->code) : missing("metadata.CodeNumber", error);
    if (strcmp(name, "organ") == 0)
        return words->organ != NULL ? g_strdup(words->organ) : missing("metadata.OrganName", error);
    if (strcmp(name, "kind") == 0)
        return words->kind != KYSO_COPY_NONE ? copy_words(words->kind)
                                             : missing("copy_kind", error);
    if (strcmp(name, "date") == 0)
        return kyso_clock_to_date(words->moment);
    if (strcmp(name, "time") == 0)
        return kyso_clock_to_time(words->moment);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "a template has no word {%s}", name);
    return NULL;
}

char *
kyso_decree_text_fill(const char *template, const KysoDecreeWords *words, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (const char *p = template; *p != '\0';) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (end == NULL) {
            g_string_append_c(text, *p++);
            continue;
        }
        g_autofree char *name = g_strndup(p + 1, (gsize) (end - p - 1));
        g_autofree char *value = word(name, words, error);
        if (value == NULL)
            return NULL;
        g_string_append(text, value);
        p = end + 1;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
