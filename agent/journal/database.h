/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What our SQLite files have in common: made by us alone, opened so that nothing in them can run,
 * and a full disk told from other faults. Blocking; one thread at a time.
 */

#include <glib.h>
#include <sqlite3.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* An empty file at @path with mode 0600, where none is there. @code is the error's unless the disk
 * is full. */
gboolean kyso_database_make_file(const char *path, int code, GError **error);

/* SQLITE_OK, or why not; *ret_db is to be closed in both cases. @flags: SQLITE_OPEN_*. */
int kyso_database_connect(const char *path, int flags, sqlite3 **ret_db);

/* Is a full disk, or a quota, what @rc means? */
gboolean kyso_database_is_full(sqlite3 *db, int rc);
