/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/document-reader.h"
#include "agent/core/sign-doc-proofs.h"
#include "agent/core/sign-doc-repair.h"
#include "agent/core/sign-doc-state.h"
#include "agent/core/sign-look.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

#define TIMESTAMP_SIZE (16 * 1024) /* bytes; with the TSA's chain it takes about 7 KiB */

/* read:     copied -> inspected [-> proofs read] -> earlier signatures verified; beside it, text
 *           read for marks (damaged: written anew, and from "copied" on once more)
 * prepare:  (places found ->) update prepared
 * complete: more signatures: update prepared, and the token signs again; else
 *           [proofs added ->] result inspected -> result verified */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void earlier_proofs_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void text_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void places_found(GObject *source, GAsyncResult *result, gpointer user_data);
static void update_prepared(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_inspected(GObject *source, GAsyncResult *result, gpointer user_data);

static int
copy_fd(const KysoSigningDocument *self)
{
    return kyso_temporary_fd(self->copy->file);
}

static void
read_pdf(KysoSigningDocument *self)
{
    g_autofree char *dir = kyso_sign_document_work_dir(self);

    self->reader = kyso_document_reader_new(self->item->password);
    self->pages_reader = kyso_document_reader_new_pages(self->item->password);
    kyso_private_copy_async(self->item->input, dir, self->item->output_path != NULL,
                            kyso_job_cancellable(self->signing->job), input_copied, self);
}

/* Two parts, which run at the same time. */
static void
inspect_copy(KysoSigningDocument *self)
{
    kyso_document_reader_inspect_pages_async(
        self->reader, self->signing->agent, self->signing->job, self->copy->read_only,
        kyso_sign_doc_repair_pages(self), document_inspected, self);
    self->n_parts++;
    kyso_document_reader_text_async(self->pages_reader, self->signing->agent, self->signing->job,
                                    self->copy->read_only, text_read, self);
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        kyso_sign_document_part_done(self, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->document_digest = kyso_file_hash_to_hex(digest);
    kyso_sign_document_set_stage(self, "inspect");
    inspect_copy(self);
}

static void
repaired(KysoSigningDocument *self, GError *error)
{
    if (error != NULL)
        kyso_sign_document_part_done(self, error);
    else
        inspect_copy(self);
}

/* What an earlier signature does not allow, and what would show otherwise elsewhere. */
static void
read_limits(KysoSigningDocument *self)
{
    json_t *signatures = json_object_get(self->inspection, "signatures"), *signature;
    size_t i;

    self->facts.has_dynamic_form = json_is_true(json_object_get(self->inspection, "has_xfa"));
    /* A text field added after a signature breaks it, and so does the seal's, which lies over the
     * leader's. */
    self->facts.is_change_forbidden =
        json_array_size(signatures) > 0 && kyso_sign_look_adds_fields(self);
    json_array_foreach(signatures, i, signature)
    {
        gint64 level = json_integer_value(json_object_get(signature, "doc_mdp"));
        self->facts.is_change_forbidden |= level == 1;
        self->is_certified |= level == 2;
    }
}

static void
verify_earlier(KysoSigningDocument *self)
{
    kyso_document_report_pdf_async(
        self->signing->agent->signer, copy_fd(self), self->copy->size, self->inspection,
        self->proofs, kyso_job_cancellable(self->signing->job), earlier_verified, self);
}

/* What its owner forbids is told before the token is there; new fields are judged with the rest,
 * when it is known whether any are needed. */
static gboolean
may_be_signed(const KysoSigningDocument *self, GError **error)
{
    const json_t *permissions = json_object_get(self->inspection, "permissions");

    if (json_is_true(json_object_get(permissions, "sign")))
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNING_NOT_PERMITTED,
                        "the document does not permit signatures");
    return FALSE;
}

static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->inspection == NULL && kyso_sign_doc_repair_is_wanted(self, error)) {
        kyso_sign_doc_repair_start(self, error, repaired);
        return;
    }
    if (self->inspection == NULL || !may_be_signed(self, &error)) {
        kyso_sign_document_part_done(self, error);
        return;
    }
    read_limits(self);
    self->n_pages = (guint) json_integer_value(json_object_get(self->inspection, "page_count"));
    if (json_is_true(json_object_get(self->inspection, "has_proofs")))
        kyso_document_reader_proofs_async(self->reader, self->signing->agent, self->signing->job,
                                          self->copy->read_only, earlier_proofs_read, self);
    else
        verify_earlier(self);
}

