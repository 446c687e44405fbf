/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-doc.h"

#include "agent/core/evidence-keeping.h"
#include "agent/core/key-search.h"
#include "agent/core/proof.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

/* Documents read or prepared at the same time: two processes each. */
#define MAX_UNDER_WAY 4
#define MAX_DOCUMENTS 2000 /* of all requests: a private copy each */

/* Read the documents, some at a time, and find the key beside it -> judge and prepare each -> ask
 * (sign-doc-each.c); or fail -> record it. Each arrow is one callback; read downwards. */
static void key_found(GObject *source, GAsyncResult *result, gpointer user_data);
static void status_known(GObject *source, GAsyncResult *result, gpointer user_data);
static void failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);

void
kyso_sign_doc_free(KysoSigning *self)
{
    if (self->counts_documents)
        self->agent->signer->n_documents -= self->documents->len;
    g_clear_handle_id(&self->time_limit, g_source_remove);
    g_clear_pointer(&self->documents, g_ptr_array_unref);
    kyso_sign_request_free(self->request);
    g_object_unref(self->job);
    g_clear_pointer(&self->signing_time, g_date_time_unref);
    g_clear_error(&self->error);
    g_clear_error(&self->ended_by);
    g_clear_pointer(&self->credential, kyso_credential_unref);
    g_clear_pointer(&self->token, kyso_token_unref);
    g_clear_pointer(&self->certificate, kyso_certificate_unref);
    g_clear_pointer(&self->chain, g_ptr_array_unref);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_clear_object(&self->login);
    g_free(self);
}

gboolean
kyso_sign_doc_shows_each(const KysoSigning *self)
{
    const char *role = kyso_roles_get(self->agent->signer->roles, self->request->credential_id);

    if (!self->request->is_batch)
        return FALSE;
    switch (self->agent->configuration->batch_open) {
    case KYSO_BATCH_OPEN_ALL:
        return TRUE;
    case KYSO_BATCH_OPEN_PERSONAL:
        return g_strcmp0(role, "personal") == 0;
    default:
        return FALSE;
    }
}

static KysoSigningDocument *
document_at(const KysoSigning *self, guint index)
{
    return self->documents->pdata[index];
}

/* The first document in @state from @index on, or NULL. */
static KysoSigningDocument *
next_in(const KysoSigning *self, KysoDocumentState state, guint index)
{
    for (guint i = index; i < self->documents->len; i++)
        if (document_at(self, i)->state == state)
            return document_at(self, i);
    return NULL;
}

/* All that was begun has come to its end: one way or the other, once. */
static void
go_on_if_idle(KysoSigning *self)
{
    if (self->is_prepared || self->n_under_way > 0 || self->is_searching || self->is_checking)
        return;
    self->is_prepared = TRUE;
    if (self->error != NULL)
        kyso_sign_doc_fail(self, g_steal_pointer(&self->error));
    else
        kyso_sign_doc_each_ask(self);
}

static void
begin_more(KysoSigning *self)
{
    KysoSigningDocument *document;

    while (self->error == NULL && self->n_under_way < MAX_UNDER_WAY) {
        if (self->certificate != NULL &&
            (document = next_in(self, KYSO_DOCUMENT_PARKED, 0)) != NULL) {
            self->n_under_way++;
            kyso_sign_document_prepare(document);
        } else if ((document = next_in(self, KYSO_DOCUMENT_NEW, 0)) != NULL) {
            self->n_under_way++;
            kyso_sign_document_read(document);
        } else {
            return;
        }
    }
}

static void
stop_beginning(KysoSigning *self, KysoSigningDocument *culprit, GError *error)
{
    if (self->error != NULL) {
        g_error_free(error);
        return;
    }
    self->error = error;
    /* What a stop breaks off is no fault of that document. */
    self->culprit = kyso_job_is_stopped(self->job) ? NULL : culprit;
    kyso_key_search_stop(self->agent->signer, self->job);
}

/* Nobody shall look for a token for a document that no key could sign. */
static void
judge_without_key(KysoSigning *self, KysoSigningDocument *document)
{
    KysoVerdict verdict = kyso_policy_decide_without_key(&document->facts);

    if (verdict.decision == KYSO_DECISION_REFUSE)
        stop_beginning(self, document,
                       g_error_new(KYSO_ERROR, verdict.code, "refused by rule %s", verdict.rule));
}

