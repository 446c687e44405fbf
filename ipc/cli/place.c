/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANCHOR "anchor:"
#define TEMPLATE "template:"

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

/* "x0,y0,x1,y1" up to @end. */
static gboolean
read_rect(const char **text, char end, KysoPlace *ret)
{
    return read_number(text, ',', &ret->left) && read_number(text, ',', &ret->bottom) &&
           read_number(text, ',', &ret->right) && read_number(text, end, &ret->top);
}

static gboolean
read_page(const char **text, KysoPlace *ret)
{
    const char *rest = *text;
    double page;

    if (!read_number(&rest, ':', &page) || page != floor(page) || page == 0 ||
        fabs(page) > G_MAXINT32)
        return FALSE;
    ret->page = (int) page;
    *text = rest;
    return TRUE;
}

/* What stands behind "anchor:". */
static gboolean
read_anchor(const char *text, KysoPlace *ret)
{
    const char *rest = text;
    KysoPlace place = *ret;

    if (read_rect(&rest, ':', &place)) {
        text = rest;
        if (place.right <= place.left || place.top <= place.bottom)
            return FALSE;
        *ret = place;
    }
    ret->anchor = text;
    return *text != '\0';
}

gboolean
kyso_place_parse(const char *text, KysoPlace *ret)
{
    KysoPlace place = {0};
    gboolean is_place;

    if (strcmp(text, "auto") == 0) {
        place.is_automatic = is_place = TRUE;
    } else if (g_str_has_prefix(text, TEMPLATE)) {
        place.template_name = text + strlen(TEMPLATE);
        is_place = *place.template_name != '\0';
    } else {
        gboolean has_page = read_page(&text, &place);
        if (g_str_has_prefix(text, ANCHOR))
            is_place = read_anchor(text + strlen(ANCHOR), &place);
        else
            is_place = has_page && read_rect(&text, '\0', &place);
    }
    if (is_place)
        *ret = place;
    return is_place;
}

gboolean
kyso_place_is_set(const KysoPlace *self)
{
    return self->page != 0 || self->anchor != NULL || self->template_name != NULL ||
           self->is_automatic;
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

    if (strcmp(text, "all") == 0)
        return ret->reserve_all = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (g_str_has_prefix(text, fields[i].name))
            return kyso_place_parse(text + strlen(fields[i].name), fields[i].place);
    return FALSE;
}
