/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One signatures.augment on its way: read, verified, raised step by step, verified again, recorded,
 * handed over. The request is in augment.c; how a PDF, an XML signature and a CMS is raised, in
 * augment-pdf.c, augment-xml.c and augment-file.c; what is refused, in augment-verdict.c. Main
 * thread only.
 */

#include "agent/core/document-report.h"
#include "agent/core/increment.h"
#include "agent/core/private-copy.h"
#include "agent/core/sign-data.h"
#include "agent/core/sign-request.h"
#include "agent/core/xml-reader.h"
#include "agent/journal/record.h"

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoLevel level; /* that it shall have */
    KysoFd input, output;
    KysoFd password;   /* of an encrypted PDF; -1: none */
    char *output_path; /* NULL: into output */
    GBytes *cms;       /* the signature beside a file, or around it; NULL: a document */
    gboolean is_beside;
    KysoRecord *record;

    KysoPrivateCopy *copy;       /* a document: the result to be; else the file that was brought */
    KysoSignDataResult *content; /* that a CMS carries; NULL: it carries none */
    KysoHelper *reader;
    json_t *inspection;     /* PDF */
    KysoXmlInspection *xml; /* XML, packages */
    KysoFd extended;        /* what the reader made of it; -1: nothing */
    guint n_added;          /* timestamps */
    KysoProofs *proofs;     /* that it has by now; NULL: none */
    KysoDocumentReport *report;
    KysoLevel level_before;
    KysoIncrement *increment;
    char *timestamp_time;    /* RFC 3339, of the newest that was added; NULL: none */
    char *timestamp_service; /* the common name of who gave it */

    gboolean has_begun;                        /* it was verified as it came */
    gboolean is_stamped, is_proven, is_sealed; /* steps that were taken: T, LT, LTA */

    KysoTemporary *result; /* that of copy, or owned */
    goffset result_size;
    gint64 evidence; /* its number; 0: none is kept */
    GError *error;   /* why it failed, until that is recorded */
} KysoAugmenting;

/* Starts with the input copied and ends in kyso_augment_end. The last: a CMS, whose cms is not set
 * where it carries the file. */
void kyso_augment_pdf_start(KysoAugmenting *self);
void kyso_augment_xml_start(KysoAugmenting *self);
void kyso_augment_file_start(KysoAugmenting *self);

/* With @self->report and ->proofs at hand, each time anew: may it be raised, and is what came of it
 * still good? KYSO_ERROR_LEVEL_REACHED, KYSO_ERROR_RESULT_INVALID, those of
 * kyso_augment_verdict_allows. */
gboolean kyso_augment_check(KysoAugmenting *self, GError **error);

/* The folder of the output path, or that of the state. g_free. */
char *kyso_augment_work_dir(const KysoAugmenting *self);

/* What is remembered of a timestamp that was added. */
void kyso_augment_note_timestamp(KysoAugmenting *self, const KysoTimestamp *timestamp);

/* With the result whole and verified, or with @error (taken). */
void kyso_augment_end(KysoAugmenting *self, GError *error);

/* With what it has become: @self->report and ->proofs are of the result, which has the level asked
 * for, or this is KYSO_ERROR_RESULT_INVALID. The second: the copy is the result. */
void kyso_augment_end_at_level(KysoAugmenting *self);
void kyso_augment_end_with_copy(KysoAugmenting *self);

/* ---- what is there (augment-verdict.c) ---- */

/* TRUE where each signature is valid and all of the document is signed; else the first that is
 * not: KYSO_ERROR_NOT_SIGNED, _EARLIER_SIGNATURE_BROKEN, _CHANGED_AFTER_SIGNATURE,
 * _TIMESTAMP_WRONG, or of its certificate. */
gboolean kyso_augment_verdict_allows(const KysoDocumentReport *report, GError **error);

/* Has each signature a right timestamp, over itself or over the document after it? */
gboolean kyso_augment_verdict_has_times(const KysoDocumentReport *report);

/* New: the paths (GPtrArrays of KysoCertificate, borrowed from @report) that @proofs (may be NULL)
 * say too little of: of each signature, and of what vouches for its time; @and_all: also of the
 * document timestamps that vouch for no signature yet. */
GPtrArray *kyso_augment_verdict_list_unproven(const KysoDocumentReport *report,
                                              const KysoProofs *proofs, gboolean and_all);

/* The level that each of its signatures has at least. */
KysoLevel kyso_augment_verdict_level(const KysoDocumentReport *report, const KysoProofs *proofs);
