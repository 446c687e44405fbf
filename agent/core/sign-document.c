/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/delivery.h"
#include "agent/core/evidence-keeping.h"
#include "agent/core/proof.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/error.h"

/* One document: read -> judge -> prepare; and later, with its signature: [timestamp ->] complete
 * and check -> record -> keep the evidence -> deliver. Each arrow is one callback; read downwards.
 */
static void signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data);
static void success_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_delivered(GObject *source, GAsyncResult *result, gpointer user_data);

KysoSigningDocument *
kyso_sign_document_new(KysoSigning *signing, guint index)
{
    KysoSigningDocument *self = g_new0(KysoSigningDocument, 1);
    const KysoSignRequest *request = signing->request;

    self->signing = signing;
    self->index = index;
    self->enclosed = -1;
    self->n_signatures = 1;
    self->signature_digests = json_array();
    self->earlier_chains = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    self->level = request->level;
    self->item = request->items->pdata[index];
    self->record = kyso_attempt_new(signing->job, kyso_policy_purpose_name(request->purpose));
    self->record->metadata = kyso_json_format(self->item->metadata, NULL);
    self->facts.purpose = request->purpose;
    self->facts.secrecy = self->item->secrecy;
    self->facts.is_file_covered = TRUE;
    return self;
}

/* The private copy, the processes and all else but what the answer says of it. */
static void
let_go(KysoSigningDocument *self)
{
    gboolean owns_result = self->copy == NULL || self->result != self->copy->file;

    g_clear_object(&self->reader);
    g_clear_object(&self->pages_reader);
    if (owns_result)
        g_clear_pointer(&self->result, kyso_temporary_free);
    g_clear_pointer(&self->copy, kyso_private_copy_free);
    self->result = NULL;
    g_clear_pointer(&self->inspection, json_decref);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_clear_pointer(&self->increment, kyso_increment_free);
    g_clear_pointer(&self->content_digest, g_bytes_unref);
    g_clear_pointer(&self->builder, kyso_cades_builder_free);
    g_clear_pointer(&self->jws, kyso_jws_builder_free);
    g_clear_pointer(&self->xml, kyso_xml_inspection_free);
    g_clear_pointer(&self->xml_contents, g_array_unref);
    g_clear_pointer(&self->xades, kyso_xades_builder_free);
    kyso_fd_clear(&self->enclosed);
    g_clear_pointer(&self->cms, g_bytes_unref);
    g_clear_pointer(&self->timestamp, kyso_timestamp_free);
    g_clear_pointer(&self->looks, json_decref);
    kyso_fd_clear(&self->item->own_image);
    kyso_fd_clear(&self->item->input);
    kyso_fd_clear(&self->item->output);
}

void
kyso_sign_document_free(KysoSigningDocument *self)
{
    let_go(self);
    kyso_record_free(self->record);
    g_clear_error(&self->error);
    g_clear_error(&self->part_error);
    g_clear_error(&self->late_error);
    g_free(self->text);
    g_free(self->field);
    g_free(self->leader_field);
    g_free(self->note);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        g_free(self->fill[i]);
    json_decref(self->places);
    json_decref(self->signature_digests);
    g_ptr_array_unref(self->earlier_chains);
    g_free(self->rewritten_digest);
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_free(self);
}

void
kyso_sign_document_note(KysoSigningDocument *self, const char *name, json_t *value)
{
    g_autoptr(json_t) metadata = json_loads(self->record->metadata, 0, NULL);

    json_object_set_new(metadata, name, value);
    g_free(self->record->metadata);
    self->record->metadata = kyso_json_format(metadata, NULL);
}

char *
kyso_sign_document_work_dir(const KysoSigningDocument *self)
{
    if (self->item->output_path != NULL)
        return g_path_get_dirname(self->item->output_path);
    return g_strdup(self->signing->agent->configuration->state_dir);
}

void
kyso_sign_document_set_stage(KysoSigningDocument *self, const char *stage)
{
    const KysoSigning *signing = self->signing;

    if (signing->is_waiting)
        return; /* that is what a person has to know */
    if (signing->request->is_batch)
        kyso_job_set_document_stage(signing->job, stage, self->index);
    else
        kyso_job_set_stage(signing->job, stage);
}

void
kyso_sign_document_read(KysoSigningDocument *self)
{
    self->state = KYSO_DOCUMENT_READING;
    self->n_parts = 1;
    kyso_sign_document_set_stage(self, "read");
    self->signing->kind->read(self);
}

