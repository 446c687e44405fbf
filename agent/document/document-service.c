/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-service.h"

#include "agent/document/document-request.h"
#include "agent/document/open-document.h"
#include "agent/document/pdf-rewrite.h"
#include "agent/document/proofs-request.h"
#include "ipc/base/error.h"

#include <sys/stat.h>
#include <unistd.h>

static json_t *
place(gsize offset, gsize length)
{
    return json_pack("{s:I, s:I}", "offset", (json_int_t) offset, "length", (json_int_t) length);
}

static json_t *
prepare_result(const KysoPdfRequest *request, const KysoPdfPrepared *prepared)
{
    const char *field = request->signature.existing != NULL ? request->signature.existing
                                                            : request->signature.field.name;
    const goffset *range = prepared->range;

    return json_pack("{s:o, s:I, s:o, s:[I, I, I, I], s:o, s:s}", "increment", kyso_json_fd(0),
                     "size", (json_int_t) g_bytes_get_size(prepared->increment), "byte_range",
                     place(prepared->range_offset, prepared->range_length), "byte_range_value",
                     (json_int_t) range[0], (json_int_t) range[1], (json_int_t) range[2],
                     (json_int_t) range[3], "contents",
                     place(prepared->contents_offset, prepared->contents_length), "field", field);
}

json_t *
kyso_document_service_prepare(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                              GError **error)
{
    g_auto(KysoOpenDocument) document = {.fd = -1};
    g_auto(KysoPdfPrepared) prepared = {0};
    g_autoptr(KysoDocumentRequest) request = kyso_document_request_read(params, fds, error);
    if (request == NULL)
        return NULL;
    if (!kyso_open_document_take(params, fds, &document, error) ||
        !kyso_pdf_prepare(document.file, &request->pdf, &prepared, error))
        return NULL;

    gsize size;
    const void *data = g_bytes_get_data(prepared.increment, &size);
    int increment = kyso_fd_new_memory("increment", data, size, error);
    if (increment < 0)
        return NULL;
    kyso_fd_list_append(ret_fds, increment);
    return prepare_result(&request->pdf, &prepared);
}

json_t *
kyso_document_service_extend(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                             GError **error)
{
    g_auto(KysoOpenDocument) document = {.fd = -1};
    KysoPdfProofs proofs;

    if (!kyso_proofs_request_read(params, fds, &proofs, error))
        return NULL;
    g_autoptr(GBytes) update = kyso_open_document_take(params, fds, &document, error)
                                   ? kyso_pdf_proofs_prepare(document.file, &proofs, error)
                                   : NULL;
    kyso_proofs_request_clear(&proofs);
    if (update == NULL)
        return NULL;

    gsize size;
    const void *data = g_bytes_get_data(update, &size);
    int increment = kyso_fd_new_memory("increment", data, size, error);
    if (increment < 0)
        return NULL;
    kyso_fd_list_append(ret_fds, increment);
    return json_pack("{s:o, s:I}", "increment", kyso_json_fd(0), "size", (json_int_t) size);
}

/* "fault" is for the log: the document's own words. */
static json_t *
rewrite_result(const KysoPdfRewritten *rewritten)
{
    return json_pack("{s:o, s:I, s:i, s:s}", "rewritten", kyso_json_fd(0), "size",
                     (json_int_t) rewritten->size, "faults", (int) rewritten->n_faults, "fault",
                     rewritten->fault != NULL ? rewritten->fault : "");
}

json_t *
kyso_document_service_rewrite(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                              GError **error)
{
    static const char *const members[] = {"document", NULL};
    g_auto(KysoPdfRewritten) rewritten = {0};
    g_auto(KysoFd) fd = -1;
    struct stat status;

    if (!kyso_json_only_has(params, members, error) ||
        !kyso_json_take_fd(params, "document", KYSO_JSON_REQUIRED, fds, &fd, error))
        return NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                            "document is not a regular file");
        return NULL;
    }
    g_auto(KysoFd) output = kyso_fd_new_memory("rewritten", NULL, 0, error);
    if (output < 0 || !kyso_pdf_rewrite(fd, status.st_size, output, &rewritten, error))
        return NULL;
    json_t *result = rewrite_result(&rewritten);
    lseek(output, 0, SEEK_SET); /* memory can be rewound */
    kyso_fd_list_append(ret_fds, kyso_fd_steal(&output));
    return result;
}

static void
prepare_called(KysoCall *call, gpointer user_data)
{
    kyso_inspect_service_answer(call, kyso_document_service_prepare);
}

static void
extend_called(KysoCall *call, gpointer user_data)
{
    kyso_inspect_service_answer(call, kyso_document_service_extend);
}

static void
rewrite_called(KysoCall *call, gpointer user_data)
{
    kyso_inspect_service_answer(call, kyso_document_service_rewrite);
}

const KysoServiceMethod kyso_document_service_methods[] = {
    {"document.inspect", kyso_inspect_service_inspect_called},
    {"document.prepare", prepare_called},
    {"document.extend", extend_called},
    {"document.proofs", kyso_inspect_service_proofs_called},
    {"document.rewrite", rewrite_called},
    {"document.unlock", kyso_inspect_service_unlock_called},
    {NULL, NULL},
};
