/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-doc.h"

#include <string.h>

#include "agent/core/consent.h"
#include "agent/core/key-search.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

/* Documents read or prepared at the same time: two processes each. */
#define MAX_UNDER_WAY 4
#define MAX_DOCUMENTS 2000 /* of all requests: a private copy each */

/* Read the documents, some at a time, and find the key beside it -> judge and prepare each -> show
 * and ask -> for one document after the other: sign it, and have it checked, recorded, handed over
 * -> answer. Each arrow is one callback; read downwards. */
static void key_found(GObject *source, GAsyncResult *result, gpointer user_data);
static void consent_given(GObject *source, GAsyncResult *result, gpointer user_data);
static void further_pin_typed(GObject *source, GAsyncResult *result, gpointer user_data);
static void digest_signed(GObject *source, GAsyncResult *result, gpointer user_data);
static void rest_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void fail(KysoSigning *self, GError *error);
static void sign_next(KysoSigning *self);

static void
signing_free(KysoSigning *self)
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

/* The journal has one record of what began and was not to be. */
static void
end_early_if_idle(KysoSigning *self)
{
    if (self->error == NULL || self->n_under_way > 0 || self->is_searching)
        return;
    fail(self, g_steal_pointer(&self->error));
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
    self->culprit = culprit;
    kyso_key_search_stop(self->agent->signer, self->job);
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
    }
    begin_more(self);
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
    self->kind = request->is_pdf ? &kyso_sign_doc_pdf : &kyso_sign_doc_detached;
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

void
kyso_sign_doc_start(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    KysoSignRequest *request = kyso_sign_request_read(job, &error);

    if (request != NULL && agent->signer->n_documents + request->items->len > MAX_DOCUMENTS)
        g_set_error(&error, KYSO_ERROR, KYSO_ERROR_QUEUE_FULL, "over %d documents", MAX_DOCUMENTS);
    /* No journal, no signature: known before anybody is asked for a PIN. */
    if (error != NULL || kyso_agent_get_pool(agent, &error) == NULL ||
        kyso_signer_get_journal(agent->signer, &error) == NULL) {
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
    kyso_sign_document_park(document);
    self->n_under_way--;
    begin_more(self);
    end_early_if_idle(self);
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
    prepare_all_read(self);
    begin_more(self);
    end_early_if_idle(self);
}

static void
describe(const KysoSigningDocument *document, KysoAskDocument *ret)
{
    const json_t *metadata = document->item->metadata;
    const char *number = json_string_value(json_object_get(metadata, "CodeNumber"));
    const char *notation = json_string_value(json_object_get(metadata, "CodeNotation"));

    *ret = (KysoAskDocument){
        .name = document->item->name,
        .subject = json_string_value(json_object_get(metadata, "Subject")),
        .number = number,
        .notation = notation,
        .pages = document->n_pages,
        .digest = document->record->document_digest,
        .text = document->text,
    };
}

static KysoConsentSpec
describe_consent(const KysoSigning *self, const KysoAskDocument *documents, guint n_documents)
{
    return (KysoConsentSpec){
        .credential = self->credential,
        .token = self->token,
        .certificate = self->certificate,
        .is_agency = self->role == KYSO_ROLE_AGENCY,
        .purpose = kyso_policy_purpose_name(self->request->purpose),
        .documents = documents,
        .n_documents = n_documents,
        .shows_each = kyso_sign_doc_shows_each(self),
    };
}

static void
ask(KysoSigning *self)
{
    g_autofree KysoAskDocument *documents = g_new0(KysoAskDocument, self->documents->len);

    for (guint i = 0; i < self->documents->len; i++)
        describe(document_at(self, i), &documents[i]);
    if (self->kind->warm != NULL)
        self->kind->warm(document_at(self, 0));
    kyso_job_set_stage(self->job, "show");
    KysoConsentSpec spec = describe_consent(self, documents, self->documents->len);
    kyso_consent_ask_async(self->agent, self->job, &spec, consent_given, self);
}

void
kyso_sign_doc_document_prepared(KysoSigning *self, KysoSigningDocument *document, GError *error)
{
    self->n_under_way--;
    if (error != NULL)
        stop_beginning(self, document, error);
    begin_more(self);
    if (self->error != NULL)
        end_early_if_idle(self);
    else if (self->n_under_way == 0)
        ask(self);
}

static void
leave_out(KysoSigning *self, const GArray *left_out)
{
    for (guint i = 0; left_out != NULL && i < left_out->len; i++) {
        guint index = g_array_index(left_out, guint, i);
        if (index < self->documents->len)
            document_at(self, index)->state = KYSO_DOCUMENT_LEFT_OUT;
    }
}

static gboolean
time_is_over(gpointer user_data)
{
    KysoSigning *self = user_data;

    self->time_limit = 0;
    kyso_job_stop(self->job, KYSO_ERROR_LOGIN_ENDED);
    return G_SOURCE_REMOVE;
}

static void
consent_given(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    g_autoptr(GArray) left_out = NULL;
    GError *error = NULL;

    self->login = kyso_consent_ask_finish(result, &left_out, &error);
    if (self->login == NULL) {
        fail(self, error);
        return;
    }
    leave_out(self, left_out);
    if (self->request->is_batch)
        self->time_limit =
            g_timeout_add_seconds(self->agent->configuration->batch_seconds, time_is_over, self);
    sign_next(self);
}

/* The login is given back before anything else happens: the token is locked again. */
static void
end(KysoSigning *self, GError *error)
{
    g_clear_object(&self->login);
    g_clear_handle_id(&self->time_limit, g_source_remove);
    self->ended_by = error;
    if (kyso_sign_doc_result_count_untouched(self) == 0) {
        kyso_job_return(self->job, kyso_sign_doc_result_to_json(self));
        signing_free(self);
        return;
    }
    g_autoptr(KysoRecord) record = kyso_sign_doc_result_to_record(self, error);
    kyso_journal_append_async(self->agent->signer->journal, record, rest_recorded, self);
}

static void
rest_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
    kyso_job_return(self->job, kyso_sign_doc_result_to_json(self));
    signing_free(self);
}