/* A leader's certificate may have expired since: the letter's own proofs say that it was good.
 * Proofs that cannot be had leave the verdict to what the signatures say. */
static void
earlier_proofs_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;

    self->proofs = kyso_document_reader_proofs_finish(KYSO_HELPER(source), result, NULL);
    verify_earlier(self);
}

/* What the paper says counts, whatever the caller's metadata say. */
static void
text_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autofree char *text = kyso_document_reader_text_finish(KYSO_HELPER(source), result, &error);

    gboolean is_latest = KYSO_HELPER(source) == self->pages_reader;

    if (is_latest)
        g_clear_object(&self->pages_reader);
    /* A mark on the damaged document counts as well, should it be lost on the one written anew. */
    if (text != NULL)
        self->facts.secrecy_mark =
            MAX(self->facts.secrecy_mark, kyso_policy_find_secrecy_mark(text));
    if (is_latest && text != NULL && kyso_sign_doc_shows_each(self->signing)) {
        g_free(self->text);
        self->text = g_strndup(text, KYSO_DOCUMENT_TEXT_MAX);
    }
    /* What is wrong with a document, the inspection says better: its word goes first. */
    if (is_latest)
        self->late_error = g_steal_pointer(&error);
    g_clear_error(&error);
    kyso_sign_document_part_done(self, NULL);
}

static void
earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoDocumentReport) report = kyso_document_report_finish(result, &error);

    if (report != NULL) {
        kyso_document_report_to_facts(report, &self->facts);
        self->leader_field = g_strdup(kyso_document_report_leader_field(report));
    }
    kyso_sign_document_part_done(self, error);
}

/* The first time before the person is asked, later while the token waits. */
static void
prepared(KysoSigningDocument *self, GError *error)
{
    if (self->n_signed == 0)
        kyso_sign_document_prepared(self, error);
    else
        kyso_sign_document_prepared_again(self, error);
}

/* The seal is the last of several, and only it has an image. */
static void
prepare_next(KysoSigningDocument *self)
{
    const KysoSigning *signing = self->signing;
    gboolean is_last = !kyso_sign_document_has_more(self);
    GError *error = NULL;
    gsize size = kyso_sign_maker_measure_cades(self, &error);

    if (size == 0) {
        prepared(self, error);
        return;
    }
    if (self->reader == NULL)
        self->reader = kyso_document_reader_new(self->item->password);
    g_autofree char *time = kyso_clock_to_pdf(signing->signing_time);
    KysoPrepareSpec spec = {
        .look = json_incref(json_array_get(self->looks, self->n_signed)),
        .image = is_last ? self->item->image : -1,
        .certify = signing->request->certify,
        .signing_time = time,
        .signer = kyso_certificate_get_common_name(signing->certificate),
        .contents_size = (guint) size + (self->level >= KYSO_LEVEL_T ? TIMESTAMP_SIZE : 0),
    };
    kyso_document_reader_prepare_async(self->reader, self->signing->agent, self->signing->job,
                                       self->copy->read_only, &spec, update_prepared, self);
}

/* With the places known, or none to be known. */
static void
prepare_at(KysoSigningDocument *self, const json_t *found)
{
    GError *error = NULL;

    self->looks = kyso_sign_look_list(self, found, &error);
    if (self->looks == NULL) {
        kyso_sign_document_prepared(self, error);
        return;
    }
    self->n_signatures = (guint) json_array_size(self->looks);
    prepare_next(self);
}

