/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include "ipc/client/client-private.h"

struct _KysoResult {
    json_t *value;
    char *text; /* NULL until it is asked for */
};

KysoResult *
kyso_client_result_new(json_t *value)
{
    KysoResult *result = g_new0(KysoResult, 1);
    result->value = value;
    return result;
}

void
kyso_client_result_free(KysoResult *result)
{
    if (result == NULL)
        return;
    json_decref(result->value);
    g_free(result->text);
    g_free(result);
}

const char *
kyso_client_result_json(KysoResult *result)
{
    if (result->text == NULL)
        result->text = kyso_json_format(result->value, NULL);
    return result->text;
}

/* The value at the path, or NULL. A number in it counts items from 0. */
static const json_t *
find(const KysoResult *result, const char *format, va_list args)
{
    g_autofree char *path = g_strdup_vprintf(format, args);
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    const json_t *value = result->value;

    for (char **name = names; *name != NULL; name++) {
        if (json_is_array(value))
            value = json_array_get(value, g_ascii_strtoull(*name, NULL, 10));
        else
            value = json_object_get(value, *name);
    }
    return value;
}

const char *
kyso_client_result_text(const KysoResult *result, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    const json_t *value = find(result, path, args);
    va_end(args);
    return json_string_value(value);
}

gint64
kyso_client_result_number(const KysoResult *result, gint64 fallback, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    const json_t *value = find(result, path, args);
    va_end(args);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

double
kyso_client_result_real(const KysoResult *result, double fallback, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    const json_t *value = find(result, path, args);
    va_end(args);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

gboolean
kyso_client_result_boolean(const KysoResult *result, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    const json_t *value = find(result, path, args);
    va_end(args);
    return json_is_true(value);
}

guint
kyso_client_result_count(const KysoResult *result, const char *path, ...)
{
    va_list args;
    va_start(args, path);
    const json_t *value = find(result, path, args);
    va_end(args);
    return (guint) json_array_size(value);
}
