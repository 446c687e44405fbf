/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/methods.h"

#include <string.h>

#include "agent/core/confinement.h"
#include "agent/core/signer.h"
#include "agent/core/token-list.h"
#include "agent/core/token-watch.h"
#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"
#include "kyso-config.h"

#define PROTOCOL 1
#define QUICK_MS (30 * 1000)
#define PERSON_MS (300 * 1000)
#define LONGEST_MS (900 * 1000) /* a batch, or services that take minutes */
#define MAX_TIMEOUT_MS (3600 * 1000)

static void service_info(KysoAgent *agent, KysoJob *job);
static void requests_list(KysoAgent *agent, KysoJob *job);
static void requests_cancel(KysoAgent *agent, KysoJob *job);

#define PARAMS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static const KysoMethodEntry table[] = {
    {"service.info", service_info, QUICK_MS, FALSE, PARAMS()},
    {"tokens.list", kyso_token_list_start, QUICK_MS, FALSE, PARAMS()},
    {"tokens.watch", kyso_token_watch_start, QUICK_MS, FALSE, PARAMS("enabled")},
    {"credentials.list", NULL, QUICK_MS, FALSE, PARAMS("role")},
    {"credentials.info", NULL, QUICK_MS, FALSE, PARAMS("credentialID")},
    {"credentials.authorize", NULL, PERSON_MS, TRUE,
     PARAMS("credentialID", "numSignatures", "description", "wait_for_token")},
    {"signatures.signDoc", NULL, PERSON_MS, TRUE,
     PARAMS("credentialID", "purpose", "input", "output", "signature_format", "conformance_level",
            "signAlgo", "name", "metadata", "place", "image", "reserve", "fill", "certify", "text",
            "copy_kind", "seal_mm", "repair", "timestamp_later", "documents", "several",
            "wait_for_token", "signed_envelope_property", "password")},
    {"signatures.signHash", NULL, PERSON_MS, FALSE,
     PARAMS("credentialID", "hash", "hashAlgo", "signAlgo", "SAD", "wait_for_token")},
    {"signatures.augment", NULL, LONGEST_MS, TRUE,
     PARAMS("input", "signature", "output", "password", "conformance_level")},
    {"signatures.verify", NULL, PERSON_MS, FALSE,
     PARAMS("input", "signature", "content", "password", "keep_evidence")},
    {"evidence.list", NULL, QUICK_MS, FALSE, PARAMS("input", "digest", "before", "limit")},
    {"evidence.get", NULL, QUICK_MS, FALSE, PARAMS("evidenceID", "output")},
    {"evidence.delete", NULL, QUICK_MS, FALSE, PARAMS("input", "digest")},
    {"requests.list", requests_list, QUICK_MS, FALSE, PARAMS()},
    {"requests.cancel", requests_cancel, QUICK_MS, FALSE, PARAMS("requestID", "id")},
    {NULL},
};

static void
service_info(KysoAgent *agent, KysoJob *job)
{
    json_t *methods = json_array(), *levels = json_pack("[s]", "AdES-B-B");

    for (const KysoMethodEntry *entry = table; entry->name != NULL; entry++)
        json_array_append_new(methods, json_string(entry->name));
    if (agent->configuration->timestamp_urls != NULL) {
        json_array_append_new(levels, json_string("AdES-B-T"));
        json_array_append_new(levels, json_string("AdES-B-LT"));
        json_array_append_new(levels, json_string("AdES-B-LTA"));
    }
    kyso_job_return(job,
                    json_pack("{s:s, s:s, s:i, s:o, s:[s, s, s, s, s, s, s, s, s, s, s], s:[s, s, "
                              "s, s], s:o, s:{s:i, "
                              "s:i, s:i, s:i, "
                              "s:I}, s:b, s:o}",
                              "name", "kyso", "version", KYSO_VERSION, "protocol", PROTOCOL,
                              "methods", methods, "purposes", "approve", "initial", "issue",
                              "appendix", "copy", "receive", "comment", "file", "message", "json",
                              "xml", "signature_formats", "P", "C", "J", "X", "conformance_levels",
                              levels, "limits", "message", KYSO_CHANNEL_MAX_MESSAGE, "descriptors",
                              KYSO_CHANNEL_MAX_FDS, "connections", KYSO_MAX_CONNECTIONS, "requests",
                              KYSO_MAX_JOBS, "document", (json_int_t) G_MAXINT32, "hash_signing",
                              (int) agent->configuration->is_hash_signing_allowed, "confinement",
                              kyso_confinement_describe()));
}

