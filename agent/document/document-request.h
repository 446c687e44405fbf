/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of document.prepare as a request: types, bounds and descriptors are checked here,
 * what they mean for a document is not.
 */

#include "agent/document/pdf-prepare.h"
#include "ipc/wire/channel.h"

#define KYSO_DOCUMENT_REQUEST_MAX_FIELDS 32 /* reserved, and filled, each */

/* Strings belong to the parameters, which must outlive it. */
typedef struct {
    KysoPdfRequest pdf;
    KysoPdfFill signature_text; /* its name is not used */
    KysoFd image_fd;
} KysoDocumentRequest;

/* NULL with KYSO_ERROR_WRONG_PARAMETERS. The image's descriptor is taken out of @fds. */
KysoDocumentRequest *kyso_document_request_read(const json_t *params, KysoFdList *fds,
                                                GError **error);
void kyso_document_request_free(KysoDocumentRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoDocumentRequest, kyso_document_request_free)
