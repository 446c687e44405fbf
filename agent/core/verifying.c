/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/verifying.h"

#include <string.h>

#include "agent/core/document-reader.h"
#include "agent/core/document-report.h"
#include "agent/core/private-copy.h"
#include "agent/core/request-file.h"
#include "agent/core/xml-reader.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MAX_CMS (1024 * 1024) /* bytes of a detached signature */

/* PDF: copied -> inspected [-> proofs read] -> verified. XML, ODF: copied -> inspected -> verified.
 * Detached: copied -> verified. The copy
 * keeps the answer about one and the same file, whatever its owner does meanwhile. */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void xml_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void proofs_read(GObject *source, GAsyncResult *result, gpointer user_data);
static void signatures_verified(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoFd input;
    GBytes *cms; /* NULL: the signatures are in the document */
    KysoHelper *reader;
    KysoPrivateCopy *copy;
    json_t *inspection;     /* PDF */
    KysoXmlInspection *xml; /* XML, ODF */
    KysoProofs *proofs;     /* NULL: the document has none */
} Verifying;

static void
verifying_free(Verifying *self)
{
    g_object_unref(self->job);
    kyso_fd_clear(&self->input);
    g_clear_pointer(&self->cms, g_bytes_unref);
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

    if (!kyso_request_file_open_input(self->job, kyso_job_params(self->job), "input",
                                      KYSO_JSON_REQUIRED, &self->input, NULL, error) ||
        !kyso_request_file_open_input(self->job, kyso_job_params(self->job), "signature",
                                      KYSO_JSON_OPTIONAL, &signature, NULL, error))
        return FALSE;
    if (signature < 0)
        return TRUE;
    g_autoptr(GError) fault = NULL;
    self->cms = kyso_fd_read_all(signature, MAX_CMS, &fault);
    if (self->cms == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "\"signature\": %s",
                    fault->message);
    return self->cms != NULL;
}

void
kyso_verifying_verify(KysoAgent *agent, KysoJob *job)
{
    Verifying *self = g_new0(Verifying, 1);
    GError *error = NULL;

    self->agent = agent;
    self->job = g_object_ref(job);
    self->input = -1;
    if (!read_files(self, &error)) {
        verifying_fail(self, error);
        return;
    }
    kyso_private_copy_async(self->input, agent->configuration->state_dir, kyso_job_cancellable(job),
                            input_copied, self);
}

/* By how it begins: a zip, or markup. All else is for the reader of PDF, which says what is wrong
 * with it. */
static gboolean
is_xml(int fd, goffset size)
{
    char head[64];
    gsize length = (gsize) MIN(size, (goffset) sizeof head);

    if (!kyso_fd_read_at(fd, head, length, 0, NULL))
        return FALSE;
    if (length >= 4 && memcmp(head, "PK\3\4", 4) == 0)
        return TRUE;
    gsize at = length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < length && g_ascii_isspace(head[at]))
        at++;
    return at < length && head[at] == '<';
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Verifying *self = user_data;
    GCancellable *cancellable = kyso_job_cancellable(self->job);
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        verifying_fail(self, error);
        return;
    }
    int fd = self->copy->read_only;
    if (self->cms != NULL) {
        kyso_document_report_detached_async(self->agent->signer, fd, self->copy->size, self->cms,
                                            cancellable, signatures_verified, self);
        return;
    }
    if (is_xml(fd, self->copy->size)) {
        self->reader = kyso_xml_reader_new();
        kyso_xml_reader_inspect_async(self->reader, self->agent, self->job, fd, FALSE, FALSE,
                                      xml_inspected, self);
        return;
    }
    self->reader = kyso_document_reader_new();
    kyso_document_reader_inspect_async(self->reader, self->agent, self->job, fd, document_inspected,
                                       self);
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
    kyso_job_return(self->job, kyso_document_report_to_json(report));
    verifying_free(self);
}
