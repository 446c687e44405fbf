/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One signature of a document, verified: whose it is, whether it is intact, what changed after it,
 * and the verdict. Filled in a worker thread, read by the main thread.
 */

#include "agent/cms/cms-verify.h"
#include "agent/core/signer-state.h"
#include "agent/pki/revocation.h"

typedef struct {
    char *field;                  /* "" for a detached signature */
    char *format;                 /* "ETSI.CAdES.detached", ... */
    KysoSignatureReport *report;  /* NULL: its data cannot be read, or it is nobody's */
    KysoTimestamp *timestamp;     /* a document timestamp that is right; NULL: none, or not right */
    const KysoTimestamp *witness; /* that of the right document timestamp which vouches for it;
                                     borrowed from its own entry; NULL: none, or not needed */
    KysoRole role;                /* as configured here */
    KysoRole likely_role;         /* the same, or a guess where nothing is configured */
    KysoSignatureVerdict verdict;
    const char *reason;             /* NULL where valid, else a code. Static */
    int then_code;                  /* 0, or why the certificate was not good when it signed */
    GDateTime *signed_at;           /* what the document says; NULL: nothing */
    goffset gap;                    /* where its own data begin */
    goffset end;                    /* where the signed part of the file ends */
    gboolean covers_whole_document; /* but for the signature itself */
    KysoRevocationStatus status;    /* of the certificates at signed_at, by the document's proofs */
    json_t *difference;             /* of document.inspect, or NULL: detached */
    json_t *covered; /* XML, packages: the URIs of what it is over; NULL: all others */
} KysoDocumentSignature;

void kyso_document_signature_free(KysoDocumentSignature *self);

/* Takes @report (NULL: unreadable) and reaches the verdict, with `difference` and `signed_at` as
 * they are. */
void kyso_document_signature_judge(KysoDocumentSignature *self, KysoSigner *signer,
                                   KysoSignatureReport *report);

/* The same for a document timestamp (ISO 32000-2 §12.8.5): nobody's signature; what it says is
 * when.
 * @timestamp is taken; NULL: it is not right. */
void kyso_document_signature_judge_timestamp(KysoDocumentSignature *self, KysoTimestamp *timestamp);

/* Then, where no timestamp over the signature itself is right: @later, a valid document timestamp
 * of the same report, vouches for all that stands before its own data (EN 319 142-1 §6.3, B-T). */
void kyso_document_signature_take_witness(KysoDocumentSignature *self, KysoSigner *signer,
                                          const KysoDocumentSignature *later);

/* The right timestamp that says when it was there: over the signature, over the document after
 * it, or of a document timestamp itself. NULL: none. Owned by the report. */
const KysoTimestamp *kyso_document_signature_get_timestamp(const KysoDocumentSignature *self);

/* New: what the CMS itself holds, as beside a file. NULL: nothing. */
KysoProofs *kyso_document_signature_get_embedded(const KysoDocumentSignature *self);

/* Then: what the document's own proofs (NULL: none) say about the certificates. A revoked one makes
 * it invalid. One that has expired since was good where proofs and a timestamp say so: that is what
 * they are for (ETSI EN 319 102-1 §5.6). */
void kyso_document_signature_judge_status(KysoDocumentSignature *self, const KysoProofs *proofs);

/* Then, when it is received: @proofs are what the services answer now. A certificate that is
 * revoked by now makes it invalid, unless a right timestamp says that it signed before (ETSI EN 319
 * 102-1 §5.5). */
void kyso_document_signature_judge_reception(KysoDocumentSignature *self, const KysoProofs *proofs);

/* TRUE where the document was changed after it in a way that is not allowed, or nobody can say
 * whether. */
gboolean kyso_document_signature_is_outdated(const KysoDocumentSignature *self);

/* TRUE where something that shows was filled in or added after it, allowed or not: more than proof
 * data and dates. */
gboolean kyso_document_signature_is_followed(const KysoDocumentSignature *self);

/* TRUE where a reserved field was filled after it. */
gboolean kyso_document_signature_is_filled_later(const KysoDocumentSignature *self);

/* What it was made for, by somebody of @role. kyso's own fields say so by their names; a field of
 * another name holds what the records rules have always meant: a person approves, an agency issues.
 * Who gives his field a name of ours can only make less of his own signature. */
KysoPurpose kyso_document_signature_get_purpose(const KysoDocumentSignature *self, KysoRole role);

/* What the result of signatures.signDoc says of it. New. */
json_t *kyso_document_signature_to_json(const KysoDocumentSignature *self);

/* The same, and what else signatures.verify says. New. */
json_t *kyso_document_signature_describe(const KysoDocumentSignature *self);

/* Whose signature it is: {"common_name", "organization", "credentialID", "serial"}. New. */
json_t *kyso_document_signature_signer_to_json(const KysoCertificate *signer);
