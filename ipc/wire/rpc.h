/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * JSON-RPC 2.0 envelopes (jsonrpc.org/specification): values in, values out, no socket. Batches
 * are refused; ids are strings or integers.
 */

#include "ipc/wire/json.h"

typedef struct {
    json_t *id;         /* borrowed; NULL: a notification */
    const char *method; /* borrowed */
    json_t *params;     /* borrowed; an object, or NULL */
} KysoRequest;

/* Reads @body as a request. KYSO_ERROR_NOT_A_REQUEST; *ret->id is set where one could be read. */
gboolean kyso_rpc_read_request(const json_t *body, KysoRequest *ret, GError **error);

/* New envelopes. @id is borrowed (NULL becomes null), @result and @params are taken. */
json_t *kyso_rpc_request(gint64 id, const char *method, json_t *params);
json_t *kyso_rpc_notification(const char *method, json_t *params);
json_t *kyso_rpc_result(const json_t *id, json_t *result);

/* {"code": number, "message": English, "data": {"code": name, "layer", "detail": error->message,
 * "cause": {"vi","en"}, "next": {"vi","en"}, ...}}: the members of kyso_error_details(@error) are
 * merged into data. The number is JSON-RPC's own where it has one (-32700, -32600, -32601, -32602),
 * else that of KysoErrorCode. */
json_t *kyso_rpc_error(const json_t *id, const GError *error);

/* The error object of a response as a GError with the same code, detail and details. NULL where
 * @body is no error response. */
GError *kyso_rpc_read_error(const json_t *body);
