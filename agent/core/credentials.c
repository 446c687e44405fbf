/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/credentials.h"

#include "agent/core/key-search.h"
#include "agent/core/token-list.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoRole wanted; /* UNKNOWN: any */
} Listing;

static void
listing_free(Listing *self)
{
    g_object_unref(self->job);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listing, listing_free)

static json_t *
chain_to_json(const KysoCertificate *certificate, const GPtrArray *chain)
{
    json_t *list = json_array();

    json_array_append_new(list, kyso_json_bytes(kyso_certificate_get_der(certificate)));
    for (guint i = 1; chain != NULL && i < chain->len; i++)
        json_array_append_new(list, kyso_json_bytes(kyso_certificate_get_der(chain->pdata[i])));
    return list;
}

/* credentials.info of @credential. */
static json_t *
describe(KysoSigner *signer, const KysoCredential *credential, const KysoToken *token,
         GError **error)
{
    g_autoptr(KysoCertificate) certificate = kyso_certificate_new(credential->certificate, error);
    if (certificate == NULL)
        return NULL;

    g_autoptr(GPtrArray) chain = NULL;
    int code = kyso_signer_check_certificate(signer, certificate, &chain, NULL);
    const char *name = kyso_roles_get_name(signer->roles, credential->id);
    g_autofree char *from = kyso_clock_to_rfc3339(kyso_certificate_get_not_before(certificate));
    g_autofree char *to = kyso_clock_to_rfc3339(kyso_certificate_get_not_after(certificate));

    return json_pack(
        "{s:s, s:s, s:s, s:s, s:{s:o, s:s, s:s, s:s, s:s, s:s}, s:{s:s, s:i}, s:o}", "credentialID",
        credential->id, "role", kyso_policy_role_name(kyso_signer_get_role(signer, certificate)),
        "name", name != NULL ? name : kyso_certificate_get_common_name(certificate), "status",
        code == 0 ? "valid" : kyso_error_info(code)->name, "cert", "certificates",
        chain_to_json(certificate, chain), "subjectDN", kyso_certificate_get_subject(certificate),
        "issuerDN", kyso_certificate_get_issuer(certificate), "serialNumber",
        kyso_certificate_get_serial(certificate), "validFrom", from, "validTo", to, "key", "algo",
        kyso_certificate_get_key_type(certificate), "len",
        (int) kyso_certificate_get_key_bits(certificate), "token", kyso_token_list_describe(token));
}

static void
add_credentials(const Listing *self, const KysoToken *token, json_t *ids, json_t *list)
{
    for (guint i = 0; i < token->credentials->len; i++) {
        g_autoptr(GError) error = NULL;
        const KysoCredential *credential = token->credentials->pdata[i];
        json_t *item = describe(self->agent->signer, credential, token, &error);
        if (item == NULL) {
            /* One unreadable certificate must not hide the others. */
            item = json_pack("{s:s, s:s, s:s}", "credentialID", credential->id, "role", "unknown",
                             "status", kyso_error_info(kyso_error_code(error))->name);
        }
        const char *role = json_string_value(json_object_get(item, "role"));
        if (self->wanted != KYSO_ROLE_UNKNOWN && kyso_policy_role_from_name(role) != self->wanted) {
            json_decref(item);
            continue;
        }
        json_array_append_new(ids, json_string(credential->id));
        json_array_append_new(list, item);
    }
}

static void
tokens_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Listing) self = user_data;
    GError *error = NULL;
    g_autoptr(GPtrArray) tokens = kyso_pool_list_finish(KYSO_POOL(source), result, NULL, &error);

    if (tokens == NULL) {
        kyso_job_fail(self->job, error);
        return;
    }
    json_t *ids = json_array(), *list = json_array();
    for (guint i = 0; i < tokens->len; i++)
        add_credentials(self, tokens->pdata[i], ids, list);
    kyso_job_return(self->job, json_pack("{s:o, s:o}", "credentialIDs", ids, "credentials", list));
    kyso_key_search_look_again(self->agent->signer);
}

void
kyso_credentials_list(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    const char *role = NULL;
    KysoPool *pool = kyso_agent_get_pool(agent, &error);

    if (pool == NULL ||
        !kyso_json_get_string(kyso_job_params(job), "role", KYSO_JSON_OPTIONAL, &role, &error)) {
        kyso_job_fail(job, error);
        return;
    }
    if (role != NULL && kyso_policy_role_from_name(role) == KYSO_ROLE_UNKNOWN) {
        kyso_job_fail(job, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                                               "\"role\" must be personal or agency"));
        return;
    }
    Listing *self = g_new0(Listing, 1);
    self->agent = agent;
    self->job = g_object_ref(job);
    self->wanted = kyso_policy_role_from_name(role);
    kyso_pool_list_async(pool, kyso_token_list_deadline_ms(agent, job), kyso_job_cancellable(job),
                         tokens_listed, self);
}

static void
credential_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Listing) self = user_data;
    GError *error = NULL;
    g_autoptr(KysoToken) token = NULL;
    g_autoptr(KysoCredential) credential =
        kyso_pool_find_finish(KYSO_POOL(source), result, &token, &error);
    json_t *item =
        credential != NULL ? describe(self->agent->signer, credential, token, &error) : NULL;

    if (item != NULL)
        kyso_job_return(self->job, item);
    else
        kyso_job_fail(self->job, error);
}

void
kyso_credentials_info(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    const char *id = NULL;
    KysoPool *pool = kyso_agent_get_pool(agent, &error);

    if (pool == NULL || !kyso_json_get_string(kyso_job_params(job), "credentialID",
                                              KYSO_JSON_REQUIRED, &id, &error)) {
        kyso_job_fail(job, error);
        return;
    }
    Listing *self = g_new0(Listing, 1);
    self->agent = agent;
    self->job = g_object_ref(job);
    kyso_pool_find_async(pool, id, agent->configuration->token_ms, kyso_job_cancellable(job),
                         credential_found, self);
}
