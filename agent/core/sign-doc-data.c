/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/stat.h>

#include "agent/core/data-report.h"
#include "agent/core/sign-data.h"
#include "agent/core/sign-doc-state.h"
#include "agent/jose/json-data.h"
#include "ipc/base/error.h"

/* Data and files whose signature carries them, and JWS. read: copied, since what is signed is
 * handed over; a message or JSON is looked at as text. prepare: hashed for the key, where that is
 * another hash. complete: the result written, and verified. Each arrow is one callback; read
 * downwards. */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void content_hashed(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_written(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_verified(GObject *source, GAsyncResult *result, gpointer user_data);

#define MARKED_MAX (64 * 1024) /* bytes: as much as of a page */

/* A file may be of any size; what is shown to a person, and JWS, is held in memory. */
static gboolean
is_message(const KysoSigningDocument *self)
{
    return self->signing->kind != &kyso_sign_doc_attached;
}

static gboolean
is_within_limit(goffset size, GError **error)
{
    if (size <= KYSO_JWS_MAX_PAYLOAD)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_DATA_TOO_LARGE, "over %d bytes",
                KYSO_JWS_MAX_PAYLOAD);
    return FALSE;
}

static void
read_data(KysoSigningDocument *self)
{
    GError *error = NULL;
    struct stat st;

    /* Before the disk is filled with it; and again below, as it may be growing. */
    if (is_message(self) && fstat(self->item->input, &st) == 0 &&
        !is_within_limit(st.st_size, &error)) {
        kyso_sign_document_part_done(self, error);
        return;
    }
    g_autofree char *dir = kyso_sign_document_work_dir(self);
    kyso_private_copy_async(self->item->input, dir, FALSE, kyso_job_cancellable(self->signing->job),
                            input_copied, self);
}

/* What is text is shown, and a secrecy mark where it begins counts as on the first page. */
static void
look_at_text(KysoSigningDocument *self, GBytes *content)
{
    gsize size = 0;
    const char *data = g_bytes_get_data(content, &size);

    if (!g_utf8_validate_len(data, size, NULL))
        return;
    g_autofree char *text = g_strndup(data, MIN(size, MARKED_MAX)); /* may end in half a letter */
    self->facts.secrecy_mark = kyso_policy_find_secrecy_mark(text);
    self->text = g_strndup(text, KYSO_DOCUMENT_TEXT_MAX);
}

static gboolean
look_at_message(KysoSigningDocument *self, GError **error)
{
    g_autoptr(GBytes) content = NULL;

    if (!is_within_limit(self->copy->size, error))
        return FALSE;
    if (self->copy->size == 0) { /* it would look like a signature whose content is apart */
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_EMPTY, "nothing to sign");
        return FALSE;
    }
    content = kyso_sign_document_read_copy(self, error);
    if (content == NULL)
        return FALSE;
    if (self->signing->request->purpose == KYSO_PURPOSE_JSON &&
        !kyso_json_data_check(content, error))
        return FALSE;
    look_at_text(self, content);
    return TRUE;
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy != NULL) {
        self->content_digest = kyso_file_hash_get(self->copy->hash);
        self->record->document_digest = kyso_file_hash_to_hex(self->content_digest);
        if (is_message(self))
            look_at_message(self, &error);
    }
    kyso_sign_document_part_done(self, error);
}

/* CMS */

static void
hash_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const KysoSigningDocument *self = task_data;
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new(self->signing->scheme->hash);
    GError *error = NULL;

    if (kyso_file_hash_add(hash, self->copy->read_only, 0, self->copy->size, &error))
        g_task_return_pointer(task, kyso_file_hash_get(hash), (GDestroyNotify) g_bytes_unref);
    else
        g_task_return_error(task, error);
}

static void
prepare_cms(KysoSigningDocument *self)
{
    if (g_str_equal(self->signing->scheme->hash, "SHA256")) {
        kyso_sign_document_prepared(self, NULL);
        return;
    }
    g_autoptr(GTask) task =
        g_task_new(NULL, kyso_job_cancellable(self->signing->job), content_hashed, self);
    g_task_set_task_data(task, self, NULL);
    g_task_run_in_thread(task, hash_in_thread);
}

static void
content_hashed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    GBytes *digest = g_task_propagate_pointer(G_TASK(result), &error);

    if (digest != NULL) {
        g_bytes_unref(self->content_digest);
        self->content_digest = digest;
    }
    kyso_sign_document_prepared(self, error);
}

/* JWS */

static void
prepare_json(KysoSigningDocument *self)
{
    kyso_sign_document_prepared(self, NULL);
}

/* The result */

static void
complete_data(KysoSigningDocument *self)
{
    const KysoSignRequest *request = self->signing->request;
    g_autofree char *dir = kyso_sign_document_work_dir(self);
    gboolean carries = request->is_attached && request->format == KYSO_FORMAT_CMS;
    KysoSignDataSpec spec = {
        .dir = dir,
        .signature = self->cms,
        .content = carries ? self->copy->read_only : -1,
        .size = self->copy->size,
    };

    kyso_sign_document_set_stage(self, "check");
    kyso_sign_data_write_async(&spec, kyso_job_cancellable(self->signing->job), result_written,
                               self);
}

/* As whoever gets it would: with the content where that is apart. */
static void
verify_result(KysoSigningDocument *self)
{
    const KysoSignRequest *request = self->signing->request;
    KysoSigner *signer = self->signing->agent->signer;
    GCancellable *cancellable = kyso_job_cancellable(self->signing->job);
    int content = self->copy->read_only;

    if (request->is_attached)
        kyso_data_report_async(signer, kyso_temporary_fd(self->result), self->result_size, NULL,
                               cancellable, result_verified, self);
    else if (request->format == KYSO_FORMAT_JSON)
        kyso_data_report_async(signer, content, self->copy->size, self->cms, cancellable,
                               result_verified, self);
    else
        kyso_document_report_detached_async(signer, content, self->copy->size, self->cms,
                                            cancellable, result_verified, self);
}

static void
result_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoSignDataResult) written = kyso_sign_data_write_finish(result, &error);

    if (written == NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    self->result = g_steal_pointer(&written->file);
    self->result_size = written->size;
    self->record->result_digest = g_steal_pointer(&written->digest);
    verify_result(self);
}

static void
result_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report != NULL)
        kyso_sign_doc_check_report(self, self->report, &error);
    kyso_sign_document_completed(self, error);
}

const KysoSigningKind kyso_sign_doc_attached = {
    .profile = KYSO_CADES_DETACHED,
    .maker = &kyso_sign_maker_cades,
    .read = read_data,
    .prepare = prepare_cms,
    .complete = complete_data,
};

const KysoSigningKind kyso_sign_doc_message = {
    .profile = KYSO_CADES_DETACHED,
    .maker = &kyso_sign_maker_cades,
    .read = read_data,
    .prepare = prepare_cms,
    .complete = complete_data,
};

const KysoSigningKind kyso_sign_doc_json = {
    .maker = &kyso_sign_maker_jws,
    .read = read_data,
    .prepare = prepare_json,
    .complete = complete_data,
};