static gboolean
is_first_signature(const KysoSigning *self)
{
    for (guint i = 0; i < self->current->index; i++)
        if (document_at(self, i)->state != KYSO_DOCUMENT_LEFT_OUT)
            return FALSE;
    return TRUE;
}

static void
sign_next(KysoSigning *self)
{
    guint index = self->current != NULL ? self->current->index + 1 : 0;
    KysoSigningDocument *document = next_in(self, KYSO_DOCUMENT_READY, index);

    if (document == NULL) {
        end(self, NULL);
        return;
    }
    self->current = document;
    kyso_sign_document_set_stage(document, "sign");
    if (kyso_login_wants_pin_each_time(self->login) && !is_first_signature(self)) {
        KysoAskDocument described;
        describe(document, &described);
        KysoConsentSpec spec = describe_consent(self, &described, 1);
        spec.number = document->index + 1;
        spec.total = self->documents->len;
        kyso_consent_ask_again_async(self->agent, self->job, &spec, further_pin_typed, self);
        return;
    }
    kyso_pool_sign_async(self->login, self->scheme->token_algorithm, self->scheme->hash,
                         kyso_cades_builder_get_digest(document->builder),
                         self->agent->configuration->token_ms, kyso_job_cancellable(self->job),
                         digest_signed, self);
}

static void
further_pin_typed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_auto(KysoFd) pin = -1;

    if (!kyso_consent_ask_again_finish(result, &pin, &error)) {
        kyso_sign_doc_document_done(self, self->current, error);
        return;
    }
    kyso_pool_sign_with_pin_async(self->login, self->scheme->token_algorithm, self->scheme->hash,
                                  kyso_cades_builder_get_digest(self->current->builder), pin,
                                  self->agent->configuration->token_ms,
                                  kyso_job_cancellable(self->job), digest_signed, self);
}

