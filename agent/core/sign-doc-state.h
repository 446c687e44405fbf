/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One signDoc request on its path, and the turns at which the way of a PDF and that of a detached
 * signature part and meet (sign-doc.c, sign-doc-pdf.c, sign-doc-detached.c). Main thread only.
 */

#include "agent/cms/cades-builder.h"
#include "agent/core/attempt.h"
#include "agent/core/document-report.h"
#include "agent/core/increment.h"
#include "agent/core/private-copy.h"
#include "agent/core/sign-request.h"
#include "agent/core/signature-scheme.h"
#include "ipc/wire/helper.h"

typedef struct _KysoSigning KysoSigning;

/* What differs between the kinds of signature. Each ends in the call named. */
typedef struct {
    KysoCadesProfile profile;
    void (*read)(KysoSigning *self);     /* the document -> kyso_sign_doc_part_done */
    void (*prepare)(KysoSigning *self);  /* content_digest is set -> kyso_sign_doc_ask */
    void (*complete)(KysoSigning *self); /* result, report are set -> kyso_sign_doc_record */
} KysoSigningKind;

extern const KysoSigningKind kyso_sign_doc_pdf;
extern const KysoSigningKind kyso_sign_doc_detached;

struct _KysoSigning {
    KysoAgent *agent;
    KysoJob *job;
    KysoSignRequest *request;
    const KysoSigningKind *kind;
    KysoRecord *record;
    GDateTime *signing_time;

    guint n_waiting;     /* parts under way at the same time */
    GError *first_error; /* of these */
    GError *late_error;  /* counts where there is no other */

    /* the key */
    KysoCredential *credential;
    KysoToken *token;
    KysoCertificate *certificate;
    GPtrArray *chain;
    const KysoSignatureScheme *scheme;
    KysoFacts facts;
    KysoLogin *login;

    /* the document */
    KysoHelper *reader;
    KysoHelper *pages_reader;
    KysoPrivateCopy *copy;    /* PDF */
    json_t *inspection;       /* PDF */
    char *field;              /* PDF: name of the signature field */
    KysoIncrement *increment; /* PDF */
    GBytes *content_digest;   /* by scheme->hash */

    KysoCadesBuilder *builder;
    GBytes *cms;
    KysoTemporary *result; /* what is handed over; owned only by a detached signature */
    goffset result_size;
    KysoDocumentReport *report; /* of the result */
};

/* One of the parts that run at the same time has ended; @error is taken. */
void kyso_sign_doc_part_done(KysoSigning *self, GError *error);

/* content_digest is there: show, ask, sign. */
void kyso_sign_doc_ask(KysoSigning *self);

/* The result is whole and verified: write the journal, hand over. */
void kyso_sign_doc_record(KysoSigning *self);

/* Ends the request; @error is taken. */
void kyso_sign_doc_fail(KysoSigning *self, GError *error);

/* The folder of the output path, or that of the state. g_free. */
char *kyso_sign_doc_work_dir(const KysoSigning *self);

/* TRUE where the one signature that is ours is valid, by our certificate, over all of the result.
 */
gboolean kyso_sign_doc_check_report(const KysoSigning *self, const KysoDocumentReport *report,
                                    GError **error);
