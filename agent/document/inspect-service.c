/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/inspect-service.h"

#include "agent/document/document-password.h"
#include "agent/document/open-document.h"
#include "agent/document/pdf-inspect.h"
#include "agent/document/proofs-request.h"
#include "ipc/base/error.h"

#define MAX_PAGES 256 /* of one inspection */

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
kyso_inspect_service_inspect(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                             GError **error)
{
    static const char *const members[] = {"document", "pages", NULL};
    g_auto(KysoOpenDocument) document = {.fd = -1};
    gint64 pages[MAX_PAGES];
    guint n_pages;

    if (!kyso_json_only_has(params, members, error) ||
        !read_pages(params, pages, &n_pages, error) ||
        !kyso_open_document_take(params, fds, &document, error))
        return NULL;
    json_t *result = kyso_pdf_inspect(document.file, pages, n_pages, error);
    if (result != NULL)
        kyso_open_document_keep(&document);
    return result;
}

json_t *
kyso_inspect_service_proofs(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                            GError **error)
{
    static const char *const members[] = {"document", NULL};
    g_auto(KysoOpenDocument) document = {.fd = -1};
    KysoPdfProofs proofs;

    if (!kyso_json_only_has(params, members, error) ||
        !kyso_open_document_take(params, fds, &document, error))
        return NULL;
    kyso_pdf_proofs_read(document.file, &proofs);
    json_t *result = kyso_proofs_request_to_json(&proofs, ret_fds, error);
    kyso_proofs_request_clear(&proofs);
    if (result != NULL)
        kyso_open_document_keep(&document);
    return result;
}

void
kyso_inspect_service_answer(KysoCall *call, KysoDocumentMethod method)
{
    g_autoptr(KysoFdList) ret_fds = kyso_fd_list_new();
    GError *error = NULL;
    json_t *result = method(kyso_call_params(call), kyso_call_fds(call), ret_fds, &error);

    if (result == NULL)
        kyso_call_fail(call, error);
    else
        kyso_call_return(call, result, ret_fds->fds, ret_fds->n_fds);
}

void
kyso_inspect_service_inspect_called(KysoCall *call, gpointer user_data)
{
    kyso_inspect_service_answer(call, kyso_inspect_service_inspect);
}

void
kyso_inspect_service_proofs_called(KysoCall *call, gpointer user_data)
{
    kyso_inspect_service_answer(call, kyso_inspect_service_proofs);
}

void
kyso_inspect_service_unlock_called(KysoCall *call, gpointer user_data)
{
    kyso_open_document_forget();
    kyso_document_password_called(call, user_data);
}

const KysoServiceMethod kyso_inspect_service_methods[] = {
    {"document.inspect", kyso_inspect_service_inspect_called},
    {"document.proofs", kyso_inspect_service_proofs_called},
    {"document.unlock", kyso_inspect_service_unlock_called},
    {NULL, NULL},
};
