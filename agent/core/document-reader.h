/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent's side of kyso-document: one sandboxed process a document. What it says is believed
 * for the looks of a page only; what is signed, the agent checks for itself (increment.h). Main
 * thread only.
 */

#include "agent/core/agent.h"
#include "agent/pki/revocation.h"
#include "ipc/wire/helper.h"

/* A reader for one document, starting; ended when dropped. It opens the document with what
 * @password (borrowed; -1: none) holds. The last kind knows how to read and draw pages, the first
 * all else; the second, of that, inspect and proofs only, and is there sooner. */
KysoHelper *kyso_document_reader_new(int password);
KysoHelper *kyso_document_reader_new_inspector(int password);
KysoHelper *kyso_document_reader_new_pages(int password);

/* inspect: pages, signatures, fields. */
void kyso_document_reader_inspect_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                        int document, GAsyncReadyCallback done, gpointer user_data);

/* The same with these pages (array of numbers, taken; NULL: none): damage in them shows too. */
void kyso_document_reader_inspect_pages_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                              int document, json_t *pages, GAsyncReadyCallback done,
                                              gpointer user_data);

/* A new reference. KYSO_ERROR_DOCUMENT_*, KYSO_ERROR_PLACE_OUTSIDE. */
json_t *kyso_document_reader_inspect_finish(KysoHelper *self, GAsyncResult *result, GError **error);

/* The text of the first page, where a secrecy mark stands; by a reader of pages. */
void kyso_document_reader_text_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                     GAsyncReadyCallback done, gpointer user_data);
char *kyso_document_reader_text_finish(KysoHelper *self, GAsyncResult *result, GError **error);

/* places: where on its pages signatures and texts go, by a reader of pages. @questions is taken:
 * {"name", "anchors"}. The answer is a new reference. */
void kyso_document_reader_places_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                       int document, json_t *questions, GAsyncReadyCallback done,
                                       gpointer user_data);
json_t *kyso_document_reader_places_finish(KysoHelper *self, GAsyncResult *result, GError **error);

typedef struct {
    json_t *look; /* taken: fields and drawing, as document.prepare takes them */
    int image;    /* -1: none */
    gboolean certify;
    const char *signing_time; /* PDF date */
    const char *signer;       /* /Name */
    guint contents_size;      /* bytes for the CMS */
} KysoPrepareSpec;

/* prepare: the incremental update that puts the signature there. */
void kyso_document_reader_prepare_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                        int document, const KysoPrepareSpec *spec,
                                        GAsyncReadyCallback done, gpointer user_data);

/* {"increment": {"fd": 0}, ...} with its descriptor. KYSO_ERROR_DOCUMENT_*, _PLACE_OUTSIDE,
 * _FIELD_MISSING, _IMAGE_UNREADABLE, _TEXT_NOT_DRAWABLE. */
KysoReply *kyso_document_reader_prepare_finish(KysoHelper *self, GAsyncResult *result,
                                               GError **error);

/* extend: the update that puts @proofs there, those of the signature named @signature (VRI;
 * NULL: of no one alone). Ends
 * with kyso_document_reader_prepare_finish. FALSE: @done is not called; KYSO_ERROR_INTERNAL. */
gboolean kyso_document_reader_extend_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                           int document, const KysoProofs *proofs,
                                           const char *signature, GAsyncReadyCallback done,
                                           gpointer user_data, GError **error);

/* prepare, of a document timestamp in a new invisible field @field. Ends with
 * kyso_document_reader_prepare_finish. */
void kyso_document_reader_prepare_timestamp_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                                  int document, const char *field,
                                                  guint contents_size, GAsyncReadyCallback done,
                                                  gpointer user_data);

/* rewrite: a damaged document written anew; the document has no signature, or this fails. */
void kyso_document_reader_rewrite_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                        int document, GAsyncReadyCallback done, gpointer user_data);

/* A descriptor of the new document, or -1. KYSO_ERROR_SIGNED_AND_DAMAGED, KYSO_ERROR_DOCUMENT_*. */
int kyso_document_reader_rewrite_finish(KysoHelper *self, GAsyncResult *result, GError **error);

/* proofs: what the document's store has. */
void kyso_document_reader_proofs_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                       int document, GAsyncReadyCallback done, gpointer user_data);

/* What cannot be read as a certificate is left out. */
KysoProofs *kyso_document_reader_proofs_finish(KysoHelper *self, GAsyncResult *result,
                                               GError **error);
