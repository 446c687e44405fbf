/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment-state.h"

#include "agent/cms/cades-extension.h"
#include "agent/core/proof.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/*
 * A signature beside a file has its timestamp and its proofs among what it does not cover of its
 * own CMS.
 *
 * verified -> B-T: stamped -> verified; B-LT: proofs collected -> verified; the last time is the
 * check of the result.
 */
static void signature_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data);

static void
look(KysoAugmenting *self)
{
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    kyso_document_report_detached_async(self->agent->signer, self->copy->read_only,
                                        self->copy->size, self->cms,
                                        kyso_job_cancellable(self->job), signature_verified, self);
}

void
kyso_augment_file_start(KysoAugmenting *self)
{
    kyso_job_set_stage(self->job, "inspect");
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

static gboolean
write_result(KysoAugmenting *self, GError **error)
{
    g_autofree char *dir = kyso_augment_work_dir(self);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    gsize size = 0;
    const void *data = g_bytes_get_data(self->cms, &size);

    self->result = kyso_temporary_new(dir, error);
    if (self->result == NULL ||
        !kyso_fd_write_all(kyso_temporary_fd(self->result), data, size, error))
        return FALSE;
    self->result_size = (goffset) size;
    kyso_file_hash_add_bytes(hash, data, size);
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    self->record->result_digest = kyso_file_hash_to_hex(digest);
    return TRUE;
}

static void
check_result(KysoAugmenting *self)
{
    KysoLevel level = kyso_augment_verdict_level(self->report, self->proofs);
    GError *error = NULL;

    kyso_job_set_stage(self->job, "check");
    if (level < self->level)
        g_set_error(&error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID, "our own result is %s only",
                    kyso_levels[level]);
    else
        write_result(self, &error);
    kyso_augment_end(self, error);
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
        check_result(self);
    }
}

static void
signature_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report != NULL)
        self->proofs = kyso_document_signature_get_embedded(self->report->signatures->pdata[0]);
    if (self->report != NULL && kyso_augment_check(self, &error))
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
