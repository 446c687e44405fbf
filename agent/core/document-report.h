/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Every signature of a document, verified: what `signatures.verify` answers, what the policy asks
 * before a signature is added, and how kyso looks at its own result. Hashing runs in a thread.
 */

#include <gio/gio.h>

#include "agent/core/document-signature.h"
#include "agent/core/xml-reader.h"

typedef struct {
    GPtrArray *signatures; /* of KysoDocumentSignature, oldest first */
    gboolean is_data;      /* no letter of the records rules */
} KysoDocumentReport;
void kyso_document_report_free(KysoDocumentReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoDocumentReport, kyso_document_report_free)

/* @proofs: what the document has (document.proofs); NULL: not looked at.
 * The signatures that @inspection (document.inspect) lists in the PDF @fd of @size bytes. All are
 * borrowed until done. */
void kyso_document_report_pdf_async(KysoSigner *signer, int fd, goffset size,
                                    const json_t *inspection, const KysoProofs *proofs,
                                    GCancellable *cancellable, GAsyncReadyCallback done,
                                    gpointer user_data);

/* The detached CAdES @cms over all of @fd. */
void kyso_document_report_detached_async(KysoSigner *signer, int fd, goffset size, GBytes *cms,
                                         GCancellable *cancellable, GAsyncReadyCallback done,
                                         gpointer user_data);

/* The signatures that @inspection (borrowed until done) lists in an XML document or a package. */
void kyso_document_report_xml_async(KysoSigner *signer, const KysoXmlInspection *inspection,
                                    GCancellable *cancellable, GAsyncReadyCallback done,
                                    gpointer user_data);

/* The detached one where the digest of the content by @hash is known already. Does not block.
 * KYSO_ERROR_SIGNATURE_UNREADABLE. */
KysoDocumentReport *kyso_document_report_digest(KysoSigner *signer, GBytes *cms, const char *hash,
                                                GBytes *digest, GError **error);

/* New: the report on a file that one signature covers, as @found (taken) has it. */
KysoDocumentReport *kyso_document_report_new_for(KysoSigner *signer, KysoSignatureReport *found,
                                                 const char *format);

/* KYSO_ERROR_SIGNATURE_UNREADABLE (detached only), KYSO_ERROR_INPUT_UNREADABLE. */
KysoDocumentReport *kyso_document_report_finish(GAsyncResult *result, GError **error);

/* Fills the facts about earlier signatures. */
void kyso_document_report_to_facts(const KysoDocumentReport *self, KysoFacts *facts);

/* The field of the last valid approval by a person, or NULL. Owned by @self. */
const char *kyso_document_report_leader_field(const KysoDocumentReport *self);

/* The result of signatures.verify. New. */
json_t *kyso_document_report_to_json(const KysoDocumentReport *self);
