/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of signatures.signDoc, read and checked; its files opened. One document is a list
 * of one. Nothing is asked of anybody yet. Main thread only.
 */

#include "agent/core/sign-item.h"

#define KYSO_MAX_BATCH 200 /* documents of one request */

/* EN 319 142-1 §6, EN 319 122-1 §6. */
typedef enum {
    KYSO_LEVEL_B,
    KYSO_LEVEL_T,   /* with a timestamp over the signature */
    KYSO_LEVEL_LT,  /* and the proofs that the certificates were good */
    KYSO_LEVEL_LTA, /* and a timestamp over all of it */
    KYSO_N_LEVELS,
} KysoLevel;
extern const char *const kyso_levels[KYSO_N_LEVELS]; /* "AdES-B-B", ... */

/* signature_format of the CSC API. */
typedef enum {
    KYSO_FORMAT_PDF,  /* P: PAdES */
    KYSO_FORMAT_CMS,  /* C: CAdES */
    KYSO_FORMAT_JSON, /* J: JWS */
    KYSO_FORMAT_XML,  /* X: XAdES */
} KysoSignatureFormat;

typedef struct {
    char *credential_id;
    KysoPurpose purpose;
    KysoSignatureFormat format;
    gboolean is_pdf;      /* signature_format P */
    gboolean is_xml;      /* signature_format X */
    gboolean several;     /* XML: others may sign after us */
    gboolean is_attached; /* signed_envelope_property: the content is in the signature */
    char *sign_algo;      /* OID or NULL */
    KysoLevel level;
    gboolean timestamp_later; /* where no timestamp service answers, it may be of level B for now */
    gboolean repair;          /* a damaged PDF without a signature may be written anew first */
    gboolean certify;
    gboolean wait_for_token;
    gboolean is_batch;      /* "documents" was given, if only with one */
    GPtrArray *items;       /* KysoSignItem, at least one */
    KysoSignItem *defaults; /* of a batch */
} KysoSignRequest;

/* KYSO_ERROR_WRONG_PARAMETERS, KYSO_ERROR_NOT_SUPPORTED (a purpose or format of a later release),
 * KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_OUTPUT_NOT_WRITABLE; of a document of a batch with
 * details {"document": index from 0}. */
KysoSignRequest *kyso_sign_request_read(KysoJob *job, GError **error);
void kyso_sign_request_free(KysoSignRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignRequest, kyso_sign_request_free)

/* Does the signature stand beside its file, in one of its own? */
gboolean kyso_sign_request_is_beside(const KysoSignRequest *self);

/* @error (taken), which document @index of the request had: of a batch, it says so. */
GError *kyso_sign_request_explain(const KysoSignRequest *self, GError *error, guint index);