void
kyso_sign_document_part_done(KysoSigningDocument *self, GError *error)
{
    if (error != NULL && self->part_error == NULL)
        self->part_error = error;
    else
        g_clear_error(&error);
    if (--self->n_parts > 0)
        return;
    if (self->part_error == NULL)
        self->part_error = g_steal_pointer(&self->late_error);
    self->state = KYSO_DOCUMENT_READ;
    kyso_sign_doc_document_read(self->signing, self, g_steal_pointer(&self->part_error));
}

void
kyso_sign_document_park(KysoSigningDocument *self)
{
    self->state = KYSO_DOCUMENT_PARKED;
    g_clear_object(&self->reader);
    g_clear_object(&self->pages_reader);
}

void
kyso_sign_document_prepare(KysoSigningDocument *self)
{
    const KysoSigning *signing = self->signing;

    self->state = KYSO_DOCUMENT_PREPARING;
    self->facts.certificate_code = signing->certificate_code;
    self->facts.role = signing->role;
    self->facts.is_strong = TRUE; /* the schemes are those of Circular 15/2025, Annex I */
    kyso_attempt_set_certificate(self->record, signing->certificate, signing->role,
                                 signing->credential->token_serial);

    KysoVerdict verdict = kyso_policy_decide(&self->facts);
    if (verdict.decision == KYSO_DECISION_REFUSE) {
        kyso_sign_document_prepared(
            self, g_error_new(KYSO_ERROR, verdict.code, "refused by rule %s", verdict.rule));
        return;
    }
    kyso_sign_document_set_stage(self, "prepare");
    signing->kind->prepare(self);
}

void
kyso_sign_document_prepared(KysoSigningDocument *self, GError *error)
{
    if (error == NULL && self->signing->kind->maker->start(self, &error))
        self->state = KYSO_DOCUMENT_READY;
    if (self->n_signatures == 1)
        kyso_fd_clear(&self->item->own_image);
    kyso_fd_clear(&self->item->input);
    kyso_sign_doc_document_prepared(self->signing, self, error);
}

gboolean
kyso_sign_document_has_more(const KysoSigningDocument *self)
{
    return self->n_signed + 1 < self->n_signatures;
}

void
kyso_sign_document_prepared_again(KysoSigningDocument *self, GError *error)
{
    if (error == NULL && self->signing->kind->maker->start(self, &error))
        kyso_sign_doc_each_sign(self->signing);
    else
        kyso_sign_document_completed(self, error);
}

GBytes *
kyso_sign_document_read_copy(const KysoSigningDocument *self, GError **error)
{
    gsize size = (gsize) self->copy->size;
    g_autofree char *data = g_malloc(size + 1);

    if (!kyso_fd_read_at(self->copy->read_only, data, size, 0, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&data), size);
}

/* A wrong answer never is a reason to go on without one, and neither is a service that tells lies
 * beside one that is dead. */
static gboolean
can_come_later(const KysoSigningDocument *self, const GError *error)
{
    return self->signing->request->timestamp_later &&
           (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_UNAVAILABLE) ||
            g_error_matches(error, KYSO_ERROR, KYSO_ERROR_SERVICE_TOO_SLOW));
}

static void
leave_for_later(KysoSigningDocument *self, int code)
{
    self->level = KYSO_LEVEL_B;
    self->later_code = code;
    kyso_sign_document_note(self, "timestamp_later", json_string(kyso_error_info(code)->name));
    self->signing->kind->complete(self);
}

/* Without the timestamp that was asked for there is no signature: none is handed over at a lower
 * level, unless caller and administrator both let it come later. */