/* No place to read in is kept while a person looks for the token. */
static void
waiting_has_begun(gpointer user_data)
{
    KysoSigning *self = user_data;
    KysoSigningDocument *document;

    if (self->error != NULL) {
        kyso_key_search_stop(self->agent->signer, self->job);
        return;
    }
    kyso_job_set_stage(self->job, "wait");
    self->is_waiting = TRUE;
    while ((document = next_in(self, KYSO_DOCUMENT_READ, 0)) != NULL) {
        kyso_sign_document_park(document);
        self->n_under_way--;
        judge_without_key(self, document);
    }
    begin_more(self);
}

static const KysoSigningKind *
kind_of(const KysoSignRequest *request)
{
    switch (request->format) {
    case KYSO_FORMAT_PDF:
        return &kyso_sign_doc_pdf;
    case KYSO_FORMAT_JSON:
        return &kyso_sign_doc_json;
    case KYSO_FORMAT_XML:
        return &kyso_sign_doc_xml;
    default:
        if (request->purpose == KYSO_PURPOSE_MESSAGE)
            return &kyso_sign_doc_message;
        return request->is_attached ? &kyso_sign_doc_attached : &kyso_sign_doc_detached;
    }
}

static void
start(KysoAgent *agent, KysoJob *job, KysoSignRequest *request)
{
    KysoSigning *self = g_new0(KysoSigning, 1);
    const char *purpose = kyso_policy_purpose_name(request->purpose);
    const KysoSignItem *first = request->items->pdata[0];

    self->agent = agent;
    self->job = g_object_ref(job);
    self->request = request;
    self->kind = kind_of(request);
    self->documents = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_sign_document_free);
    for (guint i = 0; i < request->items->len; i++)
        g_ptr_array_add(self->documents, kyso_sign_document_new(self, i));
    self->counts_documents = TRUE;
    agent->signer->n_documents += self->documents->len;

    kyso_job_describe(job, purpose, first->name);
    if (request->is_batch)
        kyso_job_set_documents(job, self->documents->len);
    self->is_searching = TRUE;
    begin_more(self);
    /* The job's own deadline cancels what is under way: two clocks for one moment would race. */
    KysoKeySearchSpec spec = {
        .credential_id = request->credential_id,
        .waits = request->wait_for_token,
        .purpose = purpose,
        .document = first->name,
        .n_documents = self->documents->len,
        .waiting_has_begun = waiting_has_begun,
        .user_data = self,
    };
    kyso_key_search_async(agent, job, &spec, key_found, self);
}

static gboolean
is_level_possible(const KysoAgent *agent, const KysoSignRequest *request, GError **error)
{
    const KysoConfiguration *configuration = agent->configuration;

    if (request->timestamp_later && !configuration->is_later_allowed) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_LATER_OFF,
                            "kyso.conf: [timestamp] later is false");
        return FALSE;
    }
    if (request->level >= KYSO_LEVEL_T && configuration->timestamp_urls == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
                            "kyso.conf names no timestamp service ([timestamp] urls)");
        return FALSE;
    }
    return TRUE;
}

/* No journal or evidence, no signature: known before anybody is asked for a PIN. */
static gboolean
can_record(KysoSigner *signer, GError **error)
{
    return kyso_signer_get_journal(signer, error) != NULL &&
           (!kyso_evidence_keeping_is_wanted(signer) ||
            kyso_signer_get_evidence(signer, error) != NULL);
}

void
kyso_sign_doc_start(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    KysoSignRequest *request = kyso_sign_request_read(job, &error);

    if (request != NULL && agent->signer->n_documents + request->items->len > MAX_DOCUMENTS)
        g_set_error(&error, KYSO_ERROR, KYSO_ERROR_QUEUE_FULL, "over %d documents", MAX_DOCUMENTS);
    if (error != NULL || !is_level_possible(agent, request, &error) ||
        kyso_agent_get_pool(agent, &error) == NULL || !can_record(agent->signer, &error)) {
        kyso_sign_request_free(request);
        kyso_job_fail(job, error);
        return;
    }
    start(agent, job, request);
}

void
kyso_sign_doc_document_read(KysoSigning *self, KysoSigningDocument *document, GError *error)
{
    if (error != NULL)
        stop_beginning(self, document, error);
    if (self->error == NULL && self->certificate != NULL) {
        kyso_sign_document_prepare(document);
        return;
    }
    if (self->error == NULL && !self->is_waiting)
        return; /* it goes on when the key is there */
    if (self->error == NULL)
        judge_without_key(self, document);
    kyso_sign_document_park(document);
    self->n_under_way--;
    begin_more(self);
    go_on_if_idle(self);
}

