/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/json-data.h"

#include "ipc/base/error.h"
#include "ipc/wire/json.h"

/* Every value but the first stands behind one of these; inside strings they count too, which can
 * only make the bound stricter. */
gboolean
kyso_json_data_is_within(const char *text, gsize size, gsize max)
{
    gsize n = 1;

    for (gsize i = 0; i < size; i++)
        if (text[i] == '[' || text[i] == '{' || text[i] == ',' || text[i] == ':')
            n++;
    return n <= max;
}

gboolean
kyso_json_data_check(GBytes *data, GError **error)
{
    gsize size = 0;
    const char *text = g_bytes_get_data(data, &size);
    g_autoptr(GError) fault = NULL;

    if (!kyso_json_data_is_within(text, size, KYSO_JSON_DATA_MAX_VALUES)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DATA_TOO_LARGE, "over %d JSON values",
                    KYSO_JSON_DATA_MAX_VALUES);
        return FALSE;
    }
    g_autoptr(json_t) value = size > 0 ? kyso_json_parse(text, size, &fault) : NULL;
    if (value == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DATA_NOT_JSON, "%s",
                    fault != NULL ? fault->message : "empty");
    return value != NULL;
}
