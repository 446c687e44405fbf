/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of document.extend, read and checked: {"document": fd, "proofs": fd, "signature":
 * hex (optional), "certificates": [bytes], "ocsps": [bytes], "crls": [bytes]}. "proofs" holds the
 * blobs one after the other, in this order, as long as the lists say.
 */

#include "agent/document/pdf-proofs.h"
#include "ipc/wire/channel.h"

#define KYSO_PROOFS_REQUEST_MAX_SIZE (48 * 1024 * 1024) /* bytes of all blobs */

/* Fills @ret, whose strings live as long as @params. On FALSE (KYSO_ERROR_WRONG_PARAMETERS) there
 * is nothing to clear. */
gboolean kyso_proofs_request_read(const json_t *params, KysoFdList *fds, KysoPdfProofs *ret,
                                  GError **error);
void kyso_proofs_request_clear(KysoPdfProofs *proofs);
