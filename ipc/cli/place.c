/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A number at *@text and the character @end behind it ('\0': the end of the text). */
static gboolean
read_number(const char **text, char end, double *ret)
{
    char *rest;

    *ret = g_ascii_strtod(*text, &rest);
    if (rest == *text || *rest != end || !isfinite(*ret))
        return FALSE;
    *text = rest + (end != '\0' ? 1 : 0);
    return TRUE;
}

gboolean
kyso_place_parse(const char *text, KysoPlace *ret)
{
    KysoPlace place;
    double page;

    if (!read_number(&text, ':', &page) || !read_number(&text, ',', &place.left) ||
        !read_number(&text, ',', &place.bottom) || !read_number(&text, ',', &place.right) ||
        !read_number(&text, '\0', &place.top))
        return FALSE;
    if (page != floor(page) || page == 0 || fabs(page) > G_MAXINT32)
        return FALSE;
    place.page = (int) page;
    *ret = place;
    return TRUE;
}

gboolean
kyso_place_parse_reserve(const char *text, KysoSignRequest *ret)
{
    const struct {
        const char *name;
        KysoPlace *place;
    } fields[] = {
        {"number=", &ret->reserve_number},
        {"day=", &ret->reserve_day},
        {"month=", &ret->reserve_month},
        {"seal=", &ret->reserve_seal},
    };

    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (g_str_has_prefix(text, fields[i].name))
            return kyso_place_parse(text + strlen(fields[i].name), fields[i].place);
    return FALSE;
}
