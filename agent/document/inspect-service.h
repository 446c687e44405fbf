/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The methods that only read a PDF, as agent/document/README.md describes them: with and without
 * the socket. Main thread only.
 */

#include "ipc/wire/service.h"

/* A method: parameters and descriptors in (those used are taken out of @fds), result out, and
 * descriptors of the result, in their order, into @ret_fds. NULL with @error set. */
typedef json_t *(*KysoDocumentMethod)(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                      GError **error);

json_t *kyso_inspect_service_inspect(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                     GError **error);
json_t *kyso_inspect_service_proofs(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                                    GError **error);

/* Answers @call by @method. */
void kyso_inspect_service_answer(KysoCall *call, KysoDocumentMethod method);

/* For the tables. */
void kyso_inspect_service_inspect_called(KysoCall *call, gpointer user_data);
void kyso_inspect_service_proofs_called(KysoCall *call, gpointer user_data);
void kyso_inspect_service_unlock_called(KysoCall *call, gpointer user_data);

/* The table of these three. */
extern const KysoServiceMethod kyso_inspect_service_methods[];
