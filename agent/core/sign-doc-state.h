/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One signDoc request on its path, and each of its documents on its own: what the request does
 * with all of them is in sign-doc.c and sign-doc-each.c, what happens to one in sign-document.c,
 * and the turns at which the ways of a PDF, of XML, of a detached signature and of signed data part
 * and meet are in sign-doc-pdf.c, sign-doc-xml.c, sign-doc-detached.c and sign-doc-data.c. A single
 * document is a list of one. Main thread only.
 */

#include "agent/cms/cades-builder.h"
#include "agent/core/attempt.h"
#include "agent/core/document-report.h"
#include "agent/core/increment.h"
#include "agent/core/private-copy.h"
#include "agent/core/sign-maker.h"
#include "agent/core/sign-request.h"
#include "agent/core/signature-scheme.h"
#include "agent/core/xml-reader.h"
#include "agent/jose/jws-builder.h"
#include "agent/xades/xades-builder.h"
#include "ipc/wire/helper.h"

typedef struct _KysoSigning KysoSigning;

/* What differs between the kinds of signature. Each ends in the call named, with an error where it
 * failed. */
typedef struct {
    KysoCadesProfile profile;
    const KysoSignatureMaker *maker;
    void (*read)(KysoSigningDocument *self);    /* -> kyso_sign_document_part_done */
    void (*prepare)(KysoSigningDocument *self); /* content_digest -> kyso_sign_document_prepared */
    void (*warm)(KysoSigningDocument *self); /* what complete needs may get ready; NULL: nothing */
    void (*complete)(
        KysoSigningDocument *self); /* result, report -> kyso_sign_document_completed */
} KysoSigningKind;

extern const KysoSigningKind kyso_sign_doc_pdf;
extern const KysoSigningKind kyso_sign_doc_detached;
extern const KysoSigningKind kyso_sign_doc_attached; /* CAdES around its content */
extern const KysoSigningKind kyso_sign_doc_message;  /* the same, around data that is shown */
extern const KysoSigningKind kyso_sign_doc_json;     /* JWS */
extern const KysoSigningKind kyso_sign_doc_xml;

#define KYSO_DOCUMENT_TEXT_MAX 2048 /* bytes */

typedef enum {
    KYSO_DOCUMENT_NEW,
    KYSO_DOCUMENT_READING,
    KYSO_DOCUMENT_READ,   /* ... and in its place among those under way, as the key is about to come
                           */
    KYSO_DOCUMENT_PARKED, /* read; its processes are gone until the key is there */
    KYSO_DOCUMENT_PREPARING,
    KYSO_DOCUMENT_READY,    /* what will be signed is fixed */
    KYSO_DOCUMENT_LEFT_OUT, /* by the person */
    KYSO_DOCUMENT_SIGNED,   /* and handed over */
    KYSO_DOCUMENT_FAILED,   /* and recorded as such */
} KysoDocumentState;

struct _KysoSigningDocument {
    KysoSigning *signing;
    guint index;
    KysoSignItem *item; /* borrowed from the request */
    KysoDocumentState state;
    KysoRecord *record;
    KysoFacts facts;
    GError *error; /* why it failed */

    guint n_parts;      /* under way at the same time */
    GError *part_error; /* of these, the first */
    GError *late_error; /* counts where there is no other */

    KysoHelper *reader;
    KysoHelper *pages_reader;
    KysoPrivateCopy *copy;      /* all but detached CAdES; XML: first the input, then the result */
    char *rewritten_digest;     /* PDF: of the copy, where it was damaged; or NULL */
    json_t *inspection;         /* PDF */
    KysoProofs *proofs;         /* PDF: what it came with; NULL: none */
    guint n_pages;              /* PDF */
    char *text;                 /* how it, or a PDF's first page, begins; NULL: not kept */
    char *field;                /* PDF: name of the signature field; of several, the last */
    gboolean is_field_reserved; /* PDF: it is there already */
    gboolean is_certified;      /* PDF: by DocMDP, P=2 */
    char *leader_field;         /* PDF: that of the last valid approval; NULL: none */
    char *fill[KYSO_N_BLANKS];  /* PDF: number, day and month as they are written */
    char *note;                 /* PDF: what is written beside the signature; NULL: nothing */
    json_t *places;             /* PDF: what was put where, and how sure that is */
    json_t *looks;              /* PDF: what each signature shows; NULL: not known yet */
    guint n_signatures;         /* that it gets, one after the other; 1 but for some letters */
    guint n_signed;             /* of these, so many are in the copy */
    json_t *signature_digests;  /* SHA-256 of what the token gave for each, hex */
    GPtrArray *earlier_chains;  /* of the timestamps of all signatures but the last */
    KysoIncrement *increment;   /* PDF */
    GBytes *content_digest;     /* by scheme->hash */

    KysoXmlInspection *xml;     /* XML */
    GArray *xml_contents;       /* XML: of KysoXadesContent */
    gboolean is_ooxml;          /* XML: they are parts of an Office Open XML package */
    gboolean leaves_signatures; /* XML */
    KysoXadesBuilder *xades;    /* XML */
    KysoFd enclosed;            /* XML: document and signature */

    KysoCadesBuilder *builder;
    KysoJwsBuilder *jws;
    GBytes *cms;              /* or the JWS, or the element ds:Signature */
    KysoTimestamp *timestamp; /* over the signature; NULL: none */
    KysoLevel level;          /* that it shall have; B where its timestamp comes later */
    int later_code;           /* why it comes later, or 0 */
    goffset signed_size;      /* PDF: where what the signature covers ends */
    KysoTemporary *result;    /* what is handed over; a PDF's is that of its copy */
    goffset result_size;
    KysoDocumentReport *report; /* of the result */
    gint64 evidence;            /* its number; 0: none is kept */
};

