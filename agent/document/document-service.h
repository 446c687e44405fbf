/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The methods of kyso-document that make something for a PDF, as agent/document/README.md describes
 * them, without the socket; and the table of all its methods. Main thread only.
 */

#include "agent/document/inspect-service.h"

/* KysoDocumentMethods. */
json_t *kyso_document_service_prepare(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);

json_t *kyso_document_service_extend(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                     GError **error);

json_t *kyso_document_service_rewrite(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);

/* The table for kyso_service_run. */
extern const KysoServiceMethod kyso_document_service_methods[];
