/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment-state.h"

#include "agent/cms/cades-extension.h"
#include "agent/core/data-content.h"
#include "agent/core/data-report.h"
#include "agent/core/proof.h"

/*
 * A signature over a file has its timestamp and its proofs among what it does not cover of its own
 * CMS. One that carries the file is first taken off it.
 *
 * [taken off ->] verified -> B-T: stamped -> verified; B-LT: proofs collected -> verified; and then
 * written [-> read again as a stranger would].
 */
static void content_taken(GObject *source, GAsyncResult *result, gpointer user_data);
static void signature_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_written(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_verified(GObject *source, GAsyncResult *result, gpointer user_data);

static void
look(KysoAugmenting *self)
{
    gboolean carries = self->content != NULL;
    int fd = carries ? kyso_temporary_fd(self->content->file) : self->copy->read_only;
    goffset size = carries ? self->content->size : self->copy->size;

    kyso_document_report_detached_async(self->agent->signer, fd, size, self->cms,
                                        kyso_job_cancellable(self->job), signature_verified, self);
}

void
kyso_augment_file_start(KysoAugmenting *self)
{
    g_autofree char *dir = kyso_augment_work_dir(self);

    kyso_job_set_stage(self->job, "inspect");
    if (self->is_beside)
        look(self);
    else
        kyso_data_content_take_async(self->copy->read_only, self->copy->size, dir,
                                     kyso_job_cancellable(self->job), content_taken, self);
}

static void
content_taken(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->content = kyso_data_content_take_finish(result, &error);
    if (self->content == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    self->cms = g_bytes_ref(self->content->cms);
    look(self);
}

/* Steps */

static void
add_timestamp(KysoAugmenting *self)
{
    GError *error = NULL;
    g_autoptr(KysoCadesExtension) extension = kyso_cades_extension_new(self->cms, &error);
    g_autoptr(GBytes) digest =
        extension != NULL ? kyso_cades_extension_hash(extension, &error) : NULL;

    if (digest == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "timestamp");
    kyso_proof_stamp_async(self->agent->signer, digest, kyso_job_cancellable(self->job),
                           signature_stamped, self);
}

static void
write_result(KysoAugmenting *self)
{
    g_autofree char *dir = kyso_augment_work_dir(self);
    KysoSignDataSpec spec = {
        .dir = dir,
        .signature = self->cms,
        .content = self->content != NULL ? kyso_temporary_fd(self->content->file) : -1,
        .size = self->content != NULL ? self->content->size : 0,
    };

    kyso_job_set_stage(self->job, "check");
    kyso_sign_data_write_async(&spec, kyso_job_cancellable(self->job), result_written, self);
}

static void
go_on(KysoAugmenting *self)
{
    g_autoptr(GPtrArray) unproven =
        kyso_augment_verdict_list_unproven(self->report, self->proofs, FALSE);

    if (!self->is_stamped && !kyso_augment_verdict_has_times(self->report)) {
        self->is_stamped = TRUE;
        add_timestamp(self);
    } else if (self->level >= KYSO_LEVEL_LT && !self->is_proven && unproven->len > 0) {
        self->is_proven = TRUE;
        kyso_job_set_stage(self->job, "proofs");
        kyso_proof_collect_async(self->agent->signer, unproven, TRUE,
                                 kyso_job_cancellable(self->job), proofs_collected, self);
    } else {
        write_result(self);
    }
}

/* FALSE: it is not what it has to be. */
static gboolean
take_report(KysoAugmenting *self, GAsyncResult *result, GError **error)
{
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    self->report = kyso_document_report_finish(result, error);
    if (self->report == NULL)
        return FALSE;
    self->proofs = kyso_document_signature_get_embedded(self->report->signatures->pdata[0]);
    return kyso_augment_check(self, error);
}

static void
signature_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    if (take_report(self, result, &error))
        go_on(self);
    else
        kyso_augment_end(self, error);
}

/* The signature as it becomes with @token and @proofs (either NULL) goes back to be looked at. */
static gboolean
extend(KysoAugmenting *self, GBytes *token, const KysoProofs *proofs, GError **error)
{
    g_autoptr(KysoCadesExtension) extension = kyso_cades_extension_new(self->cms, error);

    if (extension == NULL ||
        (token != NULL && !kyso_cades_extension_add_timestamp(extension, token, error)) ||
        (proofs != NULL && !kyso_cades_extension_add_proofs(extension, proofs, error)))
        return FALSE;
    GBytes *extended = kyso_cades_extension_encode(extension, error);
    if (extended == NULL)
        return FALSE;
    g_bytes_unref(self->cms);
    self->cms = extended;
    return TRUE;
}

static void
signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoTimestamp) timestamp = kyso_proof_stamp_finish(result, &error);

    if (timestamp == NULL || !extend(self, timestamp->token, NULL, &error)) {
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

    if (proofs != NULL && extend(self, NULL, proofs, &error))
        look(self);
    else
        kyso_augment_end(self, error);
}

static void
result_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoSignDataResult) written = kyso_sign_data_write_finish(result, &error);

    if (written == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    self->result = g_steal_pointer(&written->file);
    self->result_size = written->size;
    self->record->result_digest = g_steal_pointer(&written->digest);
    if (self->content == NULL)
        kyso_augment_end_at_level(self);
    else
        kyso_data_report_async(self->agent->signer, kyso_temporary_fd(self->result),
                               self->result_size, NULL, kyso_job_cancellable(self->job),
                               result_verified, self);
}

static void
result_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    if (take_report(self, result, &error))
        kyso_augment_end_at_level(self);
    else
        kyso_augment_end(self, error);
}
