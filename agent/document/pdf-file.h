/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A PDF opened for one request: checked from outside (header, tail, size), then by qpdf. Never
 * repaired and never written to. One thread at a time.
 */

#include "agent/document/qpdf-reader.h"

#define KYSO_PDF_MAX_SIZE                                                                          \
    ((goffset) G_MAXINT32) /* 2 GiB: offsets fit the ten digits of a table                         \
                            */

typedef struct {
    int fd; /* borrowed */
    goffset size;
    goffset startxref;        /* of the newest revision: our /Prev */
    gboolean has_xref_stream; /* the newest revision's style; a hybrid file counts as a table */
    guint32 next_id;          /* first object number that is free */
    guint page_count;         /* at least 1 */
    KysoQpdfReader *reader;
    KysoQpdfValue root;
} KysoPdfFile;

/* @fd is a regular file or memfd, borrowed as long as the result lives. Its offset stays. NULL:
 * KYSO_ERROR_INPUT_UNREADABLE (no regular file), _DOCUMENT_EMPTY, _TOO_LARGE, _NOT_PDF (no header
 * at the first byte), _TRUNCATED (no startxref and %%EOF at the end), _DAMAGED, _ENCRYPTED,
 * _NO_PAGES, _PASSWORD_NEEDED, _PASSWORD_WRONG. */
KysoPdfFile *kyso_pdf_file_open(int fd, GError **error);

/* The same of its first @size bytes alone: an earlier revision. _INPUT_UNREADABLE where there are
 * not as many. */
KysoPdfFile *kyso_pdf_file_open_part(int fd, goffset size, GError **error);
void kyso_pdf_file_free(KysoPdfFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfFile, kyso_pdf_file_free)

/* FALSE where anything read since the opening was damaged: see kyso_qpdf_reader_check. */
gboolean kyso_pdf_file_check(KysoPdfFile *self, GError **error);
