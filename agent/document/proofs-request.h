/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of document.extend, read and checked: {"document": fd, "proofs": fd, "signature":
 * hex (optional), "certificates": [bytes], "ocsps": [bytes], "crls": [bytes]}. "proofs" holds the
 * blobs one after the other, in this order, as long as the lists say.
 */

#include "agent/document/pdf-proofs.h"
#include "ipc/wire/channel.h"

/* Fills @ret, whose strings live as long as @params. On FALSE (KYSO_ERROR_WRONG_PARAMETERS) there
 * is nothing to clear. */
gboolean kyso_proofs_request_read(const json_t *params, KysoFdList *fds, KysoPdfProofs *ret,
                                  GError **error);
void kyso_proofs_request_clear(KysoPdfProofs *proofs);

/* The same as a result: {"proofs": fd 0, "certificates", "ocsps", "crls"}, the descriptor appended
 * to
 * @ret_fds. New; NULL with KYSO_ERROR_INTERNAL. */
json_t *kyso_proofs_request_to_json(const KysoPdfProofs *proofs, KysoFdList *ret_fds,
                                    GError **error);
