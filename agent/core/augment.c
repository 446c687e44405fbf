/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment.h"

#include <string.h>

#include "agent/core/attempt.h"
#include "agent/core/augment-state.h"
#include "agent/core/data-report.h"
#include "agent/core/delivery.h"
#include "agent/core/document-verdict.h"
#include "agent/core/evidence-keeping.h"
#include "agent/core/request-file.h"
#include "agent/core/request-password.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

#define MAX_CMS (1024 * 1024) /* bytes of a detached signature */

/* read the parameters -> copy the input -> raise it (augment-pdf.c, -xml.c, -file.c) -> record ->
 * keep the evidence -> deliver; each arrow is one callback. What ends it early is recorded too. */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void success_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_delivered(GObject *source, GAsyncResult *result, gpointer user_data);
static void failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data);

static void
augmenting_free(KysoAugmenting *self)
{
    g_object_unref(self->job);
    kyso_fd_clear(&self->input);
    kyso_fd_clear(&self->output);
    kyso_fd_clear(&self->password);
    kyso_fd_clear(&self->extended);
    g_free(self->output_path);
    if (self->copy == NULL || self->result != self->copy->file)
        g_clear_pointer(&self->result, kyso_temporary_free);
    g_clear_pointer(&self->cms, g_bytes_unref);
    g_clear_pointer(&self->content, kyso_sign_data_result_free);
    kyso_record_free(self->record);
    g_clear_pointer(&self->copy, kyso_private_copy_free);
    g_clear_object(&self->reader);
    json_decref(self->inspection);
    g_clear_pointer(&self->xml, kyso_xml_inspection_free);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_clear_pointer(&self->report, kyso_document_report_free);
    g_clear_pointer(&self->increment, kyso_increment_free);
    g_free(self->timestamp_time);
    g_free(self->timestamp_service);
    g_free(self);
}

/* The request */

static gboolean
read_level(KysoAugmenting *self, const json_t *params, GError **error)
{
    const char *name = NULL;

    if (!kyso_json_get_string(params, "conformance_level", KYSO_JSON_REQUIRED, &name, error))
        return FALSE;
    for (int i = KYSO_LEVEL_T; i < KYSO_N_LEVELS; i++)
        if (strcmp(name, kyso_levels[i]) == 0)
            self->level = (KysoLevel) i;
    if (self->level == KYSO_LEVEL_B) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "conformance_level %s", name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_signature(KysoAugmenting *self, const json_t *params, GError **error)
{
    g_auto(KysoFd) fd = -1;
    g_autoptr(GError) fault = NULL;

    if (!kyso_request_file_open_input(self->job, params, "signature", KYSO_JSON_OPTIONAL, &fd, NULL,
                                      error))
        return FALSE;
    if (fd < 0)
        return TRUE;
    self->cms = kyso_fd_read_all(fd, MAX_CMS, &fault);
    if (self->cms == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "\"signature\": %s",
                    fault->message);
    self->is_beside = self->cms != NULL;
    return self->is_beside;
}

/* What can be raised, and how far. */
typedef struct {
    const char *name;
    KysoLevel highest;
    void (*start)(KysoAugmenting *self);
} Kind;

static const Kind pdf = {"a PDF", KYSO_LEVEL_LTA, kyso_augment_pdf_start};
static const Kind xml = {"an XML signature", KYSO_LEVEL_T, kyso_augment_xml_start};
static const Kind cms = {"a CMS", KYSO_LEVEL_LT, kyso_augment_file_start};
static const Kind jws = {"a JWS", KYSO_LEVEL_B, NULL};

static gboolean
is_within(const KysoAugmenting *self, const Kind *kind, GError **error)
{
    if (self->level <= kind->highest)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "conformance_level %s of %s",
                kyso_levels[self->level], kind->name);
    return FALSE;
}

/* By how it begins. */
static const Kind *
kind_of(const KysoAugmenting *self)
{
    int fd = self->copy->read_only;
    goffset size = self->copy->size;

    if (self->is_beside || kyso_data_report_is_cms(fd, size))
        return &cms;
    if (kyso_data_report_knows(fd, size))
        return &jws;
    return kyso_xml_reader_knows(fd, size) ? &xml : &pdf;
}

