/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/visible.h"

#include <string.h>

#define ELLIPSIS "…"
#define MARKS_MAX 2 /* a Vietnamese letter has at most two, even decomposed */

typedef enum { REMOVED, SPACE, MARK, QUOTE, SHOWN } Kind;

static Kind
kind_of(gunichar c)
{
    static const gunichar blank_letters[] = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0};

    for (gsize i = 0; i < G_N_ELEMENTS(blank_letters); i++)
        if (c == blank_letters[i])
            return REMOVED;
    if (c == '"' || (c >= 0x201C && c <= 0x201F))
        return QUOTE;
    if (g_unichar_isspace(c)) /* newline and tab are controls too, but part words */
        return SPACE;

    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* bidirectional controls, zero width, byte order mark, tags */
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
        return REMOVED;
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SPACE_SEPARATOR:
        return SPACE;
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
        return MARK;
    default:
        return SHOWN;
    }
}

static gsize
width_in_line(gunichar c)
{
    return c == '%' ? 3 : g_unichar_to_utf8(c, NULL);
}

static GString *
clean_text(const char *text)
{
    GString *clean = g_string_new(NULL);
    guint marks = 0;

    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        Kind kind = kind_of(c);

        marks = kind == MARK ? marks + 1 : 0;
        if (kind == QUOTE)
            c = '\'';
        if (kind == SPACE && (clean->len == 0 || clean->str[clean->len - 1] == ' '))
            continue;
        if (kind == SPACE)
            c = ' ';
        if (kind != REMOVED && marks <= MARKS_MAX)
            g_string_append_unichar(clean, c);
    }
    if (clean->len > 0 && clean->str[clean->len - 1] == ' ')
        g_string_truncate(clean, clean->len - 1);
    return clean;
}

char *
kyso_visible_text(const char *text, gsize max)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
    g_autoptr(GString) clean = clean_text(composed);
    gsize width = 0, fits = 0;

    for (const char *p = clean->str; *p != '\0'; p = g_utf8_next_char(p)) {
        width += width_in_line(g_utf8_get_char(p));
        if (width <= max - strlen(ELLIPSIS))
            fits = g_utf8_next_char(p) - clean->str;
    }
    if (width > max) {
        g_string_truncate(clean, fits);
        g_string_append(clean, ELLIPSIS);
    }
    return g_string_free(g_steal_pointer(&clean), FALSE);
}