struct _KysoSigning {
    KysoAgent *agent;
    KysoJob *job;
    KysoSignRequest *request;
    const KysoSigningKind *kind;
    GDateTime *signing_time;
    gboolean counts_documents; /* in the signer's n_documents */

    /* the key */
    gboolean is_searching;
    gboolean is_checking; /* the certificate's status */
    gboolean is_waiting;  /* for the token to be plugged in */
    KysoCredential *credential;
    KysoToken *token;
    KysoCertificate *certificate;
    GPtrArray *chain;
    KysoProofs *proofs; /* what was answered about its status; NULL: nobody was asked */
    const KysoSignatureScheme *scheme;
    int certificate_code;
    KysoRole role;
    KysoLogin *login;
    guint time_limit; /* source of the end of a batch, or 0 */

    GPtrArray *documents;         /* KysoSigningDocument */
    guint n_under_way;            /* being read or prepared */
    gboolean is_prepared;         /* or has failed before that */
    GError *error;                /* the first one before the consent: nothing is begun any more */
    KysoSigningDocument *culprit; /* whose error that is; NULL: everybody's */
    KysoSigningDocument *current; /* being signed */
    int timestamp_code;           /* why no timestamp could be had for one of them, or 0 */
    GError *ended_by;             /* what ended a batch */
};

/* ---- one document (sign-document.c) ---- */

KysoSigningDocument *kyso_sign_document_new(KysoSigning *signing, guint index);
void kyso_sign_document_free(KysoSigningDocument *self);

void kyso_sign_document_set_stage(KysoSigningDocument *self, const char *stage);
void kyso_sign_document_read(KysoSigningDocument *self);

/* One of the parts of reading that run at the same time has ended; @error is taken. */
void kyso_sign_document_part_done(KysoSigningDocument *self, GError *error);

/* Ends the processes that read it, until they are needed again. */
void kyso_sign_document_park(KysoSigningDocument *self);

/* With the key known: judge it, and write what shall be signed. */
void kyso_sign_document_prepare(KysoSigningDocument *self);
void kyso_sign_document_prepared(KysoSigningDocument *self, GError *error);

/* One signature is in the copy, and what the next one shall sign is fixed: the token signs it ->
 * kyso_sign_document_finish. Or @error, taken, ends it. */
void kyso_sign_document_prepared_again(KysoSigningDocument *self, GError *error);

/* Will the token be needed again, after the signature that is made now? */
gboolean kyso_sign_document_has_more(const KysoSigningDocument *self);

/* All of the private copy, which must be small. New. */
GBytes *kyso_sign_document_read_copy(const KysoSigningDocument *self, GError **error);

/* Puts @signature into it, checks the result, writes the journal and hands over ->
 * kyso_sign_doc_each_done. */
void kyso_sign_document_finish(KysoSigningDocument *self, GBytes *signature);
void kyso_sign_document_completed(KysoSigningDocument *self, GError *error);

/* What the journal shall have beside the caller's metadata. @value is taken. */
void kyso_sign_document_note(KysoSigningDocument *self, const char *name, json_t *value);

/* The folder of the output path, or that of the state. g_free. */
char *kyso_sign_document_work_dir(const KysoSigningDocument *self);

/* ---- its result, as a stranger sees it (sign-doc-check.c) ---- */

/* Which signature of the result is ours; of several, the last. From 0. */
guint kyso_sign_doc_check_our_index(const KysoSigningDocument *self);

/* TRUE where each signature that is ours is valid, by our certificate, and the last one over all of
 * the result. */
gboolean kyso_sign_doc_check_report(const KysoSigningDocument *self,
                                    const KysoDocumentReport *report, GError **error);

/* Callback of the report about a result that is in the private copy: judges it ->
 * kyso_sign_document_completed. */
void kyso_sign_doc_check_copy_verified(GObject *source, GAsyncResult *result, gpointer user_data);

/* ---- the request (sign-doc.c) ---- */

/* Must the person see each document of this request by itself? */
gboolean kyso_sign_doc_shows_each(const KysoSigning *self);

/* @document has been read, or prepared, or neither; @error is taken. */
void kyso_sign_doc_document_read(KysoSigning *self, KysoSigningDocument *document, GError *error);
void kyso_sign_doc_document_prepared(KysoSigning *self, KysoSigningDocument *document,
                                     GError *error);

/* Ends it before its first signature: recorded, answered; @error is taken. */
void kyso_sign_doc_fail(KysoSigning *self, GError *error);
void kyso_sign_doc_finish_record(KysoJournal *journal, GAsyncResult *result);
void kyso_sign_doc_free(KysoSigning *self);

/* ---- with all of it prepared (sign-doc-each.c) ---- */

/* What will be signed is fixed: show it, ask, and sign one after the other. */
void kyso_sign_doc_each_ask(KysoSigning *self);

/* The token signs what the current document has ready -> kyso_sign_document_finish. */
void kyso_sign_doc_each_sign(KysoSigning *self);

/* @document is handed over, or not; @error is taken. */
void kyso_sign_doc_each_done(KysoSigning *self, KysoSigningDocument *document, GError *error);

/* ---- its answer and its records (sign-doc-result.c) ---- */

/* New: what the client is told. */
json_t *kyso_sign_doc_result_to_json(const KysoSigning *self);

/* New: the one record of all documents that @error (NULL: the person, by leaving them out) has kept
 * from being signed. */
KysoRecord *kyso_sign_doc_result_to_record(const KysoSigning *self, const GError *error);

/* Documents that were neither signed nor have failed. */
guint kyso_sign_doc_result_count_untouched(const KysoSigning *self);
