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
    char *name;           /* fully qualified; owned */
    const char *type;     /* "Tx", "Sig", "Btn", "Ch", or "" where it is none of these */
    KysoQpdfValue object; /* the field's dictionary */
    KysoQpdfValue widget; /* the same, or its first widget; 0: it has none */
    guint n_widgets;
    gint64 flags;
    KysoQpdfValue value; /* /V, its own or inherited; 0: empty */
} KysoPdfField;
void kyso_pdf_fields_clear(KysoPdfField *field);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoPdfField, kyso_pdf_fields_clear)

/* @field is valid during the call. FALSE ends the walk. */
typedef gboolean (*KysoPdfFieldSeen)(const KysoPdfField *field, gpointer user_data);

/* Every terminal field in document order. FALSE where the form was too large to be walked to its
 * end. */
gboolean kyso_pdf_fields_walk(KysoPdfFile *file, KysoPdfFieldSeen seen, gpointer user_data);

/* The first field named @name. FALSE leaves *ret empty. */
gboolean kyso_pdf_fields_find(KysoPdfFile *file, const char *name, KysoPdfField *ret);