static void
ask_for_timestamp(KysoSigningDocument *self)
{
    GError *error = NULL;
    g_autoptr(GBytes) digest = self->signing->kind->maker->hash_signature(self, &error);

    if (digest == NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    kyso_sign_document_set_stage(self, "timestamp");
    kyso_proof_stamp_async(self->signing->agent->signer, digest,
                           kyso_job_cancellable(self->signing->job), signature_stamped, self);
}

/* Beside a file they go into the CMS; a PDF has a place of its own for them (sign-doc-proofs.c). */
static void
collect_proofs(KysoSigningDocument *self)
{
    const KysoSigning *signing = self->signing;
    g_autoptr(GPtrArray) chains = g_ptr_array_new();

    g_ptr_array_add(chains, signing->chain);
    g_ptr_array_add(chains, self->timestamp->chain);
    kyso_sign_document_set_stage(self, "proofs");
    kyso_proof_collect_async(signing->agent->signer, chains, TRUE,
                             kyso_job_cancellable(signing->job), proofs_collected, self);
}

/* Whatever happens next, the journal will know that the token has signed this. */
static void
note_signature(KysoSigningDocument *self, GBytes *signature)
{
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");

    kyso_file_hash_add_bytes(hash, g_bytes_get_data(signature, NULL), g_bytes_get_size(signature));
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    g_free(self->record->signature_digest);
    self->record->signature_digest = kyso_file_hash_to_hex(digest);
    json_array_append_new(self->signature_digests, json_string(self->record->signature_digest));
    if (self->n_signatures > 1)
        kyso_sign_document_note(self, "signature_digests", json_incref(self->signature_digests));
}

void
kyso_sign_document_finish(KysoSigningDocument *self, GBytes *signature)
{
    GError *error = NULL;

    self->cms = self->signing->kind->maker->finish(self, signature, &error);
    if (self->cms == NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    note_signature(self, signature);
    /* What took minutes once for one document would do so for each of a batch. */
    if (self->signing->timestamp_code != 0)
        leave_for_later(self, self->signing->timestamp_code);
    else if (self->level >= KYSO_LEVEL_T)
        ask_for_timestamp(self);
    else
        self->signing->kind->complete(self);
}

static void
signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->timestamp = kyso_proof_stamp_finish(result, &error);
    if (self->timestamp == NULL && can_come_later(self, error)) {
        self->signing->timestamp_code = error->code;
        g_error_free(error);
        leave_for_later(self, self->signing->timestamp_code);
        return;
    }
    g_clear_pointer(&self->cms, g_bytes_unref);
    if (self->timestamp != NULL)
        self->cms = self->signing->kind->maker->add_timestamp(self, self->timestamp->token, &error);
    if (self->cms == NULL)
        kyso_sign_document_completed(self, error);
    else if (self->level >= KYSO_LEVEL_LT && !self->signing->request->is_pdf)
        collect_proofs(self);
    else
        self->signing->kind->complete(self);
}

static void
proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoProofs) proofs = kyso_proof_collect_finish(result, &error);

    g_clear_pointer(&self->cms, g_bytes_unref);
    if (proofs != NULL)
        self->cms = kyso_cades_builder_add_proofs(self->builder, proofs, &error);
    if (self->cms != NULL)
        self->signing->kind->complete(self);
    else
        kyso_sign_document_completed(self, error);
}

static void
done(KysoSigningDocument *self, GError *error)
{
    let_go(self);
    kyso_sign_doc_each_done(self->signing, self, error);
}

static gboolean
is_last(const KysoSigningDocument *self)
{
    const GPtrArray *documents = self->signing->documents;

    for (guint i = self->index + 1; i < documents->len; i++) {
        const KysoSigningDocument *later = documents->pdata[i];
        if (later->state == KYSO_DOCUMENT_READY)
            return FALSE;
    }
    return TRUE;
}

void
kyso_sign_document_completed(KysoSigningDocument *self, GError *error)
{
    KysoSigning *signing = self->signing;

    if (error != NULL || !kyso_job_commit(signing->job, is_last(self), &error)) {
        done(self, error);
        return;
    }
    kyso_sign_document_set_stage(self, "record");
    self->record->outcome = KYSO_OUTCOME_SIGNED;
    kyso_journal_append_async(signing->agent->signer->journal, self->record, success_recorded,
                              self);
}

static void
deliver(KysoSigningDocument *self)
{
    kyso_sign_document_set_stage(self, "deliver");
    KysoDeliverySpec spec = {self->result, self->result_size, self->item->output_path,
                             self->item->output};
    kyso_delivery_start_async(&spec, result_delivered, self);
}

static void
keep_evidence(KysoSigningDocument *self)
{
    const KysoSigning *signing = self->signing;
    const KysoRecord *record = self->record;
    const KysoEvidenceFacts facts = {
        .kind = "signed",
        .purpose = record->purpose,
        .digest = record->result_digest,
        .size = self->result_size,
        .beside = kyso_sign_request_is_beside(signing->request) ? record->document_digest : NULL,
        .name = self->item->name,
        .input_digest = record->document_digest,
        .metadata = record->metadata,
        .journal = record->sequence,
        .report = self->report,
        .proofs = signing->proofs,
    };

    kyso_evidence_keeping_put_async(signing->agent->signer, &facts, evidence_kept, self);
}

static void
success_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, &self->record->sequence, &error))
        done(self, error);
    else if (kyso_evidence_keeping_is_wanted(self->signing->agent->signer))
        keep_evidence(self);
    else
        deliver(self);
}

static void
evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->evidence = kyso_evidence_keeping_put_finish(result, &error);
    if (self->evidence != 0)
        deliver(self);
    else
        done(self, error);
}

static void
result_delivered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    if (kyso_delivery_start_finish(result, &error))
        self->state = KYSO_DOCUMENT_SIGNED;
    else
        kyso_evidence_keeping_forget(self->signing->agent->signer, self->evidence);
    done(self, error);
}
