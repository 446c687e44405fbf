/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The methods document.inspect and document.prepare, as agent/document/README.md describes them,
 * without the socket. Main thread only.
 */

#include "ipc/wire/service.h"

/* A method: parameters and descriptors in (those used are taken out of @fds), result out, and
 * descriptors of the result, in their order, into @ret_fds. NULL with @error set. */
json_t *kyso_document_service_inspect(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);
json_t *kyso_document_service_prepare(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);

json_t *kyso_document_service_extend(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                     GError **error);

json_t *kyso_document_service_proofs(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                     GError **error);

json_t *kyso_document_service_rewrite(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);

/* The table for kyso_service_run. */
extern const KysoServiceMethod kyso_document_service_methods[];
