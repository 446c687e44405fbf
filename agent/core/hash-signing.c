/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/hash-signing.h"

#include <string.h>

#include "agent/core/attempt.h"
#include "agent/core/authorization.h"
#include "agent/core/consent.h"
#include "agent/core/hash-request.h"
#include "agent/core/key-search.h"
#include "agent/core/signature-scheme.h"
#include "ipc/base/error.h"

/* With an SAD: sign all -> record. Without, and for an authorization: find the key -> judge and
 * ask -> (sign all -> record, or keep the login -> record). */
static void credential_found(GObject *source, GAsyncResult *result, gpointer user_data);
static void consent_given(GObject *source, GAsyncResult *result, gpointer user_data);
static void digest_signed(GObject *source, GAsyncResult *result, gpointer user_data);
static void success_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoHashRequest *request;
    KysoRecord *record;
    KysoCredential *credential;
    KysoCertificate *certificate;
    KysoRole role;
    const KysoSignatureScheme *scheme;
    KysoLogin *login;
    GPtrArray *signatures; /* GBytes, in the order of the request; NULL while under way */
    guint n_pending;
    GError *error; /* the first one */
} HashSigning;

/* One signature on its way: which of the list it is. */
typedef struct {
    HashSigning *signing;
    guint index;
} Part;

static void
bytes_unref_or_null(gpointer bytes)
{
    if (bytes != NULL)
        g_bytes_unref(bytes);
}

static void
hash_signing_free(HashSigning *self)
{
    g_object_unref(self->job);
    kyso_hash_request_free(self->request);
    kyso_record_free(self->record);
    g_clear_pointer(&self->credential, kyso_credential_unref);
    g_clear_pointer(&self->certificate, kyso_certificate_unref);
    g_clear_object(&self->login);
    g_clear_pointer(&self->signatures, g_ptr_array_unref);
    g_clear_error(&self->error);
    g_free(self);
}

static void
fail(HashSigning *self, GError *error)
{
    self->error = kyso_job_explain(self->job, error);
    g_clear_object(&self->login);
    kyso_attempt_set_failure(self->record, self->error);
    kyso_journal_append_async(self->agent->signer->journal, self->record, failure_recorded, self);
}

static void
failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    HashSigning *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
    kyso_job_fail(self->job, g_steal_pointer(&self->error));
    hash_signing_free(self);
}

static void
sign_all(HashSigning *self)
{
    guint n = self->request->digests->len;

    kyso_job_set_stage(self->job, "sign");
    self->signatures = g_ptr_array_new_full(n, bytes_unref_or_null);
    g_ptr_array_set_size(self->signatures, (int) n);
    self->n_pending = n;
    for (guint i = 0; i < n; i++) {
        Part *part = g_new(Part, 1);
        *part = (Part){self, i};
        kyso_pool_sign_async(self->login, self->scheme->token_algorithm, self->request->hash,
                             self->request->digests->pdata[i], self->agent->configuration->token_ms,
                             kyso_job_cancellable(self->job), digest_signed, part);
    }
}

static void
digest_signed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Part *part = user_data;
    HashSigning *self = part->signing;
    g_autoptr(GError) error = NULL;
    GBytes *signature = kyso_pool_sign_finish(self->login, result, &error);

    self->signatures->pdata[part->index] = signature;
    if (signature == NULL && self->error == NULL)
        self->error = g_steal_pointer(&error);
    if (--self->n_pending > 0)
        return;
    if (self->error == NULL && !kyso_job_commit(self->job, TRUE, &error))
        self->error = g_steal_pointer(&error);
    if (self->error != NULL) {
        fail(self, g_steal_pointer(&self->error));
        return;
    }
    kyso_hash_request_describe_result(self->request, self->signatures, self->record);
    self->record->outcome = KYSO_OUTCOME_SIGNED;
    kyso_journal_append_async(self->agent->signer->journal, self->record, success_recorded, self);
}

static json_t *
signatures_to_json(const GPtrArray *signatures)
{
    json_t *list = json_array();
    for (guint i = 0; i < signatures->len; i++)
        json_array_append_new(list, kyso_json_bytes(signatures->pdata[i]));
    return list;
}

static json_t *
keep_login(HashSigning *self)
{
    KysoAuthorizationSpec spec = {
        .login = self->login,
        .certificate = self->certificate,
        .role = self->role,
        .connection = kyso_job_connection(self->job),
        .n_signatures = self->request->n_signatures,
        .seconds = self->agent->configuration->hash_session_seconds,
    };
    const char *sad = kyso_authorization_add(self->agent->signer->authorizations, &spec);
    return json_pack("{s:s, s:i}", "SAD", sad, "expiresIn", (int) spec.seconds);
}

static void
success_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    HashSigning *self = user_data;
    GError *error = NULL;
    gint64 sequence = 0;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, &sequence, &error)) {
        fail(self, error);
        return;
    }
    if (self->signatures != NULL)
        kyso_job_return(self->job,
                        json_pack("{s:o, s:I}", "signatures", signatures_to_json(self->signatures),
                                  "journal", (json_int_t) sequence));
    else if (kyso_job_connection(self->job) != NULL)
        kyso_job_return(self->job, keep_login(self));
    else /* nobody to use it: the token is locked again, and the job is over */
        kyso_job_fail(self->job, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_CLIENT_GONE,
                                                     "the client has gone"));
    hash_signing_free(self);
}

