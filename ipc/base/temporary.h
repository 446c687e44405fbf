/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file that nobody else can see until it is whole: unnamed (O_TMPFILE) in the folder where it
 * shall appear, then synced and put under its name in one step. Killed at any moment, it leaves
 * the old file or the new one.
 */

#include <glib.h>

typedef struct _KysoTemporary KysoTemporary;

/* An unnamed file in @dir. KYSO_ERROR_OUTPUT_NOT_WRITABLE, KYSO_ERROR_DISK_FULL. */
KysoTemporary *kyso_temporary_new(const char *dir, GError **error);
void kyso_temporary_free(KysoTemporary *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTemporary, kyso_temporary_free)

/* Read-write; owned by @self. */
int kyso_temporary_fd(KysoTemporary *self);

/* Syncs the file, puts it at @path (in the folder given to new; an older file there is replaced)
 * with @mode and syncs the folder. On FALSE @path is as it was. Blocks: call from a thread for
 * large files. */
gboolean kyso_temporary_publish(KysoTemporary *self, const char *path, int mode, GError **error);
