/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment-state.h"

#include "agent/core/proof.h"
#include "agent/xades/xades-builder.h"
#include "agent/xades/xades-verify.h"
#include "ipc/base/error.h"

/*
 * A signature in an XML document or a package has its timestamp among its unsigned properties
 * (EN 319 132-1 §5.3); each signature gets one of its own, one after the other.
 *
 * look: inspected -> verified -> [stamped -> extended -> written, and look again with fresh eyes].
 * The last look is the check of the result.
 */
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_extended(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_written(GObject *source, GAsyncResult *result, gpointer user_data);

static void
look(KysoAugmenting *self)
{
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_clear_pointer(&self->xml, kyso_xml_inspection_free);
    g_clear_object(&self->reader);
    self->reader = kyso_xml_reader_new();
    kyso_xml_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                  FALSE, FALSE, document_inspected, self);
}

void
kyso_augment_xml_start(KysoAugmenting *self)
{
    kyso_job_set_stage(self->job, "inspect");
    look(self);
}

static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->xml = kyso_xml_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->xml == NULL)
        kyso_augment_end(self, error);
    else
        kyso_document_report_xml_async(self->agent->signer, self->xml,
                                       kyso_job_cancellable(self->job), signatures_verified, self);
}

/* The first signature that nobody has stamped, or their number. */
static guint
find_unstamped(const KysoAugmenting *self)
{
    const GPtrArray *signatures = self->report->signatures;
    guint i = 0;

    while (i < signatures->len &&
           kyso_document_signature_get_timestamp(signatures->pdata[i]) != NULL)
        i++;
    return i;
}

static void
stamp(KysoAugmenting *self)
{
    const json_t *signatures = json_object_get(self->xml->facts, "signatures");
    KysoXadesSubject subject = {
        .signature = json_array_get(signatures, find_unstamped(self)),
        .content = self->xml->content,
        .content_size = self->xml->content_size,
    };
    GError *error = NULL;
    g_autoptr(GBytes) digest = kyso_xades_verify_hash_value(&subject, &error);

    if (digest == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "timestamp");
    kyso_proof_stamp_async(self->agent->signer, digest, kyso_job_cancellable(self->job),
                           signature_stamped, self);
}

static void
signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report == NULL || !kyso_augment_check(self, &error)) {
        kyso_augment_end(self, error);
        return;
    }
    /* Not for ever, should the reader lose what was added. */
    if (self->n_added < self->report->signatures->len &&
        find_unstamped(self) < self->report->signatures->len) {
        stamp(self);
        return;
    }
    kyso_job_set_stage(self->job, "check");
    kyso_augment_end_with_copy(self);
}

static void
signature_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoTimestamp) timestamp = kyso_proof_stamp_finish(result, &error);

    if (timestamp != NULL) {
        g_autoptr(GBytes) element = kyso_xades_builder_write_timestamp(timestamp->token);
        kyso_augment_note_timestamp(self, timestamp);
        kyso_xml_reader_extend_async(self->reader, self->agent, self->job, self->copy->read_only,
                                     find_unstamped(self), element, document_extended, self,
                                     &error);
    }
    if (error != NULL)
        kyso_augment_end(self, error);
}

static void
document_extended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    g_autofree char *dir = kyso_augment_work_dir(self);
    GError *error = NULL;

    self->extended = kyso_xml_reader_enclose_finish(KYSO_HELPER(source), result, &error);
    if (self->extended < 0)
        kyso_augment_end(self, error);
    else
        kyso_private_copy_async(self->extended, dir, self->output_path != NULL,
                                kyso_job_cancellable(self->job), result_written, self);
}

static void
result_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;
    KysoPrivateCopy *copy = kyso_private_copy_finish(result, &error);

    kyso_fd_clear(&self->extended);
    if (copy == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    kyso_private_copy_free(self->copy);
    self->copy = copy;
    self->n_added++;
    look(self);
}
