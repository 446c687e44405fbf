/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the agent says is to be signed, as values. All texts are borrowed from the call's
 * parameters, untrusted, and only to be shown through agent/dialog/visible.h.
 */

#include "ipc/wire/json.h"

#define KYSO_QUESTION_MAX_DOCUMENTS 200 /* told one by one; the rest is counted */

typedef struct {
    const char *name;
    const char *subject;
    const char *number;
    const char *digest;
    const char *text;      /* how its first page begins */
    gint64 pages;          /* 0: not known */
    gboolean is_rewritten; /* it was damaged, and has been written anew */
    gint64 signatures;     /* that it gets at once; 0: one */
    const char *note;      /* what is written on its pages beside the signature */
} KysoQuestionDocument;

typedef struct {
    const char *language; /* "vi" or "en" */
    const char *title;
    gint64 timeout_seconds;

    const char *caller_executable, *caller_unit, *caller_origin;
    gint64 caller_pid; /* 0: not known */

    const char *purpose;
    gboolean is_agency;

    const char *common_name, *organization, *issuer;
    const char *not_after; /* RFC 3339 */

    const char *token_label, *token_serial;
    gint64 tries_left; /* -1: not known */
    gboolean pin_count_low, pin_final_try, protected_path;

    KysoQuestionDocument documents[KYSO_QUESTION_MAX_DOCUMENTS];
    gsize n_documents;     /* in the array */
    gint64 document_count; /* to be signed: n_documents or more */

    gboolean shows_each; /* a window and a yes for each of them */
    gint64 batch_number; /* a further signature of a batch: this document ... */
    gint64 batch_total;  /* ... of so many; 0: none */

    const json_t *environment; /* names and values of the screen; NULL: our own */
} KysoQuestion;

/* Reads the parameters of prompt.ask. KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_question_read(const json_t *params, KysoQuestion *ret, GError **error);

/* Takes out the documents at @indices (guint, ascending), which the person does not sign. */
void kyso_question_leave_out(KysoQuestion *self, const GArray *indices);
