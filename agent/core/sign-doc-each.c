/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/consent.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/error.h"

/* Show and ask -> for one document after the other: (another PIN ->) sign, and have it checked,
 * recorded and handed over (sign-document.c) -> answer. Each arrow is one callback; read
 * downwards. */
static void consent_given(GObject *source, GAsyncResult *result, gpointer user_data);
static void further_pin_typed(GObject *source, GAsyncResult *result, gpointer user_data);
static void digest_signed(GObject *source, GAsyncResult *result, gpointer user_data);
static void one_failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void rest_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void sign_next(KysoSigning *self);

static KysoSigningDocument *
document_at(const KysoSigning *self, guint index)
{
    return self->documents->pdata[index];
}

/* The next one to be signed from @index on, or NULL. */
static KysoSigningDocument *
next_ready(const KysoSigning *self, guint index)
{
    for (guint i = index; i < self->documents->len; i++)
        if (document_at(self, i)->state == KYSO_DOCUMENT_READY)
            return document_at(self, i);
    return NULL;
}

static void
describe(const KysoSigningDocument *document, KysoAskDocument *ret)
{
    const json_t *metadata = document->item->metadata;
    const char *number = json_string_value(json_object_get(metadata, "CodeNumber"));
    const char *notation = json_string_value(json_object_get(metadata, "CodeNotation"));

    if (number == NULL)
        number = document->item->fill[KYSO_BLANK_NUMBER];
    *ret = (KysoAskDocument){
        .name = document->item->name,
        .subject = json_string_value(json_object_get(metadata, "Subject")),
        .number = number,
        .notation = notation,
        .pages = document->n_pages,
        .digest = document->record->document_digest,
        .text = document->text,
        .is_rewritten = document->rewritten_digest != NULL,
        .n_signatures = document->n_signatures,
        .note = document->note,
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

void
kyso_sign_doc_each_ask(KysoSigning *self)
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
        kyso_sign_doc_fail(self, error);
        return;
    }
    leave_out(self, left_out);
    if (self->request->is_batch)
        self->time_limit =
            g_timeout_add(self->agent->configuration->batch_seconds * 1000, time_is_over, self);
    sign_next(self);
}

/* And with it the time is over that counts: that of the PIN. */
static void
lock_token(KysoSigning *self)
{
    g_clear_object(&self->login);
    g_clear_handle_id(&self->time_limit, g_source_remove);
}

static void
end(KysoSigning *self, GError *error)
{
    lock_token(self);
    self->ended_by = error;
    if (kyso_sign_doc_result_count_untouched(self) == 0) {
        kyso_job_return(self->job, kyso_sign_doc_result_to_json(self));
        kyso_sign_doc_free(self);
        return;
    }
    g_autoptr(KysoRecord) record = kyso_sign_doc_result_to_record(self, error);
    kyso_journal_append_async(self->agent->signer->journal, record, rest_recorded, self);
}

static void
rest_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;

    kyso_sign_doc_finish_record(KYSO_JOURNAL(source), result);
    kyso_job_return(self->job, kyso_sign_doc_result_to_json(self));
    kyso_sign_doc_free(self);
}

static gboolean
is_first_signature(const KysoSigning *self)
{
    if (self->current->n_signed > 0)
        return FALSE;
    for (guint i = 0; i < self->current->index; i++)
        if (document_at(self, i)->state != KYSO_DOCUMENT_LEFT_OUT)
            return FALSE;
    return TRUE;
}

static void
sign_next(KysoSigning *self)
{
    guint index = self->current != NULL ? self->current->index + 1 : 0;
    KysoSigningDocument *document = next_ready(self, index);

    if (document == NULL) {
        end(self, NULL);
        return;
    }
    self->current = document;
    kyso_sign_doc_each_sign(self);
}

/* Signatures of all documents that come before @end, the one left out aside; @end: NULL for all. */
static guint
count_signatures(const KysoSigning *self, const KysoSigningDocument *end)
{
    guint n = 0;

    for (guint i = 0; i < self->documents->len && document_at(self, i) != end; i++)
        if (document_at(self, i)->state != KYSO_DOCUMENT_LEFT_OUT)
            n += document_at(self, i)->n_signatures;
    return n;
}

void
kyso_sign_doc_each_sign(KysoSigning *self)
{
    KysoSigningDocument *document = self->current;

    kyso_sign_document_set_stage(document, "sign");
    if (kyso_login_wants_pin_each_time(self->login) && !is_first_signature(self)) {
        KysoAskDocument described;
        describe(document, &described);
        KysoConsentSpec spec = describe_consent(self, &described, 1);
        spec.number = count_signatures(self, document) + document->n_signed + 1;
        spec.total = count_signatures(self, NULL);
        kyso_consent_ask_again_async(self->agent, self->job, &spec, further_pin_typed, self);
        return;
    }
    kyso_pool_sign_async(self->login, self->scheme->token_algorithm, self->scheme->hash,
                         self->kind->maker->get_digest(document),
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
        kyso_sign_doc_each_done(self, self->current, error);
        return;
    }
    kyso_pool_sign_with_pin_async(self->login, self->scheme->token_algorithm, self->scheme->hash,
                                  self->kind->maker->get_digest(self->current), pin,
                                  self->agent->configuration->token_ms,
                                  kyso_job_cancellable(self->job), digest_signed, self);
}

static void
digest_signed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autoptr(GBytes) signature = kyso_pool_sign_finish(self->login, result, &error);
    KysoSigningDocument *next = next_ready(self, self->current->index + 1);

    if (signature != NULL && kyso_sign_document_has_more(self->current))
        next = self->current;
    if (next == NULL)
        lock_token(self); /* before anything else happens */
    else if (signature != NULL && self->kind->warm != NULL)
        self->kind->warm(next);
    if (signature == NULL)
        kyso_sign_doc_each_done(self, self->current, error);
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

void
kyso_sign_doc_each_done(KysoSigning *self, KysoSigningDocument *document, GError *error)
{
    if (!self->request->is_batch && error != NULL) {
        kyso_sign_doc_fail(self, error);
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
    kyso_attempt_set_failure(document->record, error);
    kyso_journal_append_async(self->agent->signer->journal, document->record, one_failure_recorded,
                              self);
}

static void
one_failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;

    kyso_sign_doc_finish_record(KYSO_JOURNAL(source), result);
    if (self->ended_by != NULL)
        end(self, g_steal_pointer(&self->ended_by));
    else
        sign_next(self);
}
