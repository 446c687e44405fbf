/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/json.h"

#include <math.h>
#include <string.h>

#include "ipc/base/error.h"

/* Depth is counted before parsing, outside of strings: jansson's own limit is 2048. */
static gboolean
is_too_deep(const char *text, gsize size)
{
    int depth = 0;
    gboolean in_string = FALSE;

    for (gsize i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = FALSE;
        } else if (c == '"') {
            in_string = TRUE;
        } else if (c == '{' || c == '[') {
            if (++depth > KYSO_JSON_MAX_DEPTH)
                return TRUE;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return FALSE;
}

json_t *
kyso_json_parse(const char *text, gsize size, GError **error)
{
    json_error_t fault;

    if (!g_utf8_validate_len(text, size, NULL)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_UTF8, "not UTF-8, or a NUL byte");
        return NULL;
    }
    if (is_too_deep(text, size)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NESTED_TOO_DEEP, "over %d levels",
                    KYSO_JSON_MAX_DEPTH);
        return NULL;
    }

    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (value == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_JSON, "column %d: %s", fault.column,
                    fault.text);
    return value;
}

char *
kyso_json_format(const json_t *value, gsize *ret_size)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text == NULL)
        g_error("cannot format JSON: no memory, or a loop in the tree");

    /* Handed out as GLib memory, which is malloc's since GLib 2.46. */
    if (ret_size != NULL)
        *ret_size = strlen(text);
    return text;
}

static gboolean
wrong_type(const char *name, const char *expected, GError **error)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" must be %s", name,
                expected);
    return FALSE;
}

/* FALSE with @error where @name is required and missing; *ret is NULL where it is not there. */
static gboolean
find(const json_t *object, const char *name, KysoJsonNeed need, json_t **ret, GError **error)
{
    *ret = json_object_get(object, name);
    if (*ret == NULL && need == KYSO_JSON_REQUIRED) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" is missing", name);
        return FALSE;
    }
    return TRUE;
}

gboolean
kyso_json_get_string(const json_t *object, const char *name, KysoJsonNeed need, const char **ret,
                     GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    if (!json_is_string(value))
        return wrong_type(name, "a string", error);
    *ret = json_string_value(value);
    return TRUE;
}

gboolean
kyso_json_get_int(const json_t *object, const char *name, KysoJsonNeed need, gint64 min, gint64 max,
                  gint64 *ret, GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    gint64 number = json_is_integer(value) ? json_integer_value(value) : 0;
    if (!json_is_integer(value) || number < min || number > max) {
        g_autofree char *expected =
            g_strdup_printf("an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
        return wrong_type(name, expected, error);
    }
    *ret = number;
    return TRUE;
}

gboolean
kyso_json_get_number(const json_t *object, const char *name, KysoJsonNeed need, double *ret,
                     GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    if (!json_is_number(value) || !isfinite(json_number_value(value)))
        return wrong_type(name, "a number", error);
    *ret = json_number_value(value);
    return TRUE;
}

gboolean
kyso_json_get_boolean(const json_t *object, const char *name, KysoJsonNeed need, gboolean *ret,
                      GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    if (!json_is_boolean(value))
        return wrong_type(name, "true or false", error);
    *ret = json_is_true(value);
    return TRUE;
}

gboolean
kyso_json_get_object(const json_t *object, const char *name, KysoJsonNeed need, json_t **ret,
                     GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    if (!json_is_object(value))
        return wrong_type(name, "an object", error);
    *ret = value;
    return TRUE;
}

gboolean
kyso_json_get_array(const json_t *object, const char *name, KysoJsonNeed need, gsize max_items,
                    json_t **ret, GError **error)
{
    json_t *value;

    if (!find(object, name, need, &value, error))
        return FALSE;
    if (value == NULL)
        return TRUE;
    if (!json_is_array(value) || json_array_size(value) > max_items) {
        g_autofree char *expected =
            g_strdup_printf("an array of at most %" G_GSIZE_FORMAT " items", max_items);
        return wrong_type(name, expected, error);
    }
    *ret = value;
    return TRUE;
}

/* RFC 4648 §4 as it stands: GLib's decoder skips what does not belong there. */
static gboolean
is_base64(const char *text, gsize length)
{
    gsize padding = 0;

    if (length % 4 != 0)
        return FALSE;
    while (padding < 2 && length > 0 && text[length - 1] == '=') {
        padding++;
        length--;
    }
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum(text[i]) && text[i] != '+' && text[i] != '/')
            return FALSE;
    return TRUE;
}

gboolean
kyso_json_get_bytes(const json_t *object, const char *name, KysoJsonNeed need, gsize max_size,
                    GBytes **ret, GError **error)
{
    const char *text = NULL;

    if (!kyso_json_get_string(object, name, need, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    gsize length = strlen(text);
    if (!is_base64(text, length) || length / 4 * 3 > max_size + 2)
        return wrong_type(name, "base64 of a fitting length", error);

    gsize size;
    guchar *bytes = g_base64_decode(text, &size);
    *ret = g_bytes_new_take(bytes, size);
    if (size > max_size) {
        g_clear_pointer(ret, g_bytes_unref);
        return wrong_type(name, "base64 of a fitting length", error);
    }
    return TRUE;
}

gboolean
kyso_json_only_has(const json_t *object, const char *const *names, GError **error)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *) object, name, value)
    {
        if (!g_strv_contains(names, name)) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" is not known here",
                        name);
            return FALSE;
        }
    }
    return TRUE;
}

json_t *
kyso_json_bytes(GBytes *bytes)
{
    gsize size;
    const guchar *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = size > 0 ? g_base64_encode(data, size) : g_strdup("");
    return json_string(text);
}
