/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Two revisions of one file side by side, and the objects that the later one brought, changed or
 * took away. Since the earlier revision is the beginning of the later file, an object that both
 * tables place alike is the same object; only the others need to be read. One thread at a time.
 */

#include "agent/document/pdf-file.h"

typedef struct {
    KysoPdfFile *old, *new; /* borrowed */
    GHashTable *touched;    /* object number -> KysoPdfTouch */
} KysoPdfTouched;

typedef struct {
    int id;
    int old_generation, new_generation; /* -1: not there */
    guint n_references;                 /* to it, in the old revision */
    gboolean is_explained;              /* its change is one that the rules know */
} KysoPdfTouch;

typedef enum {
    KYSO_PDF_TOUCHED_FINE,
    KYSO_PDF_TOUCHED_HIDDEN,  /* the later part holds what its tables do not say, or takes an object
                                 out of the earlier part that was not one there */
    KYSO_PDF_TOUCHED_UNCLEAR, /* too much to read, or unreadable */
} KysoPdfTouchedResult;

/* @old is the first bytes of @new's file, smaller than it. Only with _FINE there is a *ret. */
KysoPdfTouchedResult kyso_pdf_touched_find(KysoPdfFile *old, KysoPdfFile *new,
                                           KysoPdfTouched **ret);
void kyso_pdf_touched_free(KysoPdfTouched *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfTouched, kyso_pdf_touched_free)

/* The touch of what @value (of either revision) refers to, or NULL: untouched, or no reference. */
KysoPdfTouch *kyso_pdf_touched_get(KysoPdfTouched *self, KysoPdfFile *file, KysoQpdfValue value);

KysoQpdfValue kyso_pdf_touched_old(KysoPdfTouched *self, const KysoPdfTouch *touch);
KysoQpdfValue kyso_pdf_touched_new(KysoPdfTouched *self, const KysoPdfTouch *touch);

/* TRUE where object and bytes are the same in both: it was only written again. */
gboolean kyso_pdf_touched_is_same(KysoPdfTouched *self, const KysoPdfTouch *touch);
