/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-place.h"

#include <math.h>
#include <string.h>

#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#define MAX_ANCHOR 256 /* bytes */
#define MAX_TEMPLATE 64
#define MAX_SIDE 14400.0 /* points (ISO 32000-1 annex C) */

static gboolean
wrong(GError **error, const char *what, const char *name)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "%s: %s", what, name);
    return FALSE;
}

static gboolean
read_rect(const json_t *value, const char *name, KysoPlace *ret, GError **error)
{
    static const char *const members[] = {"page", "rect", NULL};
    json_t *rect = NULL;
    gint64 page = 0;

    if (!kyso_json_only_has(value, members, NULL))
        return wrong(error, "a place must be {\"page\", \"rect\"}", name);
    if (!kyso_json_get_int(value, "page", KYSO_JSON_REQUIRED, -1000000, 1000000, &page, error) ||
        !kyso_json_get_array(value, "rect", KYSO_JSON_REQUIRED, 4, &rect, error)) {
        g_prefix_error(error, "place of \"%s\": ", name);
        return FALSE;
    }
    if (page == 0 || json_array_size(rect) != 4)
        return wrong(error, "\"page\" counts from 1, \"rect\" has four numbers", name);
    for (int i = 0; i < 4; i++) {
        if (!json_is_number(json_array_get(rect, i)))
            return wrong(error, "\"rect\" has four numbers", name);
        ret->rect[i] = json_number_value(json_array_get(rect, i));
    }
    ret->page = (int) page;
    ret->kind = KYSO_PLACE_RECT;
    return TRUE;
}

static gboolean
read_anchor(const json_t *value, const char *name, KysoPlace *ret, GError **error)
{
    static const char *const members[] = {"anchor", "page", "dx", "dy", "w", "h", NULL};
    const char *text = NULL;
    gint64 page = 1;

    if (!kyso_json_only_has(value, members, error) ||
        !kyso_json_get_string(value, "anchor", KYSO_JSON_REQUIRED, &text, error) ||
        !kyso_json_get_int(value, "page", KYSO_JSON_OPTIONAL, -1000000, 1000000, &page, error)) {
        g_prefix_error(error, "place of \"%s\": ", name);
        return FALSE;
    }
    if (*text == '\0' || strlen(text) > MAX_ANCHOR || page == 0)
        return wrong(error, "\"anchor\" takes 1 to 256 bytes, \"page\" counts from 1", name);
    for (guint i = 2; members[i] != NULL; i++) {
        const json_t *number = json_object_get(value, members[i]);
        double least = strlen(members[i]) == 1 ? 1 : -MAX_SIDE;
        if (number != NULL && (!json_is_number(number) || json_number_value(number) < least ||
                               json_number_value(number) > MAX_SIDE))
            return wrong(error, "\"dx\", \"dy\", \"w\", \"h\" are numbers of points", name);
    }
    ret->kind = KYSO_PLACE_ANCHOR;
    ret->value = json_deep_copy(value);
    return TRUE;
}

static gboolean
read_template(const json_t *value, const char *name, KysoPlace *ret, GError **error)
{
    static const char *const members[] = {"template", NULL};
    const char *template = NULL;

    if (!kyso_json_only_has(value, members, error) ||
        !kyso_json_get_string(value, "template", KYSO_JSON_REQUIRED, &template, error)) {
        g_prefix_error(error, "place of \"%s\": ", name);
        return FALSE;
    }
    for (const char *p = template; *p != '\0'; p++)
        if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
            return wrong(error, "a template's name has letters, digits, - and _ only", name);
    if (*template == '\0' || strlen(template) > MAX_TEMPLATE)
        return wrong(error, "a template's name has 1 to 64 characters", name);
    ret->kind = KYSO_PLACE_TEMPLATE;
    ret->value = json_deep_copy(value);
    return TRUE;
}

gboolean
kyso_sign_place_read(const json_t *value, const char *name, KysoPlace *ret, GError **error)
{
    if (json_is_true(value)) {
        ret->kind = KYSO_PLACE_FOUND;
        return TRUE;
    }
    if (!json_is_object(value))
        return wrong(error, "a place must be {\"page\", \"rect\"}", name);
    if (json_object_get(value, "anchor") != NULL)
        return read_anchor(value, name, ret, error);
    if (json_object_get(value, "template") != NULL)
        return read_template(value, name, ret, error);
    return read_rect(value, name, ret, error);
}

static json_t *
rect_from_file(GKeyFile *file, const char *group)
{
    gsize n = 0;
    g_autofree double *numbers = g_key_file_get_double_list(file, group, "rect", &n, NULL);
    json_t *rect = json_array();

    for (gsize i = 0; i < n; i++)
        json_array_append_new(rect, json_real(numbers[i]));
    return rect;
}

/* The group as the JSON that a caller would have written. */
static json_t *
group_to_json(GKeyFile *file, const char *group)
{
    static const char *const numbers[] = {"dx", "dy", "w", "h"};
    json_t *value = json_object();
    g_autofree char *anchor = g_key_file_get_string(file, group, "anchor", NULL);

    if (g_key_file_has_key(file, group, "page", NULL))
        json_object_set_new(value, "page",
                            json_integer(g_key_file_get_integer(file, group, "page", NULL)));
    if (anchor == NULL) {
        json_object_set_new(value, "rect", rect_from_file(file, group));
        return value;
    }
    json_object_set_new(value, "anchor", json_string(anchor));
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (g_key_file_has_key(file, group, numbers[i], NULL))
            json_object_set_new(value, numbers[i],
                                json_real(g_key_file_get_double(file, group, numbers[i], NULL)));
    return value;
}

gboolean
kyso_sign_place_resolve(KysoPlace *self, const char *configuration_dir, const char *group,
                        GError **error)
{
    if (self->kind != KYSO_PLACE_TEMPLATE)
        return TRUE;
    g_autofree char *name =
        g_strconcat(json_string_value(json_object_get(self->value, "template")), ".template", NULL);
    g_autofree char *path = g_build_filename(configuration_dir, "templates.d", name, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) fault = NULL;
    KysoPlace place = {.is_of_template = TRUE};

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &fault) ||
        !kyso_paths_is_trusted(path, &fault)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, fault->message);
        return FALSE;
    }
    if (!g_key_file_has_group(file, group)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s has no group [%s]", path,
                    group);
        return FALSE;
    }
    g_autoptr(json_t) value = group_to_json(file, group);
    if (!kyso_sign_place_read(value, group, &place, &fault)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, fault->message);
        return FALSE;
    }
    kyso_sign_place_clear(self);
    *self = place;
    return TRUE;
}

void
kyso_sign_place_copy(KysoPlace *to, const KysoPlace *from)
{
    *to = *from;
    json_incref(to->value);
}

void
kyso_sign_place_clear(KysoPlace *self)
{
    json_decref(self->value);
    *self = (KysoPlace){0};
}