static void
digest_signed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autoptr(GBytes) signature = kyso_pool_sign_finish(self->login, result, &error);
    KysoSigningDocument *next = next_in(self, KYSO_DOCUMENT_READY, self->current->index + 1);

    if (next == NULL)
        g_clear_object(&self->login); /* the token is locked again before anything else happens */
    else if (signature != NULL && self->kind->warm != NULL)
        self->kind->warm(next);
    if (signature == NULL)
        kyso_sign_doc_document_done(self, self->current, error);
    else
        kyso_sign_document_finish(self->current, signature);
}

/* What one document has to itself is no matter of the others: each stands alone, and the person has
 * consented to each. A token that fails is all of theirs; so is a disk that is full, as what is
 * signed then has no place to go. */
static gboolean
is_of_one_document(const KysoSigning *self, const GError *error)
{
    const KysoErrorInfo *info = kyso_error_info(kyso_error_code(error));

    if (self->current->record->signature_digest == NULL || kyso_job_is_stopped(self->job))
        return FALSE;
    return strcmp(info->layer, "document") == 0 || info->code == KYSO_ERROR_OUTPUT_NOT_WRITABLE;
}

/* A disk that has no room fails the document that it was full for, and ends the batch. */
static gboolean
is_in_the_journal(const KysoSigningDocument *document)
{
    return document->record->sequence > 0;
}

static void
record_failure(KysoSigning *self, const KysoRecord *record, const GError *error)
{
    g_autoptr(KysoRecord) copy = kyso_record_copy(record);

    kyso_attempt_set_failure(copy, error);
    kyso_journal_append_async(self->agent->signer->journal, copy, failure_recorded, self);
}

void
kyso_sign_doc_document_done(KysoSigning *self, KysoSigningDocument *document, GError *error)
{
    if (!self->request->is_batch && error != NULL) {
        fail(self, error);
        return;
    }
    if (error != NULL)
        error = kyso_job_explain(self->job, error);
    kyso_job_resume(self->job);
    if (error == NULL) {
        sign_next(self);
        return;
    }
    gboolean is_its_own = is_of_one_document(self, error);
    if (!is_its_own && !is_in_the_journal(document)) {
        end(self, error);
        return;
    }
    document->state = KYSO_DOCUMENT_FAILED;
    document->error = error;
    self->ended_by = is_its_own ? NULL : g_error_copy(error);
    record_failure(self, document->record, error);
}

static KysoRecord *
record_of_failure(const KysoSigning *self, const GError *error)
{
    KysoRecord *record;

    if (self->request->is_batch && self->culprit == NULL)
        return kyso_sign_doc_result_to_record(self, error);
    record = kyso_record_copy(document_at(self, 0)->record);
    if (self->culprit != NULL) {
        kyso_record_free(record);
        record = kyso_record_copy(self->culprit->record);
    }
    return record;
}

static void
fail(KysoSigning *self, GError *error)
{
    g_clear_object(&self->login);
    error = kyso_job_explain(self->job, error);
    if (self->culprit != NULL)
        error = kyso_sign_request_explain(self->request, error, self->culprit->index);
    g_autoptr(KysoRecord) record = record_of_failure(self, error);
    if (self->certificate != NULL)
        kyso_attempt_set_certificate(record, self->certificate, self->role,
                                     self->credential->token_serial);
    self->error = error;
    record_failure(self, record, error);
}

/* Nothing was signed, so nothing is held back; but the gap must not pass unseen. */
static void
failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
    if (self->error != NULL) {
        kyso_job_fail(self->job, g_steal_pointer(&self->error));
        signing_free(self);
    } else if (self->ended_by != NULL) {
        end(self, g_steal_pointer(&self->ended_by));
    } else {
        sign_next(self);
    }
}
