/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-reader.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#define MAX_PROOFS 64 /* of each kind: as agent/document/pdf-proofs.h */
#define UNLOCK_MS 10000
#define MAX_PROOFS_SIZE (48 * 1024 * 1024)

/* What it says of the password, it says again when it opens the document. */
static void
unlocked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &error);

    if (reply == NULL && kyso_error_code(error) != KYSO_ERROR_CANCELLED)
        g_debug("password not taken: %s", error->message);
}

static KysoHelper *
new_reader(const char *name, int password)
{
    g_autofree char *program = kyso_paths_program(name, "agent/document");
    const char *argv[] = {program, NULL};
    KysoHelperFaults faults = {KYSO_ERROR_DOCUMENT_WORKER_CRASHED, KYSO_ERROR_DOCUMENT_WORKER_HUNG};
    KysoHelper *reader = kyso_helper_new(argv, faults);

    /* Its walls take it longer to put up than a letter to read. */
    kyso_helper_start(reader);
    if (password >= 0)
        kyso_helper_call_async(reader, "document.unlock",
                               json_pack("{s:o}", "password", kyso_json_fd(0)), &password, 1,
                               UNLOCK_MS, NULL, NULL, unlocked, NULL);
    return reader;
}

KysoHelper *
kyso_document_reader_new(int password)
{
    return new_reader("kyso-document", password);
}

KysoHelper *
kyso_document_reader_new_inspector(int password)
{
    return new_reader("kyso-document-inspect", password);
}

KysoHelper *
kyso_document_reader_new_pages(int password)
{
    return new_reader("kyso-document-pages", password);
}

void
kyso_document_reader_inspect_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   GAsyncReadyCallback done, gpointer user_data)
{
    kyso_document_reader_inspect_pages_async(self, agent, job, document, NULL, done, user_data);
}

void
kyso_document_reader_inspect_pages_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                         int document, json_t *pages, GAsyncReadyCallback done,
                                         gpointer user_data)
{
    json_t *params = json_pack("{s:o}", "document", kyso_json_fd(0));

    if (pages != NULL)
        json_object_set_new(params, "pages", pages);
    kyso_helper_call_async(self, "document.inspect", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

json_t *
kyso_document_reader_inspect_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    return reply != NULL ? json_incref(reply->result) : NULL;
}

void
kyso_document_reader_text_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o, s:i}", "document", kyso_json_fd(0), "page", 1);
    kyso_helper_call_async(self, "document.text", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

char *
kyso_document_reader_text_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    const char *text = NULL;

    if (reply == NULL ||
        !kyso_json_get_string(reply->result, "text", KYSO_JSON_REQUIRED, &text, error))
        return NULL;
    return g_strdup(text);
}

void
kyso_document_reader_places_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                  json_t *questions, GAsyncReadyCallback done, gpointer user_data)
{
    json_object_set_new(questions, "document", kyso_json_fd(0));
    kyso_helper_call_async(self, "document.places", questions, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

json_t *
kyso_document_reader_places_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    return reply != NULL ? json_incref(reply->result) : NULL;
}

void
kyso_document_reader_prepare_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   const KysoPrepareSpec *spec, GAsyncReadyCallback done,
                                   gpointer user_data)
{
    int fds[] = {document, spec->image};
    guint n_fds = spec->image >= 0 ? 2 : 1;
    json_t *params = spec->look;

    json_object_set_new(params, "document", kyso_json_fd(0));
    if (spec->image >= 0)
        json_object_set_new(params, "image", kyso_json_fd(1));
    json_object_set_new(params, "contents_size", json_integer(spec->contents_size));
    json_object_set_new(params, "signing_time", json_string(spec->signing_time));
    json_object_set_new(params, "name", json_string(spec->signer));
    json_object_set_new(params, "certify", json_integer(spec->certify ? 2 : 0));
    kyso_helper_call_async(self, "document.prepare", params, fds, n_fds,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

KysoReply *
kyso_document_reader_prepare_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    return kyso_helper_call_finish(self, result, error);
}

static json_t *
put_blob(GByteArray *all, GBytes *blob, json_t *lengths)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(blob, &size);

    g_byte_array_append(all, data, (guint) size);
    json_array_append_new(lengths, json_integer((json_int_t) size));
    return lengths;
}

static json_t *
put_blobs(GByteArray *all, const GPtrArray *blobs)
{
    json_t *lengths = json_array();

    for (guint i = 0; i < blobs->len; i++)
        put_blob(all, blobs->pdata[i], lengths);
    return lengths;
}

