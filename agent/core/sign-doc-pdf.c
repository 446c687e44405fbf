/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/document-reader.h"
#include "agent/core/sign-doc-state.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

/* Bytes for the CMS; with its chain, without a timestamp, it takes about 6 KiB. */
#define CONTENTS_SIZE (16 * 1024)

/* read:     copied -> inspected -> earlier signatures verified; beside it, text read for marks
 * prepare:  update prepared
 * complete: result inspected -> result verified */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void text_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void update_prepared(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_verified(GObject *source, GAsyncResult *result, gpointer user_data);

static int
copy_fd(const KysoSigning *self)
{
    return kyso_temporary_fd(self->copy->file);
}

static void
read_pdf(KysoSigning *self)
{
    g_autofree char *dir = kyso_sign_doc_work_dir(self);

    self->reader = kyso_document_reader_new();
    self->pages_reader = kyso_document_reader_new_pages();
    kyso_private_copy_async(self->request->input, dir, kyso_job_cancellable(self->job),
                            input_copied, self);
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        kyso_sign_doc_part_done(self, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->document_digest = kyso_file_hash_to_hex(digest);

    kyso_job_set_stage(self->job, "inspect");
    kyso_document_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                       document_inspected, self);
    self->n_waiting++;
    kyso_document_reader_text_async(self->pages_reader, self->agent, self->job,
                                    self->copy->read_only, text_read, self);
}

static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    self->inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->inspection == NULL) {
        kyso_sign_doc_part_done(self, error);
        return;
    }
    kyso_document_report_pdf_async(self->agent->signer, copy_fd(self), self->copy->size,
                                   self->inspection, kyso_job_cancellable(self->job),
                                   earlier_verified, self);
}

/* What the paper says counts, whatever the caller's metadata say. */
static void
text_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autofree char *text = kyso_document_reader_text_finish(KYSO_HELPER(source), result, &error);

    g_clear_object(&self->pages_reader);
    if (text != NULL)
        self->facts.secrecy_mark = kyso_policy_find_secrecy_mark(text);
    /* What is wrong with a document, the inspection says better: its word goes first. */
    self->late_error = error;
    kyso_sign_doc_part_done(self, NULL);
}

static void
earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoDocumentReport) report = kyso_document_report_finish(result, &error);

    if (report != NULL)
        kyso_document_report_to_facts(report, &self->facts);
    kyso_sign_doc_part_done(self, error);
}

/* The field named @name in the inspection, or NULL. */
static const json_t *
find_field(const KysoSigning *self, const char *name)
{
    json_t *fields = json_object_get(self->inspection, "fields"), *field;
    size_t i;

    json_array_foreach(fields, i,
                       field) if (g_strcmp0(json_string_value(json_object_get(field, "name")),
                                            name) == 0) return field;
    return NULL;
}

static gboolean
is_free_field(const json_t *field, const char *type)
{
    return field != NULL && !json_is_true(json_object_get(field, "signed")) &&
           !json_is_true(json_object_get(field, "read_only")) &&
           g_strcmp0(json_string_value(json_object_get(field, "type")), type) == 0;
}

/* A name that no field has: "Approval1", "Approval2", ... */
static char *
new_field_name(const KysoSigning *self, const char *stem)
{
    for (guint n = 1;; n++) {
        g_autofree char *name = g_strdup_printf("%s%u", stem, n);
        if (find_field(self, name) == NULL)
            return g_steal_pointer(&name);
    }
}

static gboolean
choose_approval(KysoSigning *self, GError **error)
{
    for (int i = 0; i < KYSO_N_BLANKS; i++) {
        if (self->request->reserve[i].page == 0 || find_field(self, kyso_blanks[i].field) == NULL)
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"reserve\": an earlier signature has reserved \"%s\" already",
                    kyso_blanks[i].param);
        return FALSE;
    }
    self->field = new_field_name(self, "Approval");
    return TRUE;
}

