/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A damaged PDF is written anew before it is signed, where the caller has asked for that: by a
 * process of its own in the sandbox, into a second private copy, which is from then on the
 * document. It is read again from the start, by fresh processes. The original stays as it is. Main
 * thread only.
 */

#include "agent/core/sign-doc-state.h"

/* TRUE where @error is a damage that may be mended, and nobody has tried yet. */
gboolean kyso_sign_doc_repair_is_wanted(const KysoSigningDocument *self, const GError *error);

/* New: the pages whose damage must show while it can be mended, those that will be written to;
 * NULL: nothing will be mended. */
json_t *kyso_sign_doc_repair_pages(const KysoSigningDocument *self);

/* @damage (taken) is what is wrong with it. @done: the copy of @self is the rewritten document, or
 * @error (taken) says why not; that is @damage where too little is left of it. */
typedef void (*KysoRepairDone)(KysoSigningDocument *self, GError *error);
void kyso_sign_doc_repair_start(KysoSigningDocument *self, GError *damage, KysoRepairDone done);
