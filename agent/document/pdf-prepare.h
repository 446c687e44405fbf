/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Makes the incremental update that a signature goes into: its field and appearance, reserved and
 * filled fields, and the signature dictionary with a zeroed /Contents and the final /ByteRange.
 *
 * The caller appends the update to the file, hashes the ranges and writes the hexadecimal CMS over
 * the zeros: nothing else may change.
 */

#include "agent/document/pdf-widgets.h"

#define KYSO_PDF_MIN_CONTENTS 1024
#define KYSO_PDF_MAX_CONTENTS (1024 * 1024)

typedef struct {
    KysoPdfSignatureField signature;
    gsize contents_size;                  /* bytes that the CMS may have */
    const char *signing_time;             /* PDF date */
    const char *name, *reason, *location; /* NULL: none */
    gboolean is_timestamp;                /* of the whole document (ETSI EN 319 142-1 §5.4.3):
                                             signing_time, name, reason, location are not used */
    int certify;                          /* DocMDP /P, 0: an approval signature */
    GArray *reserve;                      /* KysoPdfNewField */
    double reserved_seal_width;           /* points, where one is reserved over the signature */
    GArray *fill;                         /* KysoPdfFill */
} KysoPdfRequest;

/* Offsets are those inside the increment, but for `range`, which is that of the whole file. */
typedef struct {
    GBytes *increment;
    gsize range_offset, range_length;       /* the array "[...]" */
    gsize contents_offset, contents_length; /* "<...>", brackets included */
    goffset range[4];
} KysoPdfPrepared;
void kyso_pdf_prepare_clear(KysoPdfPrepared *prepared);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoPdfPrepared, kyso_pdf_prepare_clear)

/* The update of @file by @request. On FALSE *ret is empty. Errors: those of kyso_pdf_widgets_*;
 * KYSO_ERROR_WRONG_PARAMETERS where a signature that is not the first shall certify;
 * KYSO_ERROR_DOCUMENT_DAMAGED. */
gboolean kyso_pdf_prepare(KysoPdfFile *file, const KysoPdfRequest *request, KysoPdfPrepared *ret,
                          GError **error);
