/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The one copy of a document that is shown, hashed, signed and handed over: a file without a name,
 * which nobody else can write. What the caller does to its own file after this is of no matter.
 *
 * Where the output is a path, the copy is made in that folder, so that the result only needs its
 * name to be there. Made in a thread, hashed while it is copied; then main thread only.
 */

#include <gio/gio.h>

#include "agent/cms/file-hash.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/temporary.h"

#define KYSO_DOCUMENT_MAX G_MAXINT32 /* bytes: 2 GiB - 1 */

typedef struct {
    KysoTemporary *file;
    KysoFd read_only; /* the same, for the processes that parse it: they must not write it */
    goffset size;
    KysoFileHash *hash; /* SHA-256 of all of it; can go on */
} KysoPrivateCopy;
void kyso_private_copy_free(KysoPrivateCopy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPrivateCopy, kyso_private_copy_free)

/* The file has become @size bytes long, and what has been added is final: it belongs to the copy
 * from now on. KYSO_ERROR_INPUT_UNREADABLE. */
gboolean kyso_private_copy_grow(KysoPrivateCopy *self, goffset size, GError **error);

/* Copies @input (borrowed until done) from its start into @dir. @stays: what it becomes will get a
 * name there, so the disk begins to write it while it is read and signed. */
void kyso_private_copy_async(int input, const char *dir, gboolean stays, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data);

/* KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_DOCUMENT_TOO_LARGE, KYSO_ERROR_OUTPUT_NOT_WRITABLE,
 * KYSO_ERROR_DISK_FULL, KYSO_ERROR_CANCELLED. */
KysoPrivateCopy *kyso_private_copy_finish(GAsyncResult *result, GError **error);
