/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-service.h"

#include "agent/document/document-password.h"
#include "agent/document/document-request.h"
#include "agent/document/pdf-inspect.h"
#include "agent/document/pdf-rewrite.h"
#include "agent/document/proofs-request.h"
#include "ipc/base/error.h"

#include <sys/stat.h>
#include <unistd.h>

#define MAX_PAGES 256 /* of one inspection */

static KysoPdfFile *
open_document(const json_t *params, KysoFdList *fds, KysoFd *ret_fd, GError **error)
{
    if (!kyso_json_take_fd(params, "document", KYSO_JSON_REQUIRED, fds, ret_fd, error))
        return NULL;
    return kyso_pdf_file_open(*ret_fd, error);
}

static gboolean
read_pages(const json_t *params, gint64 *pages, guint *ret_n, GError **error)
{
    json_t *array = NULL;

    if (!kyso_json_get_array(params, "pages", KYSO_JSON_OPTIONAL, MAX_PAGES, &array, error))
        return FALSE;
    *ret_n = (guint) json_array_size(array);
    for (guint i = 0; i < *ret_n; i++) {
        json_t *item = json_array_get(array, i);
        if (!json_is_integer(item)) {
            g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                                "pages: needs page numbers");
            return FALSE;
        }
        pages[i] = json_integer_value(item);
    }
    return TRUE;
}

json_t *
kyso_document_service_inspect(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                              GError **error)
{
    static const char *const members[] = {"document", "pages", NULL};
    g_auto(KysoFd) fd = -1;
    gint64 pages[MAX_PAGES];
    guint n_pages;

    if (!kyso_json_only_has(params, members, error) || !read_pages(params, pages, &n_pages, error))
        return NULL;
    g_autoptr(KysoPdfFile) file = open_document(params, fds, &fd, error);
    return file == NULL ? NULL : kyso_pdf_inspect(file, pages, n_pages, error);
}

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
    g_auto(KysoFd) fd = -1;
    g_auto(KysoPdfPrepared) prepared = {0};
    g_autoptr(KysoDocumentRequest) request = kyso_document_request_read(params, fds, error);
    if (request == NULL)
        return NULL;
    g_autoptr(KysoPdfFile) file = open_document(params, fds, &fd, error);
    if (file == NULL || !kyso_pdf_prepare(file, &request->pdf, &prepared, error))
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
    g_auto(KysoFd) fd = -1;
    KysoPdfProofs proofs;

    if (!kyso_proofs_request_read(params, fds, &proofs, error))
        return NULL;
    g_autoptr(KysoPdfFile) file = open_document(params, fds, &fd, error);
    g_autoptr(GBytes) update = file != NULL ? kyso_pdf_proofs_prepare(file, &proofs, error) : NULL;
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

json_t *
kyso_document_service_proofs(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                             GError **error)
{
    static const char *const members[] = {"document", NULL};
    g_auto(KysoFd) fd = -1;
    KysoPdfProofs proofs;

    if (!kyso_json_only_has(params, members, error))
        return NULL;
    g_autoptr(KysoPdfFile) file = open_document(params, fds, &fd, error);
    if (file == NULL)
        return NULL;
    kyso_pdf_proofs_read(file, &proofs);
    json_t *result = kyso_proofs_request_to_json(&proofs, ret_fds, error);
    kyso_proofs_request_clear(&proofs);
    return result;
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

typedef json_t *(*Handler)(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                           GError **error);

static void
answer(KysoCall *call, Handler handler)
{
    g_autoptr(KysoFdList) ret_fds = kyso_fd_list_new();
    GError *error = NULL;
    json_t *result = handler(kyso_call_params(call), kyso_call_fds(call), ret_fds, &error);

    if (result == NULL)
        kyso_call_fail(call, error);
    else
        kyso_call_return(call, result, ret_fds->fds, ret_fds->n_fds);
}

static void
inspect_called(KysoCall *call, gpointer user_data)
{
    answer(call, kyso_document_service_inspect);
}

static void
prepare_called(KysoCall *call, gpointer user_data)
{
    answer(call, kyso_document_service_prepare);
}

static void
extend_called(KysoCall *call, gpointer user_data)
{
    answer(call, kyso_document_service_extend);
}

static void
proofs_called(KysoCall *call, gpointer user_data)
{
    answer(call, kyso_document_service_proofs);
}

static void
rewrite_called(KysoCall *call, gpointer user_data)
{
    answer(call, kyso_document_service_rewrite);
}

const KysoServiceMethod kyso_document_service_methods[] = {
    {"document.inspect", inspect_called},
    {"document.prepare", prepare_called},
    {"document.extend", extend_called},
    {"document.proofs", proofs_called},
    {"document.rewrite", rewrite_called},
    {"document.unlock", kyso_document_password_called},
    {NULL, NULL},
};