static void
prepare_all_read(KysoSigning *self)
{
    for (guint i = 0; i < self->documents->len; i++) {
        KysoSigningDocument *document = document_at(self, i);
        if (document->state != KYSO_DOCUMENT_READ)
            continue;
        if (self->error == NULL) {
            kyso_sign_document_prepare(document);
        } else {
            kyso_sign_document_park(document);
            self->n_under_way--;
        }
    }
}

/* Validity and path are known; the status is asked for beside the preparation of the documents, and
 * before anybody is asked for a PIN (Decree 68/2024 Art. 29). */
static void
check_status(KysoSigning *self)
{
    /* For the proofs of level LT; but who may sign offline has none to wait for. */
    gboolean needs_proofs =
        self->request->level >= KYSO_LEVEL_LT && !self->request->timestamp_later;
    gboolean is_wanted = self->agent->configuration->checks_revocation || needs_proofs;

    if (!is_wanted || self->certificate_code != 0)
        return;
    g_autoptr(GPtrArray) chains = g_ptr_array_new();
    g_ptr_array_add(chains, self->chain);
    self->is_checking = TRUE;
    kyso_proof_collect_async(self->agent->signer, chains, FALSE, kyso_job_cancellable(self->job),
                             status_known, self);
}

static void
status_known(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    self->is_checking = FALSE;
    self->proofs = kyso_proof_collect_finish(result, &error);
    if (self->proofs == NULL)
        stop_beginning(self, NULL, error);
    go_on_if_idle(self);
}

static void
key_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    KysoSigner *signer = self->agent->signer;
    GError *error = NULL;

    self->is_searching = self->is_waiting = FALSE;
    self->credential = kyso_key_search_finish(result, &self->token, &error);
    if (self->credential != NULL)
        self->certificate = kyso_certificate_new(self->credential->certificate, &error);
    if (self->certificate != NULL)
        self->scheme =
            kyso_signature_scheme_find(self->request->sign_algo, self->certificate, &error);
    if (self->scheme != NULL) {
        self->signing_time = kyso_clock_now();
        self->certificate_code =
            kyso_signer_check_certificate(signer, self->certificate, &self->chain, NULL);
        self->role = kyso_signer_get_role(signer, self->certificate);
    }
    if (error != NULL)
        stop_beginning(self, NULL, error);
    else
        check_status(self);
    prepare_all_read(self);
    begin_more(self);
    go_on_if_idle(self);
}

void
kyso_sign_doc_document_prepared(KysoSigning *self, KysoSigningDocument *document, GError *error)
{
    self->n_under_way--;
    if (error != NULL)
        stop_beginning(self, document, error);
    begin_more(self);
    go_on_if_idle(self);
}

static KysoRecord *
record_of_failure(const KysoSigning *self, const GError *error)
{
    KysoSigningDocument *document =
        self->culprit != NULL ? self->culprit : self->documents->pdata[0];

    if (self->request->is_batch && self->culprit == NULL)
        return kyso_sign_doc_result_to_record(self, error);
    KysoRecord *record = kyso_record_copy(document->record);
    if (self->certificate != NULL)
        kyso_attempt_set_certificate(record, self->certificate, self->role,
                                     self->credential->token_serial);
    kyso_attempt_set_failure(record, error);
    return record;
}

void
kyso_sign_doc_fail(KysoSigning *self, GError *error)
{
    g_clear_object(&self->login);
    self->error = kyso_job_explain(self->job, error);
    if (self->culprit != NULL)
        self->error = kyso_sign_request_explain(self->request, self->error, self->culprit->index);
    g_autoptr(KysoRecord) record = record_of_failure(self, self->error);
    kyso_journal_append_async(self->agent->signer->journal, record, failure_recorded, self);
}

static void
failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;

    kyso_sign_doc_finish_record(KYSO_JOURNAL(source), result);
    kyso_job_fail(self->job, g_steal_pointer(&self->error));
    kyso_sign_doc_free(self);
}

/* Nothing was signed, so nothing is held back; but the gap must not pass unseen. */
void
kyso_sign_doc_finish_record(KysoJournal *journal, GAsyncResult *result)
{
    g_autoptr(GError) error = NULL;

    if (!kyso_journal_append_finish(journal, result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
}
