/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/verifying.h"

#include <sys/stat.h>

#include "agent/core/data-report.h"
#include "agent/core/document-reader.h"
#include "agent/core/document-report.h"
#include "agent/core/private-copy.h"
#include "agent/core/request-file.h"
#include "agent/core/request-password.h"
#include "agent/core/verifying-content.h"
#include "agent/core/verifying-evidence.h"
#include "agent/core/xml-reader.h"
#include "agent/jose/jws-reader.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MAX_SIGNATURE (1024 * 1024) /* bytes of one beside its file */

/* PDF: copied -> inspected [-> proofs read] -> verified. XML, packages: copied -> inspected ->
 * verified. All else: copied -> verified. The copy keeps the answer about one and the same file,
 * whatever its owner does meanwhile. */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void xml_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoFd input, password; /* password: -1: none */
    GBytes *signature;      /* NULL: it is in the input */
    KysoContentOutput content;
    gboolean keeps_evidence;
    KysoHelper *reader;
    KysoPrivateCopy *copy;
    json_t *inspection;     /* PDF */
    KysoXmlInspection *xml; /* XML, packages */
    KysoProofs *proofs;     /* NULL: the document has none */
} Verifying;

static void
verifying_free(Verifying *self)
{
    g_object_unref(self->job);
    kyso_fd_clear(&self->input);
    kyso_fd_clear(&self->password);
    g_clear_pointer(&self->signature, g_bytes_unref);
    kyso_content_output_clear(&self->content);
    g_clear_object(&self->reader);
    g_clear_pointer(&self->copy, kyso_private_copy_free);
    json_decref(self->inspection);
    g_clear_pointer(&self->xml, kyso_xml_inspection_free);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_free(self);
}

static void
verifying_fail(Verifying *self, GError *error)
{
    kyso_job_fail(self->job, error);
    verifying_free(self);
}

static gboolean
read_files(Verifying *self, GError **error)
{
    g_auto(KysoFd) signature = -1;
    const json_t *params = kyso_job_params(self->job);

    if (!kyso_json_get_boolean(params, "keep_evidence", KYSO_JSON_OPTIONAL, &self->keeps_evidence,
                               error))
        return FALSE;
    if (self->keeps_evidence && json_object_get(params, "content") != NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"keep_evidence\" and \"content\" exclude each other");
        return FALSE;
    }
    if (!kyso_request_file_open_input(self->job, params, "input", KYSO_JSON_REQUIRED, &self->input,
                                      NULL, error) ||
        !kyso_request_file_open_input(self->job, params, "signature", KYSO_JSON_OPTIONAL,
                                      &signature, NULL, error) ||
        !kyso_request_password_take(self->job, params, &self->password, error) ||
        !kyso_content_output_read(&self->content, self->job, error))
        return FALSE;
    if (signature < 0)
        return TRUE;
    g_autoptr(GError) fault = NULL;
    self->signature = kyso_fd_read_all(signature, MAX_SIGNATURE, &fault);
    if (self->signature == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "\"signature\": %s",
                    fault->message);
    return self->signature != NULL;
}

/* What will read a PDF gets ready while that is copied. The copy has the last word on what it is.
 */
static void
warm(Verifying *self)
{
    struct stat st;

    if (self->signature == NULL && fstat(self->input, &st) == 0 &&
        !kyso_data_report_knows(self->input, st.st_size) &&
        !kyso_xml_reader_knows(self->input, st.st_size))
        self->reader = kyso_document_reader_new_inspector(self->password);
}

void
kyso_verifying_verify(KysoAgent *agent, KysoJob *job)
{
    Verifying *self = g_new0(Verifying, 1);
    GError *error = NULL;

    self->agent = agent;
    self->job = g_object_ref(job);
    self->input = self->password = self->content.fd = -1;
    if (!read_files(self, &error)) {
        verifying_fail(self, error);
        return;
    }
    warm(self);
    kyso_private_copy_async(self->input, agent->configuration->state_dir, FALSE,
                            kyso_job_cancellable(job), input_copied, self);
}

/* FALSE: the input may be a PDF. */
static gboolean
verify_data(Verifying *self)
{
    KysoSigner *signer = self->agent->signer;
    GCancellable *cancellable = kyso_job_cancellable(self->job);
    int fd = self->copy->read_only;
    gsize size = 0;
    gboolean is_apart = self->signature != NULL;
    const char *start = is_apart ? g_bytes_get_data(self->signature, &size) : NULL;

    if (!is_apart && !kyso_data_report_knows(fd, self->copy->size))
        return FALSE;
    if (is_apart && !kyso_jws_is_begun_by(start, size))
        kyso_document_report_detached_async(signer, fd, self->copy->size, self->signature,
                                            cancellable, signatures_verified, self);
    else
        kyso_data_report_async(signer, fd, self->copy->size, self->signature, cancellable,
                               signatures_verified, self);
    return TRUE;
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        verifying_fail(self, error);
        return;
    }
    if (verify_data(self))
        return;
    /* All else is for the reader of PDF, which says what is wrong with it. */
    if (kyso_xml_reader_knows(self->copy->read_only, self->copy->size)) {
        g_clear_object(&self->reader);
        self->reader = kyso_xml_reader_new();
        kyso_xml_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                      FALSE, FALSE, xml_inspected, self);
        return;
    }
    if (self->reader == NULL)
        self->reader = kyso_document_reader_new_inspector(self->password);
    kyso_document_reader_inspect_async(self->reader, self->agent, self->job, self->copy->read_only,
                                       document_inspected, self);
}

static void
xml_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;
    GError *error = NULL;

    self->xml = kyso_xml_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->xml == NULL)
        verifying_fail(self, error);
    else
        kyso_document_report_xml_async(self->agent->signer, self->xml,
                                       kyso_job_cancellable(self->job), signatures_verified, self);
}

static void
verify(Verifying *self)
{
    kyso_document_report_pdf_async(self->agent->signer, self->copy->read_only, self->copy->size,
                                   self->inspection, self->proofs, kyso_job_cancellable(self->job),
                                   signatures_verified, self);
}

static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;
    GError *error = NULL;

    self->inspection = kyso_document_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    if (self->inspection == NULL) {
        verifying_fail(self, error);
        return;
    }
    if (json_is_true(json_object_get(self->inspection, "has_proofs")))
        kyso_document_reader_proofs_async(self->reader, self->agent, self->job,
                                          self->copy->read_only, proofs_read, self);
    else
        verify(self);
}

/* Proofs that cannot be had leave the verdict to what the signatures say. */
static void
proofs_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;

    self->proofs = kyso_document_reader_proofs_finish(KYSO_HELPER(source), result, NULL);
    verify(self);
}

static void
signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoDocumentReport) report = kyso_document_report_finish(result, &error);

    if (report == NULL) {
        verifying_fail(self, error);
        return;
    }
    if (self->content.fd >= 0 || self->content.path != NULL)
        kyso_verifying_content_finish(self->agent, self->job, g_steal_pointer(&report),
                                      g_steal_pointer(&self->copy), &self->content);
    else if (self->keeps_evidence)
        kyso_verifying_evidence_finish(self->agent, self->job, g_steal_pointer(&report),
                                       g_steal_pointer(&self->copy), self->signature);
    else
        kyso_job_return(self->job, kyso_document_report_to_json(report));
    verifying_free(self);
}
