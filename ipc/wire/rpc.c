/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/rpc.h"

#include "ipc/base/error.h"

static gboolean
not_a_request(const char *what, GError **error)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_A_REQUEST, what);
    return FALSE;
}

gboolean
kyso_rpc_read_request(const json_t *body, KysoRequest *ret, GError **error)
{
    static const char *const members[] = {"jsonrpc", "id", "method", "params", NULL};
    json_t *id = json_object_get(body, "id");
    json_t *method = json_object_get(body, "method");
    json_t *params = json_object_get(body, "params");

    *ret = (KysoRequest){0};
    if (id != NULL && !json_is_string(id) && !json_is_integer(id))
        return not_a_request("\"id\" must be a string or an integer", error);
    ret->id = id;
    if (g_strcmp0(json_string_value(json_object_get(body, "jsonrpc")), "2.0") != 0)
        return not_a_request("\"jsonrpc\" must be \"2.0\"", error);
    if (!json_is_string(method))
        return not_a_request("\"method\" must be a string", error);
    if (params != NULL && !json_is_object(params))
        return not_a_request("\"params\" must be an object", error);
    if (!kyso_json_only_has(body, members, NULL))
        return not_a_request("a member that JSON-RPC does not have", error);

    ret->method = json_string_value(method);
    ret->params = params;
    return TRUE;
}

json_t *
kyso_rpc_request(gint64 id, const char *method, json_t *params)
{
    return json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t) id, "method",
                     method, "params", params != NULL ? params : json_object());
}

json_t *
kyso_rpc_notification(const char *method, json_t *params)
{
    return json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", method, "params",
                     params != NULL ? params : json_object());
}

json_t *
kyso_rpc_result(const json_t *id, json_t *result)
{
    return json_pack("{s:s, s:O?, s:o}", "jsonrpc", "2.0", "id", id, "result", result);
}

static int
number_of(const KysoErrorInfo *info)
{
    switch (info->code) {
    case KYSO_ERROR_NOT_JSON:
    case KYSO_ERROR_NOT_UTF8:
    case KYSO_ERROR_NESTED_TOO_DEEP:
        return -32700;
    case KYSO_ERROR_NOT_A_REQUEST:
        return -32600;
    case KYSO_ERROR_UNKNOWN_METHOD:
        return -32601;
    case KYSO_ERROR_WRONG_PARAMETERS:
        return -32602;
    default:
        return info->code;
    }
}

json_t *
kyso_rpc_error(const json_t *id, const GError *error)
{
    const KysoErrorInfo *info = kyso_error_info(kyso_error_code(error));
    const char *details = kyso_error_details(error);
    /* What a library or a peer wrote into the message need not be UTF-8. */
    g_autofree char *detail = g_utf8_make_valid(error->message, -1);
    json_t *data =
        json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s}}", "code", info->name, "layer",
                  info->layer, "detail", detail, "cause", "vi", info->cause_vi, "en",
                  info->cause_en, "next", "vi", info->next_vi, "en", info->next_en);

    if (details != NULL) {
        g_autoptr(json_t) extra = json_loads(details, 0, NULL);
        json_object_update_missing(data, extra);
    }
    return json_pack("{s:s, s:O?, s:{s:i, s:s, s:o}}", "jsonrpc", "2.0", "id", id, "error", "code",
                     number_of(info), "message", info->cause_en, "data", data);
}

/* The members of @data that every error has. */
static gboolean
is_common_member(const char *name)
{
    static const char *const common[] = {"code", "layer", "detail", "cause", "next", NULL};
    return g_strv_contains(common, name);
}

GError *
kyso_rpc_read_error(const json_t *body)
{
    json_t *fault = json_object_get(body, "error");
    json_t *data = json_object_get(fault, "data");
    const char *name, *detail = json_string_value(json_object_get(data, "detail"));
    json_t *value;

    if (!json_is_object(fault))
        return NULL;
    if (detail == NULL)
        detail = json_string_value(json_object_get(fault, "message"));
    int code = kyso_error_from_name(json_string_value(json_object_get(data, "code")));
    if (code == 0)
        code = KYSO_ERROR_INTERNAL;

    g_autoptr(json_t) extra = json_object();
    json_object_foreach(data, name, value) if (!is_common_member(name))
        json_object_set(extra, name, value);
    g_autofree char *details = json_object_size(extra) > 0 ? kyso_json_format(extra, NULL) : NULL;
    return kyso_error_new_with_details(code, details, "%s", detail != NULL ? detail : "");
}
