/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where a caller wants something on a page: by rectangle, by a text on it, by a template of the
 * administrator, or wherever the document has room for it.
 *
 * A template is CONFIGURATION/templates.d/NAME.template, one group for each place ("place",
 * "number", "day", "month", "seal"), with the keys page and rect (four numbers, separated by ';'),
 * or anchor and, optionally, page, dx, dy, w, h. Main thread only.
 */

#include "ipc/wire/json.h"

typedef enum {
    KYSO_PLACE_NONE,     /* not given */
    KYSO_PLACE_RECT,     /* page, rect */
    KYSO_PLACE_ANCHOR,   /* value: {"anchor", ...} as document.places takes it */
    KYSO_PLACE_TEMPLATE, /* value: {"template"} */
    KYSO_PLACE_FOUND,    /* wherever its room is; an error where there is none */
    KYSO_PLACE_IF_FOUND, /* the same; nothing where there is none */
} KysoPlaceKind;

typedef struct {
    KysoPlaceKind kind;
    gboolean is_of_template;
    int page;       /* from 1; negative from the end */
    double rect[4]; /* points, origin bottom left */
    json_t *value;
} KysoPlace;

/* @value, the member @name of a request. KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_sign_place_read(const json_t *value, const char *name, KysoPlace *ret,
                              GError **error);

/* Makes of a template's place what the template says in its group @group. KYSO_ERROR_CONFIGURATION:
 * there is no such template or group, or it cannot be read. */
gboolean kyso_sign_place_resolve(KysoPlace *self, const char *configuration_dir, const char *group,
                                 GError **error);

/* *to is empty. */
void kyso_sign_place_copy(KysoPlace *to, const KysoPlace *from);
void kyso_sign_place_clear(KysoPlace *self);
