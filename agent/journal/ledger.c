/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/journal/ledger.h"
#include "agent/journal/database.h"
#include "agent/journal/rows.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/file.h>

#define FORMAT 1 /* PRAGMA user_version */

struct _KysoLedger {
    sqlite3 *db;
    KysoRowsStatements statements;
    KysoFd lock; /* -1: a reader */
    gint64 count;
    char *hash; /* of record @count; zeros before the first */
};

static gboolean
run(KysoLedger *self, const char *sql, GError **error)
{
    int rc = sqlite3_exec(self->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK || kyso_rows_fail(self->db, rc, error);
}

static gboolean
make_folder(const char *dir, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (kyso_paths_make_private(dir, &why))
        return TRUE;
    gboolean is_full = g_error_matches(why, KYSO_ERROR, KYSO_ERROR_DISK_FULL);
    g_set_error_literal(error, KYSO_ERROR,
                        is_full ? KYSO_ERROR_DISK_FULL : KYSO_ERROR_JOURNAL_UNAVAILABLE,
                        why->message);
    return FALSE;
}

/* The lock is on a file of its own: POSIX locks of SQLite's own files are lost when any descriptor
 * of them is closed in the process. */
static int
take_lock(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "journal.lock", NULL);
    g_auto(KysoFd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_JOURNAL_UNAVAILABLE, errno, path);
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_UNAVAILABLE,
                    "another process writes the journal in %s", dir);
        return -1;
    }
    return kyso_fd_steal(&fd);
}

static gboolean
connect_file(KysoLedger *self, const char *dir, int flags, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "journal.db", NULL);

    if ((flags & SQLITE_OPEN_READWRITE) != 0 &&
        !kyso_database_make_file(path, KYSO_ERROR_JOURNAL_UNAVAILABLE, error))
        return FALSE;

    int rc = kyso_database_connect(path, flags, &self->db);
    return rc == SQLITE_OK || kyso_rows_fail(self->db, rc, error);
}

static gboolean
check_format(KysoLedger *self, GError **error)
{
    gint64 version = 0;

    if (!kyso_rows_number(self->db, "PRAGMA user_version", &version, error))
        return FALSE;
    if (version == FORMAT)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN,
                "journal.db has format %" G_GINT64_FORMAT ", not %d", version, FORMAT);
    return FALSE;
}

static gboolean
start_file(KysoLedger *self, GError **error)
{
    gint64 objects = 0;

    if (!kyso_rows_number(self->db, "SELECT count(*) FROM sqlite_master", &objects, error))
        return FALSE;
    if (objects > 0)
        return TRUE;

    g_autofree char *create = kyso_rows_create_sql(FORMAT);
    if (run(self, create, error))
        return TRUE;
    sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

/* The end of the chain only: the whole is walked by verify. */
static gboolean
check_end(KysoLedger *self, GError **error)
{
    gint64 last = 0;

    if (!kyso_rows_read_head(self->db, &self->count, &self->hash, error) ||
        !kyso_rows_number(self->db, "SELECT coalesce(max(sequence), 0) FROM records", &last, error))
        return FALSE;
    if (last != self->count) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN,
                    "the journal ends at record %" G_GINT64_FORMAT
                    ", its head says %" G_GINT64_FORMAT,
                    last, self->count);
        return FALSE;
    }
    return kyso_rows_check_last(self->db, self->count, self->hash, error);
}

KysoLedger *
kyso_ledger_open(const char *dir, GError **error)
{
    g_autoptr(KysoLedger) self = g_new0(KysoLedger, 1);

    self->lock = make_folder(dir, error) ? take_lock(dir, error) : -1;
    if (self->lock < 0 || !connect_file(self, dir, SQLITE_OPEN_READWRITE, error))
        return NULL;
    if (!run(self, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", error) ||
        !start_file(self, error) || !check_format(self, error) || !check_end(self, error)) {
        g_prefix_error(error, "%s: ", dir);
        return NULL;
    }
    return g_steal_pointer(&self);
}

KysoLedger *
kyso_ledger_open_reader(const char *dir, GError **error)
{
    g_autoptr(KysoLedger) self = g_new0(KysoLedger, 1);

    self->lock = -1;
    if (!connect_file(self, dir, SQLITE_OPEN_READONLY, error) || !check_format(self, error)) {
        g_prefix_error(error, "%s: ", dir);
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
kyso_ledger_free(KysoLedger *self)
{
    if (self == NULL)
        return;

    kyso_rows_statements_clear(&self->statements);
    sqlite3_close(self->db);
    kyso_fd_clear(&self->lock);
    g_free(self->hash);
    g_free(self);
}

/* Between BEGIN and COMMIT. @ret_hash: of the last one. */
static gboolean
add_records(KysoLedger *self, KysoRecord *const *records, guint n, char **ret_hash, GError **error)
{
    g_autofree char *hash = g_strdup(self->hash);

    for (guint i = 0; i < n; i++) {
        records[i]->sequence = self->count + 1 + i;
        g_free(records[i]->hash);
        records[i]->hash = kyso_record_hash(records[i], hash);
        if (!kyso_rows_insert(self->db, &self->statements, records[i], error))
            return FALSE;

        g_free(hash);
        hash = g_strdup(records[i]->hash);
    }

    if (!kyso_rows_move_head(self->db, &self->statements, self->count, self->hash, self->count + n,
                             hash, error))
        return FALSE;
    *ret_hash = g_steal_pointer(&hash);
    return TRUE;
}

gboolean
kyso_ledger_append(KysoLedger *self, KysoRecord *const *records, guint n, GError **error)
{
    g_autofree char *hash = NULL;

    if (run(self, "BEGIN IMMEDIATE", error) && add_records(self, records, n, &hash, error) &&
        run(self, "COMMIT", error)) {
        self->count += n;
        g_free(self->hash);
        self->hash = g_steal_pointer(&hash);
        return TRUE;
    }

    if (!sqlite3_get_autocommit(self->db)) /* some errors have rolled back already */
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return FALSE;
}

gboolean
kyso_ledger_read_head(KysoLedger *self, gint64 *ret_count, char **ret_hash, GError **error)
{
    return kyso_rows_read_head(self->db, ret_count, ret_hash, error);
}

GPtrArray *
kyso_ledger_list(KysoLedger *self, gint64 from_sequence, guint limit, GError **error)
{
    return kyso_rows_list(self->db, from_sequence, limit, error);
}

/* FALSE with JOURNAL_BROKEN where @ret names a bad record. */
static gboolean
judge(const KysoJournalVerdict *ret, GError **error)
{
    if (ret->first_bad == 0)
        return TRUE;

    g_autofree char *details =
        g_strdup_printf("{\"first_bad\": %" G_GINT64_FORMAT ", \"records\": %" G_GINT64_FORMAT "}",
                        ret->first_bad, ret->n_records);
    g_propagate_error(error, kyso_error_new_with_details(
                                 KYSO_ERROR_JOURNAL_BROKEN, details,
                                 "the journal does not hold from record %" G_GINT64_FORMAT " on",
                                 ret->first_bad));
    return FALSE;
}

gboolean
kyso_ledger_verify(KysoLedger *self, KysoJournalVerdict *ret, GError **error)
{
    gboolean is_read = run(self, "BEGIN", error) && kyso_rows_walk(self->db, ret, error);

    if (!sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return is_read && judge(ret, error);
}
