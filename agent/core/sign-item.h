/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One document that signatures.signDoc shall sign: its parameters, read and checked; its files
 * opened. Nothing is asked of anybody yet. Main thread only.
 */

#include "agent/core/job.h"
#include "agent/core/sign-place.h"
#include "agent/policy/decree-text.h"
#include "agent/policy/policy.h"
#include "ipc/base/descriptor.h"

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
    char *name;
    json_t *metadata; /* object, never NULL */
    KysoSecrecy secrecy;
    KysoPlace place;
    KysoPlace reserve[KYSO_N_BLANKS];
    char *fill[KYSO_N_BLANKS]; /* NULL: not given */

    char *text; /* of a comment; NULL: not given */
    KysoCopyKind copy_kind;
    double seal_mm; /* 0: not given */

    KysoFd input;
    int image;        /* -1: none; its own, or that of the defaults */
    KysoFd own_image; /* -1: none */
    int password;     /* of the encrypted input; -1: none; its own, or that of the defaults */
    KysoFd own_password;
    KysoFd output;     /* -1 where output_path is set */
    char *output_path; /* absolute */
} KysoSignItem;

/* Reads the members of @params: all parameters of @job, or one entry of its "documents", which
 * takes place, reserve, image, password, text, copy_kind and seal_mm from @defaults (NULL: none;
 * must live as long) where it has none of its own. KYSO_ERROR_WRONG_PARAMETERS,
 * KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_OUTPUT_NOT_WRITABLE. Whether the document is secret is
 * not decided here. */
KysoSignItem *kyso_sign_item_read(KysoJob *job, const json_t *params, const KysoSignItem *defaults,
                                  GError **error);

/* What the parameters of @job say for all documents of a batch. */
KysoSignItem *kyso_sign_item_read_defaults(KysoJob *job, GError **error);

/* Are fields to be left for a later signature? */
gboolean kyso_sign_item_reserves(const KysoSignItem *self);

void kyso_sign_item_free(KysoSignItem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignItem, kyso_sign_item_free)

/* A parameter that would be ignored is an error: the caller meant something by it.
 * KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_sign_item_fits(const KysoSignItem *self, KysoPurpose purpose, GError **error);
