/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/token-list.h"

#include "ipc/wire/rpc.h"

json_t *
kyso_token_list_describe(const KysoToken *token)
{
    return json_pack("{s:s, s:s, s:b, s:b, s:b}", "label", token->label, "serial", token->serial,
                     "pin_count_low", (token->flags & KYSO_TOKEN_PIN_COUNT_LOW) != 0,
                     "pin_final_try", (token->flags & KYSO_TOKEN_PIN_FINAL_TRY) != 0, "pin_locked",
                     (token->flags & KYSO_TOKEN_PIN_LOCKED) != 0);
}

guint
kyso_token_list_deadline_ms(KysoAgent *agent, KysoJob *job)
{
    return MIN(agent->configuration->token_ms, MAX(kyso_job_remaining_ms(job) / 2, 1));
}

static json_t *
token_to_json(const KysoToken *token)
{
    json_t *result = kyso_token_list_describe(token);
    json_t *credentials = json_array();

    for (guint i = 0; i < token->credentials->len; i++) {
        const KysoCredential *credential = token->credentials->pdata[i];
        json_array_append_new(credentials, json_string(credential->id));
    }
    g_autoptr(json_t) rest =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:o}", "manufacturer", token->manufacturer,
                  "model", token->model, "reader", token->reader, "module", token->module_path,
                  "initialized", (token->flags & KYSO_TOKEN_INITIALIZED) != 0, "protected_path",
                  (token->flags & KYSO_TOKEN_PROTECTED_PATH) != 0, "credentials", credentials);
    json_object_update(result, rest);
    return result;
}

static json_t *
fault_to_json(const KysoModuleFault *fault)
{
    g_autoptr(json_t) body = kyso_rpc_error(NULL, fault->error);
    json_t *data = json_object_get(json_object_get(body, "error"), "data");
    return json_pack("{s:s, s:O}", "module", fault->path, "error", data);
}

static void
tokens_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoJob) job = user_data;
    g_autoptr(GPtrArray) faults = NULL;
    GError *error = NULL;
    g_autoptr(GPtrArray) tokens = kyso_pool_list_finish(KYSO_POOL(source), result, &faults, &error);

    if (tokens == NULL) {
        kyso_job_fail(job, error);
        return;
    }
    json_t *token_list = json_array(), *fault_list = json_array();
    for (guint i = 0; i < tokens->len; i++)
        json_array_append_new(token_list, token_to_json(tokens->pdata[i]));
    for (guint i = 0; i < faults->len; i++)
        json_array_append_new(fault_list, fault_to_json(faults->pdata[i]));
    kyso_job_return(job, json_pack("{s:o, s:o}", "tokens", token_list, "faults", fault_list));
}

void
kyso_token_list_start(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    KysoPool *pool = kyso_agent_get_pool(agent, &error);

    if (pool == NULL) {
        kyso_job_fail(job, error);
        return;
    }
    kyso_pool_list_async(pool, kyso_token_list_deadline_ms(agent, job), kyso_job_cancellable(job),
                         tokens_listed, g_object_ref(job));
}