static void
consent_given(GObject *source, GAsyncResult *result, gpointer user_data)
{
    HashSigning *self = user_data;
    GError *error = NULL;

    self->login = kyso_consent_ask_finish(result, NULL, &error);
    if (self->login == NULL ||
        (self->request->digests == NULL && !kyso_job_commit(self->job, TRUE, &error))) {
        fail(self, error);
    } else if (self->request->digests != NULL) {
        sign_all(self);
    } else {
        self->record->outcome = KYSO_OUTCOME_AUTHORIZED;
        self->record->detail =
            g_strdup_printf("%" G_GINT64_FORMAT " signatures", self->request->n_signatures);
        kyso_journal_append_async(self->agent->signer->journal, self->record, success_recorded,
                                  self);
    }
}

static gboolean
judge(HashSigning *self, int certificate_code, GError **error)
{
    KysoFacts facts = {
        .purpose = KYSO_PURPOSE_HASH,
        .role = self->role,
        .certificate_code = certificate_code,
        .is_strong = TRUE,
        .is_file_covered = TRUE,
        .is_hash_signing_allowed = self->agent->configuration->is_hash_signing_allowed,
    };
    KysoVerdict verdict = kyso_policy_decide(&facts);

    if (verdict.decision != KYSO_DECISION_REFUSE)
        return TRUE;
    g_set_error(error, KYSO_ERROR, verdict.code, "refused by rule %s", verdict.rule);
    return FALSE;
}

static void
credential_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    HashSigning *self = user_data;
    KysoSigner *signer = self->agent->signer;
    g_autoptr(KysoToken) token = NULL;
    GError *error = NULL;

    self->credential = kyso_key_search_finish(result, &token, &error);
    if (self->credential != NULL)
        self->certificate = kyso_certificate_new(self->credential->certificate, &error);
    if (self->certificate != NULL) {
        self->role = kyso_signer_get_role(signer, self->certificate);
        kyso_attempt_set_certificate(self->record, self->certificate, self->role,
                                     self->credential->token_serial);
        self->scheme =
            kyso_signature_scheme_find(self->request->sign_algo, self->certificate, &error);
    }
    int code = self->scheme != NULL
                   ? kyso_signer_check_certificate(signer, self->certificate, NULL, NULL)
                   : 0;
    if (self->scheme == NULL || !judge(self, code, &error)) {
        fail(self, error);
        return;
    }
    KysoAskDocument document = {.name = self->request->description,
                                .digest = self->record->document_digest};
    KysoConsentSpec spec = {
        .credential = self->credential,
        .token = token,
        .certificate = self->certificate,
        .is_agency = self->role == KYSO_ROLE_AGENCY,
        .purpose = "hash",
        .documents = &document,
        .n_documents = 1,
    };
    kyso_job_set_stage(self->job, "show");
    kyso_consent_ask_async(self->agent, self->job, &spec, consent_given, self);
}

/* The key that an earlier consent has opened. */
static gboolean
use_authorization(HashSigning *self, GError **error)
{
    KysoAuthorization *authorization =
        kyso_authorization_spend(self->agent->signer->authorizations, self->request->sad,
                                 kyso_job_connection(self->job), self->request, error);

    if (authorization == NULL)
        return FALSE;
    self->certificate = kyso_certificate_ref(authorization->certificate);
    self->login = g_object_ref(authorization->login);
    self->role = authorization->role;
    kyso_authorization_end_if_used_up(authorization);
    self->scheme = kyso_signature_scheme_find(self->request->sign_algo, self->certificate, error);
    kyso_attempt_set_certificate(self->record, self->certificate, self->role,
                                 kyso_login_get_credential(self->login)->token_serial);
    return self->scheme != NULL;
}

static void
waiting_has_begun(gpointer user_data)
{
    HashSigning *self = user_data;

    kyso_job_set_stage(self->job, "wait");
}

static void
start(KysoAgent *agent, KysoJob *job, KysoHashRequest *request)
{
    HashSigning *self = g_new0(HashSigning, 1);
    GError *error = NULL;

    self->agent = agent;
    self->job = g_object_ref(job);
    self->request = request;
    self->record = kyso_attempt_new(job, "hash");
    kyso_hash_request_describe(request, self->record);
    kyso_job_describe(job, "hash", request->description);

    /* Switched off is said before any token is looked for. */
    if (!agent->configuration->is_hash_signing_allowed) {
        fail(self, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_HASH_SIGNING_OFF,
                                       "[sign] hash is not true"));
        return;
    }
    if (request->sad != NULL) {
        if (use_authorization(self, &error))
            sign_all(self);
        else
            fail(self, error);
        return;
    }
    KysoKeySearchSpec spec = {
        .credential_id = request->credential_id,
        .waits = request->wait_for_token,
        .purpose = "hash",
        .document = request->description,
        .n_documents = 1,
        .waiting_has_begun = waiting_has_begun,
        .user_data = self,
    };
    kyso_key_search_async(agent, job, &spec, credential_found, self);
}

static void
read_and_start(KysoAgent *agent, KysoJob *job,
               KysoHashRequest *(*read)(const json_t *params, GError **error))
{
    GError *error = NULL;
    KysoHashRequest *request = read(kyso_job_params(job), &error);

    if (request == NULL || kyso_signer_get_journal(agent->signer, &error) == NULL) {
        kyso_hash_request_free(request);
        kyso_job_fail(job, error);
        return;
    }
    start(agent, job, request);
}

void
kyso_hash_signing_authorize(KysoAgent *agent, KysoJob *job)
{
    read_and_start(agent, job, kyso_hash_request_read_authorize);
}

void
kyso_hash_signing_sign_hash(KysoAgent *agent, KysoJob *job)
{
    read_and_start(agent, job, kyso_hash_request_read_sign);
}