static gboolean
is_possible(const KysoAugmenting *self, GError **error)
{
    if (self->is_beside && !is_within(self, &cms, error))
        return FALSE;
    if (self->agent->configuration->timestamp_urls == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
                            "kyso.conf names no timestamp service ([timestamp] urls)");
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_request(KysoAugmenting *self, GError **error)
{
    const json_t *params = kyso_job_params(self->job);

    return read_level(self, params, error) &&
           kyso_request_file_open_input(self->job, params, "input", KYSO_JSON_REQUIRED,
                                        &self->input, NULL, error) &&
           read_signature(self, params, error) &&
           kyso_request_password_take(self->job, params, &self->password, error) &&
           kyso_request_file_read_output(self->job, params, "output", &self->output,
                                         &self->output_path, error) &&
           is_possible(self, error) && kyso_signer_get_journal(self->agent->signer, error) != NULL;
}

/* What it is now, before anything is added. An archive timestamp can always be renewed. */
static gboolean
begin(KysoAugmenting *self, GError **error)
{
    if (!kyso_augment_verdict_allows(self->report, error))
        return FALSE;
    self->has_begun = TRUE;
    self->level_before = kyso_augment_verdict_level(self->report, self->proofs);
    if (self->level_before < self->level || self->level >= KYSO_LEVEL_LTA)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_LEVEL_REACHED, "it is %s already",
                kyso_levels[self->level_before]);
    return FALSE;
}

static gboolean
is_still_good(const KysoAugmenting *self, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (kyso_augment_verdict_allows(self->report, &fault))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID, "our own result: %s", fault->message);
    return FALSE;
}

gboolean
kyso_augment_check(KysoAugmenting *self, GError **error)
{
    return self->has_begun ? is_still_good(self, error) : begin(self, error);
}

char *
kyso_augment_work_dir(const KysoAugmenting *self)
{
    if (self->output_path != NULL)
        return g_path_get_dirname(self->output_path);
    return g_strdup(self->agent->configuration->state_dir);
}

void
kyso_augment_start(KysoAgent *agent, KysoJob *job)
{
    KysoAugmenting *self = g_new0(KysoAugmenting, 1);
    GError *error = NULL;

    self->agent = agent;
    self->job = g_object_ref(job);
    self->input = self->output = self->password = self->extended = -1;
    self->record = kyso_attempt_new(job, "augment");
    if (!read_request(self, &error)) {
        kyso_job_fail(job, error);
        augmenting_free(self);
        return;
    }
    g_autofree char *dir = kyso_augment_work_dir(self);
    kyso_job_describe(job, "augment", "");
    kyso_job_set_stage(job, "read");
    kyso_private_copy_async(self->input, dir, self->output_path != NULL, kyso_job_cancellable(job),
                            input_copied, self);
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        kyso_augment_end(self, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->document_digest = kyso_file_hash_to_hex(digest);
    const Kind *kind = kind_of(self);
    if (is_within(self, kind, &error))
        kind->start(self);
    else
        kyso_augment_end(self, error);
}

void
kyso_augment_note_timestamp(KysoAugmenting *self, const KysoTimestamp *timestamp)
{
    g_free(self->timestamp_time);
    g_free(self->timestamp_service);
    self->timestamp_time = kyso_clock_to_rfc3339(timestamp->time);
    self->timestamp_service = g_strdup(kyso_certificate_get_common_name(timestamp->signer));
}

/* The end */

static json_t *
result_to_json(const KysoAugmenting *self)
{
    json_t *timestamp = json_null();

    if (self->timestamp_time != NULL)
        timestamp = json_pack("{s:s, s:s}", "time", self->timestamp_time, "service",
                              self->timestamp_service);
    return json_pack(
        "{s:s, s:I, s:o, s:s, s:s, s:s, s:s, s:I, s:o, s:s}", "requestID", self->record->request_id,
        "journal", (json_int_t) self->record->sequence, "evidence",
        self->evidence != 0 ? json_integer((json_int_t) self->evidence) : json_null(),
        "level_before", kyso_levels[self->level_before], "conformance_level",
        kyso_levels[self->level], "input_digest", self->record->document_digest, "output_digest",
        self->record->result_digest, "output_size", (json_int_t) self->result_size, "timestamp",
        timestamp, "verdict", kyso_document_verdict_get(self->report));
}

static void
fail(KysoAugmenting *self, GError *error)
{
    self->error = kyso_job_explain(self->job, error);
    kyso_attempt_set_failure(self->record, self->error);
    kyso_journal_append_async(self->agent->signer->journal, self->record, failure_recorded, self);
}

static void
failure_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, &error))
        g_warning("a failed attempt is not in the journal: %s", error->message);
    kyso_job_fail(self->job, g_steal_pointer(&self->error));
    augmenting_free(self);
}

