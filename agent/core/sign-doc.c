/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-doc.h"

#include <string.h>

#include "agent/core/consent.h"
#include "agent/core/delivery.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

/* Read the document and find the key, at the same time -> judge -> prepare -> show and ask -> sign
 * -> complete and check -> record -> deliver. Each arrow is one callback; read downwards. */
static void credential_found(GObject *source, GAsyncResult *result, gpointer user_data);
static void consent_given(GObject *source, GAsyncResult *result, gpointer user_data);
static void digest_signed(GObject *source, GAsyncResult *result, gpointer user_data);
static void success_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_delivered(GObject *source, GAsyncResult *result, gpointer user_data);
static void failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);

static void
signing_free(KysoSigning *self)
{
    gboolean owns_result = self->copy == NULL;

    g_object_unref(self->job);
    kyso_sign_request_free(self->request);
    kyso_record_free(self->record);
    g_date_time_unref(self->signing_time);
    g_clear_error(&self->first_error);
    g_clear_error(&self->late_error);
    g_clear_pointer(&self->credential, kyso_credential_unref);
    g_clear_pointer(&self->token, kyso_token_unref);
    g_clear_pointer(&self->certificate, kyso_certificate_unref);
    g_clear_pointer(&self->chain, g_ptr_array_unref);
    g_clear_object(&self->login);
    g_clear_object(&self->reader);
    g_clear_object(&self->pages_reader);
    g_clear_pointer(&self->copy, kyso_private_copy_free);
    json_decref(self->inspection);
    g_free(self->field);
    g_clear_pointer(&self->increment, kyso_increment_free);
    g_clear_pointer(&self->content_digest, g_bytes_unref);
    g_clear_pointer(&self->builder, kyso_cades_builder_free);
    g_clear_pointer(&self->cms, g_bytes_unref);
    if (owns_result)
        g_clear_pointer(&self->result, kyso_temporary_free);
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_free(self);
}

char *
kyso_sign_doc_work_dir(const KysoSigning *self)
{
    if (self->request->output_path != NULL)
        return g_path_get_dirname(self->request->output_path);
    return g_strdup(self->agent->configuration->state_dir);
}

static void
start(KysoAgent *agent, KysoJob *job, KysoSignRequest *request, KysoPool *pool)
{
    KysoSigning *self = g_new0(KysoSigning, 1);
    const char *purpose = kyso_policy_purpose_name(request->purpose);

    self->agent = agent;
    self->job = g_object_ref(job);
    self->request = request;
    self->kind = request->is_pdf ? &kyso_sign_doc_pdf : &kyso_sign_doc_detached;
    self->record = kyso_attempt_new(job, purpose);
    self->record->metadata = kyso_json_format(request->metadata, NULL);
    self->signing_time = kyso_clock_now();
    self->facts.purpose = request->purpose;
    self->facts.secrecy = request->secrecy;
    self->facts.is_file_covered = TRUE;

    kyso_job_describe(job, purpose, request->name);
    kyso_job_set_stage(job, "read");
    self->n_waiting = 2;
    self->kind->read(self);
    /* The job's own deadline cancels what is under way: two clocks for one moment would race. */
    kyso_pool_find_async(pool, request->credential_id, agent->configuration->token_ms,
                         kyso_job_cancellable(job), credential_found, self);
}

void
kyso_sign_doc_start(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    KysoSignRequest *request = kyso_sign_request_read(job, &error);
    KysoPool *pool = request != NULL ? kyso_agent_get_pool(agent, &error) : NULL;

    /* No journal, no signature: known before anybody is asked for a PIN. */
    if (pool == NULL || kyso_signer_get_journal(agent->signer, &error) == NULL) {
        kyso_sign_request_free(request);
        kyso_job_fail(job, error);
        return;
    }
    start(agent, job, request, pool);
}

static void
credential_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    KysoSigner *signer = self->agent->signer;
    GError *error = NULL;

    self->credential = kyso_pool_find_finish(KYSO_POOL(source), result, &self->token, &error);
    if (self->credential != NULL)
        self->certificate = kyso_certificate_new(self->credential->certificate, &error);
    if (self->certificate != NULL)
        self->scheme =
            kyso_signature_scheme_find(self->request->sign_algo, self->certificate, &error);
    if (self->scheme != NULL) {
        self->facts.certificate_code =
            kyso_signer_check_certificate(signer, self->certificate, &self->chain, NULL);
        self->facts.role = kyso_signer_get_role(signer, self->certificate);
        self->facts.is_strong = TRUE; /* the schemes are those of Circular 15/2025, Annex I */
        kyso_attempt_set_certificate(self->record, self->certificate, self->facts.role,
                                     self->credential->token_serial);
    }
    kyso_sign_doc_part_done(self, error);
}

static void
judge(KysoSigning *self)
{
    KysoVerdict verdict = kyso_policy_decide(&self->facts);

    if (verdict.decision == KYSO_DECISION_REFUSE) {
        kyso_sign_doc_fail(
            self, g_error_new(KYSO_ERROR, verdict.code, "refused by rule %s", verdict.rule));
        return;
    }
    kyso_job_set_stage(self->job, "prepare");
    self->kind->prepare(self);
}

void
kyso_sign_doc_part_done(KysoSigning *self, GError *error)
{
    if (error != NULL && self->first_error == NULL)
        self->first_error = error;
    else
        g_clear_error(&error);
    if (--self->n_waiting > 0)
        return;
    if (self->first_error == NULL)
        self->first_error = g_steal_pointer(&self->late_error);
    if (self->first_error != NULL)
        kyso_sign_doc_fail(self, g_steal_pointer(&self->first_error));
    else
        judge(self);
}

