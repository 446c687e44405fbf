/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The answer to token.list: module, tokens and their certificates, without any PIN.
 */

#include "ipc/wire/json.h"
#include "pkcs11/worker/vendor.h"

/* {"module": {...}, "tokens": [...], "faults": [...]}, see README.md. No slot at all is no error; a
 * blank token has no certificates and is not opened; a token that fails is left out and told
 * about in "faults". Ends every earlier login. */
json_t *kyso_listing_make(KysoVendor *vendor, GError **error);
