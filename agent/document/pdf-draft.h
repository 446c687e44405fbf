/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One revision while it is being made: what its parts add to the pages, to the form and to the
 * catalogue, each of which is written once, at the end.
 *
 * The first fault of a part ends the draft; it is then of no more use. One thread at a time.
 */

#include "agent/document/appearance.h"
#include "agent/document/form-import.h"
#include "agent/document/pdf-fields.h"
#include "agent/document/pdf-increment.h"
#include "agent/document/pdf-pages.h"

typedef struct {
    KysoPdfFile *file;  /* borrowed */
    GHashTable *known;  /* fields that exist: kyso_pdf_fields_index */
    gboolean is_signed; /* one of them is */
    guint64 page_steps; /* left for numbering pages */
    KysoPdfIncrement *increment;
    KysoAppearance *appearance;
    GArray *forms;         /* KysoForm: one a page of `appearance` */
    GPtrArray *pages;      /* pages that get annotations */
    GString *fields;       /* "n 0 R " of each new field */
    KysoPdfRect signature; /* where the signature made now is, as its page is shown */
    guint signature_page;  /* 0: nowhere */
    guint32 certifying_id; /* signature that certifies, or 0 */
} KysoPdfDraft;

/* Errors: kyso_pdf_fields_index. */
KysoPdfDraft *kyso_pdf_draft_new(KysoPdfFile *file, GError **error);
void kyso_pdf_draft_free(KysoPdfDraft *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfDraft, kyso_pdf_draft_free)

/* Draws what a rectangle of @width × @height shows on a page turned by @rotate; the number of the
 * form, or 0. Errors: kyso_appearance_add. */
guint32 kyso_pdf_draft_draw(KysoPdfDraft *self, double width, double height, int rotate,
                            const KysoLook *look, GError **error);

/* A form that shows nothing. */
guint32 kyso_pdf_draft_draw_nothing(KysoPdfDraft *self, double width, double height, int rotate);

/* Puts new object @id, a field with its widget, into the form and on @page. */
void kyso_pdf_draft_add_field(KysoPdfDraft *self, const KysoPdfPage *page, guint32 id);

/* Writes forms, pages, AcroForm and catalogue, then the cross-reference section. The text is owned
 * by the draft. */
GString *kyso_pdf_draft_finish(KysoPdfDraft *self, GError **error);