static gboolean
start_builder(KysoSigning *self, GError **error)
{
    KysoCadesSpec spec = {
        .signer = self->certificate,
        .chain = self->chain,
        .algorithm = self->scheme->algorithm,
        .hash = self->scheme->hash,
        .content_digest = self->content_digest,
        .profile = self->kind->profile,
        .signing_time = self->signing_time,
    };
    self->builder = kyso_cades_builder_new(&spec, error);
    return self->builder != NULL;
}

void
kyso_sign_doc_ask(KysoSigning *self)
{
    GError *error = NULL;
    const json_t *metadata = self->request->metadata;
    const char *number = json_string_value(json_object_get(metadata, "CodeNumber"));
    const char *notation = json_string_value(json_object_get(metadata, "CodeNotation"));
    g_autofree char *code = number != NULL && notation != NULL
                                ? g_strconcat(number, "/", notation, NULL)
                                : g_strdup(number != NULL ? number : notation);

    if (!start_builder(self, &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    KysoAskDocument document = {
        .name = self->request->name,
        .subject = json_string_value(json_object_get(metadata, "Subject")),
        .number = code,
        .pages = (guint) json_integer_value(json_object_get(self->inspection, "page_count")),
        .digest = self->record->document_digest,
    };
    KysoConsentSpec spec = {
        .credential = self->credential,
        .token = self->token,
        .certificate = self->certificate,
        .is_agency = self->facts.role == KYSO_ROLE_AGENCY,
        .purpose = kyso_policy_purpose_name(self->request->purpose),
        .documents = &document,
        .n_documents = 1,
    };
    kyso_job_set_stage(self->job, "show");
    kyso_consent_ask_async(self->agent, self->job, &spec, consent_given, self);
}

static void
consent_given(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    self->login = kyso_consent_ask_finish(result, &error);
    if (self->login == NULL) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "sign");
    kyso_pool_sign_async(self->login, self->scheme->token_algorithm, self->scheme->hash,
                         kyso_cades_builder_get_digest(self->builder),
                         self->agent->configuration->token_ms, kyso_job_cancellable(self->job),
                         digest_signed, self);
}

static void
digest_signed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autoptr(GBytes) signature = kyso_pool_sign_finish(self->login, result, &error);

    g_clear_object(&self->login); /* the token is locked again before anything else happens */
    if (signature != NULL)
        self->cms = kyso_cades_builder_finish(self->builder, signature, &error);
    if (self->cms == NULL) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    kyso_file_hash_add_bytes(hash, g_bytes_get_data(signature, NULL), g_bytes_get_size(signature));
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    self->record->signature_digest = kyso_file_hash_to_hex(digest);

    kyso_job_set_stage(self->job, "check");
    self->kind->complete(self);
}

gboolean
kyso_sign_doc_check_report(const KysoSigning *self, const KysoDocumentReport *report,
                           GError **error)
{
    guint n = report->signatures->len;
    const KysoDocumentSignature *ours = n > 0 ? report->signatures->pdata[n - 1] : NULL;
    const char *id = kyso_certificate_get_id(self->certificate);

    gboolean is_good = ours != NULL && ours->verdict == KYSO_VALID && ours->covers_whole_document &&
                       n == self->facts.n_earlier + 1 &&
                       strcmp(kyso_certificate_get_id(ours->report->signer), id) == 0;
    for (guint i = 0; i + 1 < n; i++) {
        const KysoDocumentSignature *earlier = report->signatures->pdata[i];
        is_good = is_good && earlier->verdict != KYSO_INVALID;
    }
    if (!is_good)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID,
                            "our own result does not verify");
    return is_good;
}

void
kyso_sign_doc_record(KysoSigning *self)
{
    KysoJournal *journal = self->agent->signer->journal;
    GError *error = NULL;

    if (!kyso_job_commit(self->job, &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "record");
    self->record->outcome = KYSO_OUTCOME_SIGNED;
    kyso_journal_append_async(journal, self->record, success_recorded, self);
}

static void
success_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, &self->record->sequence,
                                    &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "deliver");
    KysoDeliverySpec spec = {self->result, self->result_size, self->request->output_path,
                             self->request->output};
    kyso_delivery_start_async(&spec, result_delivered, self);
}

static void
result_delivered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    const KysoRecord *record = self->record;
    GError *error = NULL;

    if (!kyso_delivery_start_finish(result, &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    guint last = self->report->signatures->len - 1;
    g_autofree char *time = kyso_clock_to_rfc3339(self->signing_time);
    kyso_job_return(
        self->job,
        json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:s?, s:o}", "requestID",
                  kyso_job_request_id(self->job), "journal", (json_int_t) record->sequence,
                  "credentialID", self->credential->id, "purpose", record->purpose, "signed_at",
                  time, "input_digest", record->document_digest, "output_digest",
                  record->result_digest, "output_size", (json_int_t) self->result_size, "field",
                  self->field, "signature",
                  kyso_document_signature_to_json(self->report->signatures->pdata[last])));
    signing_free(self);
}

void
kyso_sign_doc_fail(KysoSigning *self, GError *error)
{
    self->first_error = kyso_job_explain(self->job, error);
    g_clear_object(&self->login);
    kyso_attempt_set_failure(self->record, self->first_error);
    kyso_journal_append_async(self->agent->signer->journal, self->record, failure_recorded, self);
}

static void
failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    g_autoptr(GError) error = NULL;

    /* Nothing was signed, so nothing is held back; but the gap must not pass unseen. */
    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
    kyso_job_fail(self->job, g_steal_pointer(&self->first_error));
    signing_free(self);
}