/* Every blank that the leader left must be filled, and nothing else can be. */
static gboolean
fits_blanks(const KysoSigning *self, GError **error)
{
    for (int i = 0; i < KYSO_BLANK_SEAL; i++) {
        gboolean is_reserved = is_free_field(find_field(self, kyso_blanks[i].field), "Tx");
        gboolean is_given = self->request->fill[i] != NULL;
        if (is_reserved && !is_given) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                        "\"fill\": \"%s\" is missing", kyso_blanks[i].param);
            return FALSE;
        }
        if (is_given && !is_reserved) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                        "the document has no field \"%s\" to be filled", kyso_blanks[i].field);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
choose_seal(KysoSigning *self, gboolean *ret_is_reserved, GError **error)
{
    const char *name = kyso_blanks[KYSO_BLANK_SEAL].field;
    gboolean has_place = self->request->place.page != 0;

    *ret_is_reserved = is_free_field(find_field(self, name), "Sig");
    if (*ret_is_reserved && has_place) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"place\": the leader has reserved the place of the seal");
        return FALSE;
    }
    if (!*ret_is_reserved && !has_place) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                    "the document has no free field \"%s\"; \"place\" is needed", name);
        return FALSE;
    }
    self->field = *ret_is_reserved ? g_strdup(name) : new_field_name(self, name);
    return fits_blanks(self, error);
}

static void
prepare_pdf(KysoSigning *self)
{
    gboolean is_reserved = FALSE;
    GError *error = NULL;
    gboolean chosen = self->request->purpose == KYSO_PURPOSE_ISSUE
                          ? choose_seal(self, &is_reserved, &error)
                          : choose_approval(self, &error);

    if (!chosen) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    g_autofree char *time = kyso_clock_to_pdf(self->signing_time);
    KysoPrepareSpec spec = {
        .request = self->request,
        .field = self->field,
        .is_reserved = is_reserved,
        .signing_time = time,
        .signer = kyso_certificate_get_common_name(self->certificate),
        .contents_size = CONTENTS_SIZE,
    };
    kyso_document_reader_prepare_async(self->reader, self->agent, self->job, self->copy->read_only,
                                       &spec, update_prepared, self);
}

static void
update_prepared(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    /* A stranger has not seen what came before: a fresh process will read the result. It gets ready
     * while the person reads. */
    g_object_unref(self->reader);
    self->reader = kyso_document_reader_new();
    if (reply != NULL)
        self->increment = kyso_increment_append(self->copy, reply, &error);
    if (self->increment != NULL)
        self->content_digest =
            kyso_increment_hash(self->increment, self->copy, self->scheme->hash, &error);
    if (self->content_digest != NULL)
        kyso_sign_doc_ask(self);
    else
        kyso_sign_doc_fail(self, error);
}

/* The input's hash goes on over the update: no second pass over the document. */
static gboolean
hash_result(KysoSigning *self, GError **error)
{
    goffset from = self->copy->size;

    if (!kyso_file_hash_add(self->copy->hash, copy_fd(self), from, self->increment->size - from,
                            error))
        return FALSE;
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->result_digest = kyso_file_hash_to_hex(digest);
    return TRUE;
}

static void
complete_pdf(KysoSigning *self)
{
    GError *error = NULL;

    if (!kyso_increment_complete(self->increment, self->copy, self->cms, &error) ||
        !hash_result(self, &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    if (!kyso_helper_is_usable(self->reader)) {
        g_object_unref(self->reader);
        self->reader = kyso_document_reader_new();
    }
    kyso_document_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                       result_inspected, self);
}

static void
result_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;
    json_t *inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);

    g_clear_object(&self->reader);
    if (inspection == NULL) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    json_decref(self->inspection);
    self->inspection = inspection;
    kyso_document_report_pdf_async(self->agent->signer, copy_fd(self), self->increment->size,
                                   self->inspection, kyso_job_cancellable(self->job),
                                   result_verified, self);
}

static void
result_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigning *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report == NULL || !kyso_sign_doc_check_report(self, self->report, &error)) {
        kyso_sign_doc_fail(self, error);
        return;
    }
    self->result = self->copy->file;
    self->result_size = self->increment->size;
    kyso_sign_doc_record(self);
}

const KysoSigningKind kyso_sign_doc_pdf = {KYSO_CADES_PADES, read_pdf, prepare_pdf, complete_pdf};