static void
requests_list(KysoAgent *agent, KysoJob *job)
{
    kyso_job_return(job, json_pack("{s:o}", "requests", kyso_jobs_list(agent->jobs)));
}

static void
requests_cancel(KysoAgent *agent, KysoJob *job)
{
    const char *request_id = NULL;
    json_t *id = json_object_get(kyso_job_params(job), "id");
    GError *error = NULL;

    if (!kyso_json_get_string(kyso_job_params(job), "requestID", KYSO_JSON_OPTIONAL, &request_id,
                              &error)) {
        kyso_job_fail(job, error);
    } else if (id != NULL && !json_is_string(id) && !json_is_integer(id)) {
        kyso_job_fail(job, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                                               "\"id\" must be a string or an integer"));
    } else if ((request_id == NULL) == (id == NULL)) {
        kyso_job_fail(job, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                                               "either \"requestID\" or \"id\" is needed"));
    } else if (!kyso_jobs_cancel(agent->jobs, request_id, kyso_job_connection(job), id)) {
        kyso_job_fail(job, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_UNKNOWN_REQUEST,
                                               "no such request is under way"));
    } else {
        kyso_job_return(job, json_pack("{s:b}", "cancelled", 1));
    }
}

static gboolean
has_only_known_params(const KysoMethodEntry *entry, const json_t *params, GError **error)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *) params, name, value)
    {
        if (g_strcmp0(name, "timeout_ms") != 0 && !g_strv_contains(entry->params, name)) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                        "\"%s\" is no parameter of %s", name, entry->name);
            return FALSE;
        }
    }
    return TRUE;
}

static const KysoMethodEntry *
find_method(const char *name, GError **error)
{
    for (const KysoMethodEntry *entry = table; entry->name != NULL; entry++)
        if (g_strcmp0(entry->name, name) == 0)
            return entry;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_UNKNOWN_METHOD, "\"%s\" is no method", name);
    return NULL;
}

static gboolean
is_longest(const json_t *params)
{
    const char *level = json_string_value(json_object_get(params, "conformance_level"));

    return json_is_array(json_object_get(params, "documents")) ||
           (level != NULL && strcmp(level, "AdES-B-B") != 0);
}

/* The job, and the handler that shall do it. */
static KysoJob *
start_job(KysoAgent *agent, KysoConnection *connection, const KysoRequest *request,
          KysoMessage *message, KysoHandler *ret_handler, GError **error)
{
    const KysoMethodEntry *entry = find_method(request->method, error);
    gint64 timeout_ms;

    if (entry == NULL)
        return NULL;
    timeout_ms = entry->timeout_ms;
    if (is_longest(request->params))
        timeout_ms = LONGEST_MS;
    if (request->params != NULL &&
        (!has_only_known_params(entry, request->params, error) ||
         !kyso_json_get_int(request->params, "timeout_ms", KYSO_JSON_OPTIONAL, 1, MAX_TIMEOUT_MS,
                            &timeout_ms, error)))
        return NULL;

    *ret_handler = entry->handler;
    if (*ret_handler == NULL)
        *ret_handler = kyso_signer_find_handler(agent, entry->name, error);
    if (*ret_handler == NULL)
        return NULL;

    KysoJobSpec spec = {connection, request->id, entry->name, entry->is_signing,
                        (guint) timeout_ms};
    return kyso_jobs_start(agent->jobs, &spec, message, error);
}

void
kyso_methods_dispatch(KysoAgent *agent, KysoConnection *connection, KysoMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoJob) job = NULL;
    KysoRequest request;
    KysoHandler handler;

    gboolean is_request = kyso_rpc_read_request(message->body, &request, &error);
    if (is_request)
        job = start_job(agent, connection, &request, message, &handler, &error);
    if (job != NULL) {
        handler(agent, job);
        return;
    }
    if (is_request && request.id == NULL)
        return; /* a notification: nobody waits for an answer (JSON-RPC 2.0 §4.1) */
    g_autoptr(json_t) body = kyso_rpc_error(request.id, error);
    kyso_connection_send(connection, body, NULL, 0);
}
