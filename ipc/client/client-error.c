/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include <string.h>

#include "ipc/base/error.h"
#include "ipc/client/client-private.h"
#include "ipc/wire/rpc.h"

GQuark
kyso_client_error_quark(void)
{
    return KYSO_ERROR;
}

GError *
kyso_client_error_read(const json_t *body)
{
    json_t *data = json_object_get(json_object_get(body, "error"), "data");
    g_autoptr(GError) known = kyso_rpc_read_error(body);

    if (known == NULL && json_object_get(body, "result") == NULL)
        return g_error_new(KYSO_ERROR, KYSO_ERROR_INTERNAL, "neither result nor error");
    if (known == NULL || !json_is_object(data))
        return g_steal_pointer(&known);
    g_autofree char *text = kyso_json_format(data, NULL);
    return kyso_error_new_with_details(known->code, text, "%s", known->message);
}

/* The `data` of @error: the agent's own words where it came from there, else our table's. */
static json_t *
data_of(const GError *error)
{
    const char *details = kyso_error_details(error);
    json_t *data = details != NULL ? json_loads(details, 0, NULL) : NULL;

    if (json_is_string(json_object_get(data, "code")))
        return data;
    json_decref(data);
    g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
    return json_incref(json_object_get(json_object_get(body, "error"), "data"));
}

/* The text of member @name (and @inner in it), made static: there are as many as codes. */
static const char *
text_of(const GError *error, const char *name, const char *inner)
{
    g_autoptr(json_t) data = data_of(error);
    json_t *value = json_object_get(data, name);

    if (inner != NULL)
        value = json_object_get(value, inner);
    const char *text = json_string_value(value);
    return g_intern_string(text != NULL ? text : "");
}

const char *
kyso_client_error_name(const GError *error)
{
    g_return_val_if_fail(error != NULL, NULL);
    return text_of(error, "code", NULL);
}

const char *
kyso_client_error_layer(const GError *error)
{
    g_return_val_if_fail(error != NULL, NULL);
    return text_of(error, "layer", NULL);
}

static const char *
language(const char *lang)
{
    return g_strcmp0(lang, "en") == 0 ? "en" : "vi";
}

const char *
kyso_client_error_cause(const GError *error, const char *lang)
{
    g_return_val_if_fail(error != NULL, NULL);
    return text_of(error, "cause", language(lang));
}

const char *
kyso_client_error_next(const GError *error, const char *lang)
{
    g_return_val_if_fail(error != NULL, NULL);
    return text_of(error, "next", language(lang));
}

KysoResult *
kyso_client_error_data(const GError *error)
{
    g_return_val_if_fail(error != NULL, NULL);
    return kyso_client_result_new(data_of(error));
}
