/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A worker's answer to token.list as values. The worker holds foreign code: what it says is read as
 * strictly as a stranger's word.
 */

#include "ipc/wire/json.h"
#include "pkcs11/pool/pool.h"
#include "pkcs11/token/reader.h"

/* A new list of KysoToken or of KysoModuleFault, which owns its elements. */
GPtrArray *kyso_token_listing_new_tokens(void);
GPtrArray *kyso_token_listing_new_faults(void);

/* Appends a copy of @error. */
void kyso_token_listing_add_fault(GPtrArray *faults, const char *path, const GError *error);

/* Appends what @result says to both lists. @reader: the one that the worker sees, which its tokens
 * are in; NULL: the module has no PC/SC readers, or names them itself. KYSO_ERROR_MODULE_FAILED: it
 * makes no sense; then some of it may have been appended. */
gboolean kyso_token_listing_read(const json_t *result, const char *module_path,
                                 const KysoReader *reader, GPtrArray *tokens, GPtrArray *faults,
                                 GError **error);
