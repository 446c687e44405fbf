/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What is known while a signed revision is compared with the document of today: the rules
 * (form-change.h, catalogue-change.h, page-change.h) read the one, look at the other, explain the
 * objects whose change they know, and put down what they found. What no rule explains is a change
 * of the content. One thread at a time.
 */

#include "agent/document/pdf-fields.h"
#include "agent/document/pdf-touched.h"

typedef enum {
    /* Allowed. */
    KYSO_PDF_FIELD_FILLED,
    KYSO_PDF_SIGNATURE_ADDED,
    KYSO_PDF_SIGNATURE_FIELD_ADDED,
    KYSO_PDF_TIMESTAMP_ADDED,
    KYSO_PDF_VALIDATION_DATA_ADDED,
    KYSO_PDF_METADATA_CHANGED,
    /* Not allowed. */
    KYSO_PDF_CONTENT_CHANGED,
    KYSO_PDF_PAGES_CHANGED,
    KYSO_PDF_PAGE_BOX_CHANGED,
    KYSO_PDF_ANNOTATION_CHANGED,
    KYSO_PDF_FIELD_CHANGED,
    KYSO_PDF_FIELD_COVERS,
    KYSO_PDF_FIELD_LOCKED,
    KYSO_PDF_SIGNATURE_CHANGED,
    KYSO_PDF_FORM_CHANGED,
    KYSO_PDF_CATALOGUE_CHANGED,
    KYSO_PDF_NOT_PERMITTED,
    KYSO_PDF_HIDDEN_DATA,
    KYSO_PDF_OTHER_CHANGED,
    KYSO_PDF_REVISION_CUT,
    KYSO_PDF_GAP_WRONG,
    /* Nothing could be said. */
    KYSO_PDF_REVISION_UNREADABLE,
    KYSO_PDF_TOO_LARGE,
} KysoPdfChangeKind;

/* "field_filled", ... as in the API. */
const char *kyso_pdf_comparison_kind_name(KysoPdfChangeKind kind);
gboolean kyso_pdf_comparison_is_allowed(KysoPdfChangeKind kind);

typedef struct {
    KysoPdfChangeKind kind;
    guint page;  /* 0: of none, or unknown */
    char *field; /* NULL: of none */
} KysoPdfChange;

/* What a signature itself says about later changes (ISO 32000-2 §12.8.2.2, §12.8.2.4). */
typedef struct {
    gint64 level;             /* DocMDP 1 to 3; 0: it does not certify */
    gboolean is_locking;      /* FieldMDP, or the field's /Lock */
    gboolean is_all_but;      /* the fields below are those that are free, not those locked */
    GHashTable *locked_names; /* char * */
} KysoPdfPermission;

typedef struct {
    KysoPdfTouched *pair;
    KysoPdfFile *old, *new;
    KysoPdfPermission permission;
    GHashTable *old_fields, *new_fields; /* kyso_pdf_fields_index */
    GHashTable *new_widgets;             /* object number -> itself: of new signature fields */
    guint64 page_steps;                  /* left for numbering pages */
    GPtrArray *changes;                  /* KysoPdfChange, each once */
} KysoPdfComparison;

/* @pair is borrowed. NULL where a form is too large to be looked through. */
KysoPdfComparison *kyso_pdf_comparison_new(KysoPdfTouched *pair);
void kyso_pdf_comparison_free(KysoPdfComparison *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfComparison, kyso_pdf_comparison_free)

/* A list for changes; one more in it. */
GPtrArray *kyso_pdf_comparison_list_new(void);
void kyso_pdf_comparison_list_add(GPtrArray *list, KysoPdfChangeKind kind, guint page,
                                  const char *field);

void kyso_pdf_comparison_add(KysoPdfComparison *self, KysoPdfChangeKind kind, guint page,
                             const char *field);

/* Reads the permission out of @signature, the value of @field, both of the old revision. */
void kyso_pdf_comparison_read_permission(KysoPdfComparison *self, KysoQpdfValue field,
                                         KysoQpdfValue signature);
gboolean kyso_pdf_comparison_is_locked(const KysoPdfComparison *self, const char *field);

KysoQpdfValue kyso_pdf_comparison_get_old(KysoPdfComparison *self, KysoQpdfValue dictionary,
                                          const char *key);
KysoQpdfValue kyso_pdf_comparison_get_new(KysoPdfComparison *self, KysoQpdfValue dictionary,
                                          const char *key);

/* The keys whose entries differ between @old and @new; references are not followed. */
GStrv kyso_pdf_comparison_changed_keys(KysoPdfComparison *self, KysoQpdfValue old,
                                       KysoQpdfValue new);
gboolean kyso_pdf_comparison_is_equal(KysoPdfComparison *self, KysoQpdfValue old,
                                      KysoQpdfValue new);

/* The object that @old refers to may differ: its change was understood. Where more than
 * @max_references refer to it, it is in use elsewhere too, and stays unexplained. */
void kyso_pdf_comparison_explain(KysoPdfComparison *self, KysoQpdfValue old, guint max_references);

/* The number of the page that @widget (of the new revision) says it is on, or 0. */
guint kyso_pdf_comparison_page_of(KysoPdfComparison *self, KysoQpdfValue widget);
