/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Writer of one incremental update (ISO 32000-1 §7.5.6): objects, then a cross-reference section in
 * the style of the newest revision. It holds only the bytes to be appended; offsets in it are
 * those of the whole file. Never touches what stands before.
 *
 * Of an encrypted document each object is encrypted when it ends, with the document's own key.
 */

#include "agent/document/pdf-file.h"

typedef struct _KysoPdfIncrement KysoPdfIncrement;

/* @file is borrowed and must outlive the result. */
KysoPdfIncrement *kyso_pdf_increment_new(KysoPdfFile *file);
void kyso_pdf_increment_free(KysoPdfIncrement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfIncrement, kyso_pdf_increment_free)

guint32 kyso_pdf_increment_new_id(KysoPdfIncrement *self);

/* Starts object (@id, @generation); its text goes into the result, which ends with the matching
 * end call. One object at a time. */
GString *kyso_pdf_increment_begin(KysoPdfIncrement *self, guint32 id, int generation);
void kyso_pdf_increment_end(KysoPdfIncrement *self);

/* Of the object that was begun: what stands in it until now is encrypted at once, so that offsets
 * in what follows will not move; or it stays in clear, as /Contents of a signature must (ISO
 * 32000-1 §7.6.1). Without encryption, both do nothing. Neither may part a stream. */
void kyso_pdf_increment_encrypt(KysoPdfIncrement *self);
void kyso_pdf_increment_keep_clear(KysoPdfIncrement *self);

/* Writes cross-reference section and trailer. The text stays owned by @self. KYSO_ERROR_INTERNAL
 * where no random bytes are to be had for /ID; KYSO_ERROR_DOCUMENT_DAMAGED where one object was
 * written twice; errors of kyso_pdf_encryption_apply. */
GString *kyso_pdf_increment_finish(KysoPdfIncrement *self, GError **error);

/* Text of values. */
void kyso_pdf_increment_put_number(GString *text, double value);       /* at most 3 decimals */
void kyso_pdf_increment_put_text(GString *text, const char *utf8);     /* UTF-16BE, hexadecimal */
void kyso_pdf_increment_put_rect(GString *text, const double rect[4]); /* "[a b c d]" */

/* As kyso_qpdf_reader_unparse_entries. */
void kyso_pdf_increment_put_entries(GString *text, KysoQpdfReader *reader, KysoQpdfValue dictionary,
                                    const char *const *skip);
