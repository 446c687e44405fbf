/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of signatures.signDoc, read and checked; its files opened. Nothing is asked of
 * anybody yet. Main thread only.
 */

#include "agent/core/job.h"
#include "agent/policy/policy.h"
#include "ipc/base/descriptor.h"

/* Where on a page: points, origin bottom left. */
typedef struct {
    int page; /* from 1; negative from the end; 0: not given */
    double rect[4];
} KysoPlace;

/* The fields that `approve` reserves and `issue` fills. */
typedef enum {
    KYSO_BLANK_NUMBER,
    KYSO_BLANK_DAY,
    KYSO_BLANK_MONTH,
    KYSO_BLANK_SEAL,
    KYSO_N_BLANKS,
} KysoBlank;

typedef struct {
    const char *param;   /* name in the API: "number" */
    const char *field;   /* name of the field in the PDF: "CodeNumber" */
    const char *tooltip; /* what a reader shows over it */
} KysoBlankInfo;
extern const KysoBlankInfo kyso_blanks[KYSO_N_BLANKS];

typedef struct {
    char *credential_id;
    KysoPurpose purpose;
    gboolean is_pdf; /* signature_format P; else C */
    char *sign_algo; /* OID or NULL */
    char *name;
    json_t *metadata; /* object, never NULL */
    KysoSecrecy secrecy;
    KysoPlace place;
    KysoPlace reserve[KYSO_N_BLANKS];
    char *fill[KYSO_N_BLANKS]; /* NULL: not given */
    gboolean certify;

    KysoFd input;
    KysoFd image;      /* -1: none */
    KysoFd output;     /* -1 where output_path is set */
    char *output_path; /* absolute */
} KysoSignRequest;

/* KYSO_ERROR_WRONG_PARAMETERS, KYSO_ERROR_NOT_SUPPORTED (a purpose or format of a later release),
 * KYSO_ERROR_SECRET_DOCUMENT is not decided here; KYSO_ERROR_INPUT_UNREADABLE,
 * KYSO_ERROR_OUTPUT_NOT_WRITABLE. */
KysoSignRequest *kyso_sign_request_read(KysoJob *job, GError **error);
void kyso_sign_request_free(KysoSignRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignRequest, kyso_sign_request_free)
