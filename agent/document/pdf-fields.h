/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The form fields of a document (ISO 32000-1 §12.7), by fully qualified name. Bounded: a hostile
 * form ends the walk, it does not keep it busy.
 */

#include "agent/document/pdf-pages.h"

#define KYSO_PDF_FIELD_READ_ONLY 1 /* /Ff, ISO 32000-1 table 221 */

/* One terminal field. */
typedef struct {
    const char *name;     /* fully qualified */
    const char *type;     /* "Tx", "Sig", "Btn", "Ch", or "" where it is none of these */
    KysoQpdfValue object; /* the field's dictionary */
    KysoQpdfValue widget; /* the same, or its first widget; 0: it has none */
    guint n_widgets;
    gint64 flags;
    KysoQpdfValue value; /* /V, its own or inherited; 0: empty */
} KysoPdfField;

/* TRUE for a signature field that has a value. */
gboolean kyso_pdf_fields_is_signed(const KysoPdfField *field);

/* @field is valid during the call. FALSE ends the walk. */
typedef gboolean (*KysoPdfFieldSeen)(const KysoPdfField *field, gpointer user_data);

/* Every terminal field in document order. FALSE where the form was too large to be walked to its
 * end. */
gboolean kyso_pdf_fields_walk(KysoPdfFile *file, KysoPdfFieldSeen seen, gpointer user_data);

/* Every field by its name, the first where several have one: char * -> KysoPdfField *. NULL with
 * KYSO_ERROR_DOCUMENT_TOO_LARGE where the form could not be walked to its end: nobody could say
 * then that a name is free. */
GHashTable *kyso_pdf_fields_index(KysoPdfFile *file, GError **error);