void
kyso_augment_end(KysoAugmenting *self, GError *error)
{
    if (error != NULL || !kyso_job_commit(self->job, TRUE, &error)) {
        fail(self, error);
        return;
    }
    kyso_job_set_stage(self->job, "record");
    g_autofree char *detail =
        g_strdup_printf("%s -> %s", kyso_levels[self->level_before], kyso_levels[self->level]);
    g_free(self->record->detail);
    self->record->detail = g_steal_pointer(&detail);
    self->record->outcome = KYSO_OUTCOME_SIGNED;
    kyso_journal_append_async(self->agent->signer->journal, self->record, success_recorded, self);
}

void
kyso_augment_end_at_level(KysoAugmenting *self)
{
    KysoLevel level = kyso_augment_verdict_level(self->report, self->proofs);
    GError *error = NULL;

    if (level < self->level)
        g_set_error(&error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID, "our own result is %s only",
                    kyso_levels[level]);
    kyso_augment_end(self, error);
}

void
kyso_augment_end_with_copy(KysoAugmenting *self)
{
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);

    self->record->result_digest = kyso_file_hash_to_hex(digest);
    self->result = self->copy->file;
    self->result_size = self->copy->size;
    kyso_augment_end_at_level(self);
}

static void
deliver(KysoAugmenting *self)
{
    kyso_job_set_stage(self->job, "deliver");
    KysoDeliverySpec spec = {self->result, self->result_size, self->output_path, self->output};
    kyso_delivery_start_async(&spec, result_delivered, self);
}

static void
keep_evidence(KysoAugmenting *self)
{
    const KysoRecord *record = self->record;
    const KysoEvidenceFacts facts = {
        .kind = "augmented",
        .digest = record->result_digest,
        .size = self->result_size,
        .beside = self->is_beside ? record->document_digest : NULL,
        .input_digest = record->document_digest,
        .journal = record->sequence,
        .report = self->report,
    };

    kyso_evidence_keeping_put_async(self->agent->signer, &facts, evidence_kept, self);
}

/* It ends without a result, though the journal has one. */
static void
lose(KysoAugmenting *self, GError *error)
{
    kyso_job_fail(self->job, error);
    augmenting_free(self);
}

static void
success_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    if (!kyso_journal_append_finish(KYSO_JOURNAL(source), result, &self->record->sequence, &error))
        lose(self, error);
    else if (kyso_evidence_keeping_is_wanted(self->agent->signer))
        keep_evidence(self);
    else
        deliver(self);
}

static void
evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    self->evidence = kyso_evidence_keeping_put_finish(result, &error);
    if (self->evidence != 0)
        deliver(self);
    else
        lose(self, error);
}

static void
result_delivered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoAugmenting *self = user_data;
    GError *error = NULL;

    if (!kyso_delivery_start_finish(result, &error)) {
        kyso_evidence_keeping_forget(self->agent->signer, self->evidence);
        lose(self, error);
        return;
    }
    kyso_job_return(self->job, result_to_json(self));
    augmenting_free(self);
}