static void
prepare_pdf(KysoSigningDocument *self)
{
    GError *error = NULL;

    if (!kyso_sign_look_begin(self, &error)) {
        kyso_sign_document_prepared(self, error);
        return;
    }
    json_t *questions = kyso_sign_look_questions(self);
    if (questions == NULL) {
        prepare_at(self, NULL);
        return;
    }
    self->pages_reader = kyso_document_reader_new_pages(self->item->password);
    kyso_document_reader_places_async(self->pages_reader, self->signing->agent, self->signing->job,
                                      self->copy->read_only, questions, places_found, self);
}

static void
places_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(json_t) found =
        kyso_document_reader_places_finish(KYSO_HELPER(source), result, &error);

    g_clear_object(&self->pages_reader);
    if (found == NULL)
        kyso_sign_document_prepared(self, error);
    else
        prepare_at(self, found);
}

static void
update_prepared(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    g_clear_object(&self->reader);
    g_clear_pointer(&self->inspection, json_decref);
    if (reply != NULL)
        self->increment = kyso_increment_append(self->copy, reply, &error);
    if (self->increment != NULL)
        self->content_digest =
            kyso_increment_hash(self->increment, self->copy, self->signing->scheme->hash, &error);
    prepared(self, error);
}

/* A stranger has not seen what came before: a fresh process will read the result. It gets ready
 * while the person reads, or the token signs. */
static void
warm_pdf(KysoSigningDocument *self)
{
    if (self->reader == NULL)
        self->reader = kyso_document_reader_new(self->item->password);
}

static void
check_result(KysoSigningDocument *self, GError *error)
{
    if (error != NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->result_digest = kyso_file_hash_to_hex(digest);
    kyso_sign_document_set_stage(self, "check");
    if (self->reader != NULL && !kyso_helper_is_usable(self->reader))
        g_clear_object(&self->reader);
    warm_pdf(self);
    kyso_document_reader_inspect_async(self->reader, self->signing->agent, self->signing->job,
                                       self->copy->read_only, result_inspected, self);
}

/* Of the signature that is in the copy now, only the proofs of its timestamp are still of matter.
 */
static void
forget_signature(KysoSigningDocument *self)
{
    if (self->timestamp != NULL)
        g_ptr_array_add(self->earlier_chains, g_ptr_array_ref(self->timestamp->chain));
    g_clear_pointer(&self->timestamp, kyso_timestamp_free);
    g_clear_pointer(&self->increment, kyso_increment_free);
    g_clear_pointer(&self->content_digest, g_bytes_unref);
    g_clear_pointer(&self->builder, kyso_cades_builder_free);
    g_clear_pointer(&self->cms, g_bytes_unref);
}

static void
complete_pdf(KysoSigningDocument *self)
{
    gboolean has_more = kyso_sign_document_has_more(self);
    GError *error = NULL;

    if (!kyso_increment_complete(self->increment, self->copy, self->cms, &error) ||
        !kyso_private_copy_grow(self->copy, self->increment->size, &error)) {
        kyso_sign_document_completed(self, error);
        return;
    }
    self->signed_size = self->copy->size;
    self->n_signed++;
    if (has_more) {
        forget_signature(self);
        kyso_sign_document_set_stage(self, "prepare");
        prepare_next(self);
    } else if (self->level >= KYSO_LEVEL_LT)
        kyso_sign_doc_proofs_add(self, check_result);
    else
        check_result(self, NULL);
}

static void
result_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    json_t *inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);

    g_clear_object(&self->reader);
    if (inspection == NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    self->inspection = inspection;
    kyso_document_report_pdf_async(self->signing->agent->signer, copy_fd(self), self->copy->size,
                                   self->inspection, NULL, kyso_job_cancellable(self->signing->job),
                                   kyso_sign_doc_check_copy_verified, self);
}

const KysoSigningKind kyso_sign_doc_pdf = {
    KYSO_CADES_PADES, &kyso_sign_maker_cades, read_pdf, prepare_pdf, warm_pdf, complete_pdf};
