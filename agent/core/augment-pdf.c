/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment-state.h"

#include "agent/core/document-reader.h"
#include "agent/core/proof.h"
#include "ipc/base/error.h"

#define CONTENTS_SIZE (16 * 1024) /* of the timestamp's token */

/*
 * A PDF is only ever added to. A timestamp over the signature's own value would have to be written
 * into its /Contents, which later signatures cover; one over the document is as good for B-T, as
 * README.md tells, vouches for all signatures at once, and is an update of its own.
 *
 * look: inspected [-> proofs read] -> verified -> the next step, and look again with fresh eyes:
 *       B-T: timestamp prepared -> stamped; B-LT: proofs collected -> store made; B-LTA: as B-T.
 * The last look is the check of the result.
 */
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void timestamp_prepared(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data);
static void store_made(GObject *source, GAsyncResult *result, gpointer user_data);

/* Looking */

/* A reader that has seen what came before would not see what a stranger sees. */
static void
look(KysoAugmenting *self)
{
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_clear_pointer(&self->inspection, json_decref);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_clear_object(&self->reader);
    self->reader = kyso_document_reader_new(self->password);
    kyso_document_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                       document_inspected, self);
}

void
kyso_augment_pdf_start(KysoAugmenting *self)
{
    kyso_job_set_stage(self->job, "inspect");
    look(self);
}

static void
verify(KysoAugmenting *self)
{
    kyso_document_report_pdf_async(self->agent->signer, kyso_temporary_fd(self->copy->file),
                                   self->copy->size, self->inspection, self->proofs,
                                   kyso_job_cancellable(self->job), signatures_verified, self);
}

static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->inspection == NULL)
        kyso_augment_end(self, error);
    else if (json_is_true(json_object_get(self->inspection, "has_proofs")))
        kyso_document_reader_proofs_async(self->reader, self->agent, self->job,
                                          self->copy->read_only, proofs_read, self);
    else
        verify(self);
}

static void
proofs_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->proofs = kyso_document_reader_proofs_finish(KYSO_HELPER(source), result, &error);
    if (self->proofs == NULL)
        kyso_augment_end(self, error);
    else
        verify(self);
}

/* Steps */

static void
add_timestamp(KysoAugmenting *self)
{
    /* The file only grows, so no other field has this name. */
    g_autofree char *field = g_strdup_printf("Timestamp-%" G_GINT64_FORMAT, self->copy->size);

    kyso_job_set_stage(self->job, "timestamp");
    kyso_document_reader_prepare_timestamp_async(self->reader, self->agent, self->job,
                                                 self->copy->read_only, field, CONTENTS_SIZE,
                                                 timestamp_prepared, self);
}

static void
add_proofs(KysoAugmenting *self, const GPtrArray *chains)
{
    kyso_job_set_stage(self->job, "proofs");
    kyso_proof_collect_async(self->agent->signer, chains, FALSE, kyso_job_cancellable(self->job),
                             proofs_collected, self);
}

/* Each of its steps was taken at most once, and has done what it was for. */
static void
check_result(KysoAugmenting *self)
{
    const KysoDocumentSignature *last =
        self->report->signatures->pdata[self->report->signatures->len - 1];
    gboolean is_stamped = last->timestamp != NULL && last->covers_whole_document;

    if (self->is_sealed && !is_stamped)
        kyso_augment_end(self, g_error_new_literal(KYSO_ERROR, KYSO_ERROR_RESULT_INVALID,
                                                   "our own result ends without a timestamp"));
    else
        kyso_augment_end_with_copy(self);
}

static void
go_on(KysoAugmenting *self)
{
    gboolean is_archive = self->level >= KYSO_LEVEL_LTA;
    g_autoptr(GPtrArray) unproven =
        kyso_augment_verdict_list_unproven(self->report, self->proofs, is_archive);

    if (!self->is_stamped && !kyso_augment_verdict_has_times(self->report)) {
        self->is_stamped = TRUE;
        add_timestamp(self);
    } else if (self->level >= KYSO_LEVEL_LT && !self->is_proven && unproven->len > 0) {
        self->is_proven = TRUE;
        add_proofs(self, unproven);
    } else if (is_archive && !self->is_sealed) {
        self->is_sealed = TRUE;
        add_timestamp(self);
    } else {
        kyso_job_set_stage(self->job, "check");
        check_result(self);
    }
}

static void
signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report != NULL && kyso_augment_check(self, &error))
        go_on(self);
    else
        kyso_augment_end(self, error);
}

static void
timestamp_prepared(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    g_clear_pointer(&self->increment, kyso_increment_free);
    if (reply != NULL)
        self->increment = kyso_increment_append(self->copy, reply, &error);
    if (self->increment == NULL)
        kyso_augment_end(self, error);
    else
        kyso_proof_stamp_async(self->agent->signer, self->increment->digest,
                               kyso_job_cancellable(self->job), document_stamped, self);
}

static void
document_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoTimestamp) timestamp = kyso_proof_stamp_finish(result, &error);

    if (timestamp == NULL ||
        !kyso_increment_complete(self->increment, self->copy, timestamp->token, &error) ||
        !kyso_private_copy_grow(self->copy, self->increment->size, &error)) {
        kyso_augment_end(self, error);
        return;
    }
    kyso_augment_note_timestamp(self, timestamp);
    look(self);
}

static void
proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoProofs) proofs = kyso_proof_collect_finish(result, &error);

    if (proofs == NULL || !kyso_document_reader_extend_async(self->reader, self->agent, self->job,
                                                             self->copy->read_only, proofs, NULL,
                                                             store_made, self, &error))
        kyso_augment_end(self, error);
}

static void
store_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    if (reply != NULL && kyso_increment_append_unsigned(self->copy, reply, &error))
        look(self);
    else
        kyso_augment_end(self, error);
}
