/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A damaged PDF written anew: what can still be found of its objects, in a sound file. The one
 * place where a document is repaired, and only where the caller has asked for it.
 *
 * Never of a document that has, or had, a signature: the new file would not carry it, and nobody
 * would see that it was there. The same input gives the same output. One thread at a time.
 */

#include <glib.h>

G_BEGIN_DECLS

#define KYSO_PDF_REWRITE_MAX_SIZE (192 * 1024 * 1024) /* of input and output, bytes */

typedef struct {
    goffset size;   /* of the new file */
    guint n_faults; /* that were found and passed */
    char *fault;    /* the first one, UTF-8; NULL: none */
} KysoPdfRewritten;
void kyso_pdf_rewrite_clear(KysoPdfRewritten *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoPdfRewritten, kyso_pdf_rewrite_clear)

/* Writes @fd (borrowed, a regular file of @size bytes) anew to @output, from its start. On FALSE
 * @output may hold a part of it. KYSO_ERROR_SIGNED_AND_DAMAGED, KYSO_ERROR_DOCUMENT_ENCRYPTED,
 * KYSO_ERROR_DOCUMENT_DAMAGED where too little is left, or it is over the limit. */
gboolean kyso_pdf_rewrite(int fd, goffset size, int output, KysoPdfRewritten *ret, GError **error);

G_END_DECLS
