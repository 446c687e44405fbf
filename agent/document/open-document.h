/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The document of a request, opened. What only read it may leave it for the next request, which is
 * about the same document more often than not: a table of half a million objects is then read once.
 *
 * Main thread only.
 */

#include "agent/document/pdf-file.h"
#include "ipc/wire/channel.h"

typedef struct {
    KysoFd fd;
    KysoPdfFile *file;
} KysoOpenDocument;

/* The descriptor "document" of @params, taken out of @fds: the kept one where it is the same file
 * and nobody has written to it since, else opened now, as kyso_pdf_file_open. FALSE: @ret is
 * empty. Nothing is kept any more. */
gboolean kyso_open_document_take(const json_t *params, KysoFdList *fds, KysoOpenDocument *ret,
                                 GError **error);

/* Leaves it, unchanged, for the next request. Takes it: @self is empty after that. */
void kyso_open_document_keep(KysoOpenDocument *self);

/* As where another password counts from now on. */
void kyso_open_document_forget(void);

void kyso_open_document_clear(KysoOpenDocument *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoOpenDocument, kyso_open_document_clear)
