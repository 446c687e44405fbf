/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/journal/database.h"

#include <errno.h>
#include <fcntl.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define BUSY_MS 5000

/* The errno behind SQLITE_IOERR. sqlite3_system_errno() stays 0 where a commit failed, so the
 * files themselves are asked: the log first, as that is what a commit writes. */
static int
file_errno(sqlite3 *db)
{
    static const int kinds[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
    int saved_errno = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(kinds) && saved_errno == 0; i++) {
        sqlite3_file *file = NULL;
        sqlite3_file_control(db, "main", kinds[i], &file);
        if (file != NULL && file->pMethods != NULL)
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &saved_errno);
    }
    return saved_errno;
}

gboolean
kyso_database_is_full(sqlite3 *db, int rc)
{
    if ((rc & 0xff) == SQLITE_FULL)
        return TRUE;
    if ((rc & 0xff) != SQLITE_IOERR)
        return FALSE;

    /* A quota or a file size limit comes as a plain write error. */
    int saved_errno = file_errno(db);
    return saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG;
}

/* Made here and not by SQLite, so that nobody else can read it from the first moment on; the WAL
 * takes its mode from this file. */
gboolean
kyso_database_make_file(const char *path, int code, GError **error)
{
    g_auto(KysoFd) fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0 || errno == EEXIST)
        return TRUE;
    kyso_error_set_errno(error, code, errno, path);
    return FALSE;
}

int
kyso_database_connect(const char *path, int flags, sqlite3 **ret_db)
{
    int rc = sqlite3_open_v2(path, ret_db, flags | SQLITE_OPEN_FULLMUTEX, NULL);

    if (rc != SQLITE_OK)
        return rc;
    /* What somebody put into the schema of the file must not run here. */
    sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_busy_timeout(*ret_db, BUSY_MS);
    return SQLITE_OK;
}