static json_t *
put_certificates(GByteArray *all, const GPtrArray *certificates)
{
    json_t *lengths = json_array();

    for (guint i = 0; i < certificates->len; i++)
        put_blob(all, kyso_certificate_get_der(certificates->pdata[i]), lengths);
    return lengths;
}

gboolean
kyso_document_reader_extend_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                  const KysoProofs *proofs, const char *signature,
                                  GAsyncReadyCallback done, gpointer user_data, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    json_t *params =
        json_pack("{s:o, s:o}", "document", kyso_json_fd(0), "proofs", kyso_json_fd(1));

    if (signature != NULL)
        json_object_set_new(params, "signature", json_string(signature));
    json_object_set_new(params, "certificates", put_certificates(all, proofs->certificates));
    json_object_set_new(params, "ocsps", put_blobs(all, proofs->ocsps));
    json_object_set_new(params, "crls", put_blobs(all, proofs->crls));
    g_auto(KysoFd) blobs = kyso_fd_new_memory("proofs", all->data, all->len, error);
    if (blobs < 0) {
        json_decref(params);
        return FALSE;
    }
    int fds[] = {document, blobs};
    kyso_helper_call_async(self, "document.extend", params, fds, G_N_ELEMENTS(fds),
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
    return TRUE;
}

void
kyso_document_reader_prepare_timestamp_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                             int document, const char *field, guint contents_size,
                                             GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o, s:b, s:{s:s}, s:i}", "document", kyso_json_fd(0), "timestamp",
                               TRUE, "field", "name", field, "contents_size", (int) contents_size);

    kyso_helper_call_async(self, "document.prepare", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

void
kyso_document_reader_rewrite_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o}", "document", kyso_json_fd(0));

    kyso_helper_call_async(self, "document.rewrite", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

int
kyso_document_reader_rewrite_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    KysoFd rewritten = -1;

    if (reply == NULL || !kyso_json_take_fd(reply->result, "rewritten", KYSO_JSON_REQUIRED,
                                            reply->fds, &rewritten, error))
        return -1;
    g_message("a damaged document was written anew: %" JSON_INTEGER_FORMAT " faults, first: %s",
              json_integer_value(json_object_get(reply->result, "faults")),
              json_string_value(json_object_get(reply->result, "fault")));
    return rewritten;
}

void
kyso_document_reader_proofs_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                  GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o}", "document", kyso_json_fd(0));

    kyso_helper_call_async(self, "document.proofs", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

/* The reader's word on lengths is believed as far as the bytes go. */
static gboolean
take_blobs(const json_t *result, const char *name, GBytes *all, gsize *offset, GPtrArray *blobs,
           GError **error)
{
    json_t *lengths = NULL, *item;
    size_t i;

    if (!kyso_json_get_array(result, name, KYSO_JSON_REQUIRED, MAX_PROOFS, &lengths, error))
        return FALSE;
    json_array_foreach(lengths, i, item)
    {
        json_int_t length = json_integer_value(item);
        if (length < 1 || (guint64) length > g_bytes_get_size(all) - *offset) {
            g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                                "proofs of a wrong length");
            return FALSE;
        }
        g_ptr_array_add(blobs, g_bytes_new_from_bytes(all, *offset, (gsize) length));
        *offset += (gsize) length;
    }
    return TRUE;
}

KysoProofs *
kyso_document_reader_proofs_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    g_autoptr(KysoProofs) proofs = kyso_proofs_new();
    g_autoptr(GPtrArray) certificates =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    g_auto(KysoFd) fd = -1;
    gsize offset = 0;

    if (reply == NULL ||
        !kyso_json_take_fd(reply->result, "proofs", KYSO_JSON_REQUIRED, reply->fds, &fd, error))
        return NULL;
    g_autoptr(GBytes) all = kyso_fd_read_all(fd, MAX_PROOFS_SIZE, error);
    if (all == NULL ||
        !take_blobs(reply->result, "certificates", all, &offset, certificates, error) ||
        !take_blobs(reply->result, "ocsps", all, &offset, proofs->ocsps, error) ||
        !take_blobs(reply->result, "crls", all, &offset, proofs->crls, error))
        return NULL;
    for (guint i = 0; i < certificates->len; i++) {
        KysoCertificate *certificate = kyso_certificate_new(certificates->pdata[i], NULL);
        if (certificate != NULL)
            g_ptr_array_add(proofs->certificates, certificate);
    }
    return g_steal_pointer(&proofs);
}
