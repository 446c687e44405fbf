/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The fields of one revision: reserved ones (empty, to be filled or signed later without breaking
 * the signature made now), filled ones, and the signature's own.
 */

#include "agent/document/pdf-draft.h"
#include "agent/document/pdf-place.h"

/* A field that does not exist yet. */
typedef struct {
    const char *name;    /* without a period; free in the document */
    const char *tooltip; /* NULL: none */
    gint64 page;         /* as kyso_pdf_pages_find */
    gboolean has_rect;   /* FALSE: invisible, for signatures only */
    KysoPdfRect rect;
    gboolean is_shown_rect; /* @rect is of the page as it is shown */
    KysoPdfFit fit;
    gboolean is_over_signature; /* page and rect are those of the signature made now */
    gboolean is_signature;
} KysoPdfNewField;

/* A text field to be filled for good: it becomes read-only. */
typedef struct {
    const char *name;
    KysoDrawingText text;
} KysoPdfFill;

/* The signature's field and how it shows. */
typedef struct {
    const char *existing;        /* name of a reserved field, or NULL: then */
    KysoPdfNewField field;       /* this one is added */
    int image_fd;                /* PNG, borrowed; -1: none */
    gboolean is_seal;            /* the image is one, and drawn as large as the real one: */
    double seal_width;           /* points; 0: what the image says */
    const KysoDrawingText *text; /* NULL: none */
    GArray *parts;               /* KysoLookPart */
} KysoPdfSignatureField;

/* All three: KYSO_ERROR_PLACE_COVERS where the verifier would take the field for tampering with the
 * signatures before it (kyso_field_cover_check). */

/* Adds an empty field; with KYSO_PDF_FIT_SEAL for a seal of @seal_width points.
 * KYSO_ERROR_PLACE_OUTSIDE; KYSO_ERROR_WRONG_PARAMETERS where the name is taken or no name. */
gboolean kyso_pdf_widgets_reserve(KysoPdfDraft *draft, const KysoPdfNewField *field,
                                  double seal_width, GError **error);

/* KYSO_ERROR_FIELD_MISSING where there is no writable text field of this name with one widget. */
gboolean kyso_pdf_widgets_fill(KysoPdfDraft *draft, const KysoPdfFill *fill, GError **error);

/* Makes or takes the field whose value is to be signature @value_id. KYSO_ERROR_FIELD_MISSING
 * where an existing field is none, or signed; KYSO_ERROR_WRONG_PARAMETERS where nobody says how
 * large the seal is. *ret_lock is its /Lock (0: none). */
gboolean kyso_pdf_widgets_sign(KysoPdfDraft *draft, const KysoPdfSignatureField *signature,
                               guint32 value_id, KysoQpdfValue *ret_lock, GError **error);
