/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/evidence/evidence-store.h"

#include "agent/journal/database.h"
#include "ipc/base/error.h"

#define FORMAT 1 /* PRAGMA user_version */
#define FILE_NAME "evidence.db"

#define COLUMNS "id, digest, beside, kind, time, content"
#define OF_DOCUMENT "?1 IN (digest, beside)"

struct _KysoEvidenceStore {
    gatomicrefcount ref_count;
    GMutex lock; /* one operation at a time */
    sqlite3 *db;
};

static gboolean
fail(KysoEvidenceStore *self, int rc, GError **error)
{
    int code = kyso_database_is_full(self->db, rc) ? KYSO_ERROR_DISK_FULL
                                                   : KYSO_ERROR_EVIDENCE_UNAVAILABLE;

    g_set_error(error, KYSO_ERROR, code, FILE_NAME ": %s", sqlite3_errmsg(self->db));
    return FALSE;
}

static gboolean
run(KysoEvidenceStore *self, const char *sql, GError **error)
{
    int rc = sqlite3_exec(self->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK || fail(self, rc, error);
}

static sqlite3_stmt *
prepare(KysoEvidenceStore *self, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL);

    if (rc != SQLITE_OK)
        fail(self, rc, error);
    return statement;
}

/* Runs a statement that returns no rows. */
static gboolean
finish(KysoEvidenceStore *self, sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);

    return rc == SQLITE_DONE || fail(self, rc, error);
}

static gboolean
read_number(KysoEvidenceStore *self, sqlite3_stmt *statement, gint64 *ret, GError **error)
{
    int rc = sqlite3_step(statement);

    if (rc != SQLITE_ROW)
        return fail(self, rc, error);
    *ret = sqlite3_column_int64(statement, 0);
    return TRUE;
}

static gboolean
begin(KysoEvidenceStore *self, GError **error)
{
    g_mutex_lock(&self->lock);
    if (run(self, "BEGIN IMMEDIATE", error))
        return TRUE;
    g_mutex_unlock(&self->lock);
    return FALSE;
}

/* Ends what begin has begun; @is_good: by a commit. */
static gboolean
end(KysoEvidenceStore *self, gboolean is_good, GError **error)
{
    is_good = is_good && run(self, "COMMIT", error);
    if (!sqlite3_get_autocommit(self->db)) /* some errors have rolled back already */
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    g_mutex_unlock(&self->lock);
    return is_good;
}

/* The file */

/* AUTOINCREMENT: an id that was deleted never names other evidence. */
static gboolean
start_file(KysoEvidenceStore *self, GError **error)
{
    return run(self,
               "CREATE TABLE evidence (id INTEGER PRIMARY KEY AUTOINCREMENT,"
               " digest TEXT NOT NULL, beside TEXT NOT NULL, kind TEXT NOT NULL,"
               " time TEXT NOT NULL, content TEXT NOT NULL);"
               "CREATE INDEX evidence_digest ON evidence (digest);"
               "CREATE INDEX evidence_beside ON evidence (beside);"
               "CREATE TABLE items (digest TEXT PRIMARY KEY, type TEXT NOT NULL,"
               " der BLOB NOT NULL);"
               "CREATE TABLE uses (evidence INTEGER NOT NULL, item TEXT NOT NULL,"
               " PRIMARY KEY (evidence, item)) WITHOUT ROWID;"
               "CREATE INDEX uses_item ON uses (item);"
               "PRAGMA user_version = " G_STRINGIFY(FORMAT),
               error);
}

static gboolean
check_format(KysoEvidenceStore *self, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = prepare(self, "PRAGMA user_version", error);
    gint64 version = 0;

    if (statement == NULL || !read_number(self, statement, &version, error))
        return FALSE;
    if (version == FORMAT)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_EVIDENCE_UNAVAILABLE,
                FILE_NAME " has format %" G_GINT64_FORMAT ", not %d", version, FORMAT);
    return FALSE;
}

static gboolean
start_if_empty(KysoEvidenceStore *self, GError **error)
{
    gint64 objects = 0;

    if (!begin(self, error))
        return FALSE;
    g_autoptr(sqlite3_stmt) statement = prepare(self, "SELECT count(*) FROM sqlite_master", error);
    gboolean is_good = statement != NULL && read_number(self, statement, &objects, error);
    g_clear_pointer(&statement, sqlite3_finalize);
    return end(self, is_good && (objects > 0 || start_file(self, error)), error);
}

KysoEvidenceStore *
kyso_evidence_store_open(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    g_autoptr(KysoEvidenceStore) self = g_new0(KysoEvidenceStore, 1);

    g_atomic_ref_count_init(&self->ref_count);
    g_mutex_init(&self->lock);
    if (!kyso_database_make_file(path, KYSO_ERROR_EVIDENCE_UNAVAILABLE, error))
        return NULL;
    int rc = kyso_database_connect(path, SQLITE_OPEN_READWRITE, &self->db);
    if (rc != SQLITE_OK) {
        fail(self, rc, error);
        return NULL;
    }
    if (!run(self, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON",
             error) ||
        !start_if_empty(self, error) || !check_format(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

KysoEvidenceStore *
kyso_evidence_store_ref(KysoEvidenceStore *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

void
kyso_evidence_store_unref(KysoEvidenceStore *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;
    sqlite3_close(self->db);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* Putting in */

static gboolean
insert_evidence(KysoEvidenceStore *self, const KysoEvidence *evidence, GError **error)
{
    const char *texts[] = {evidence->digest, evidence->beside, evidence->kind, evidence->time,
                           evidence->content};
    g_autoptr(sqlite3_stmt) statement =
        prepare(self,
                "INSERT INTO evidence (digest, beside, kind, time, content)"
                " VALUES (?, ?, ?, ?, ?)",
                error);

    if (statement == NULL)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        sqlite3_bind_text(statement, (int) i + 1, texts[i] != NULL ? texts[i] : "", -1,
                          SQLITE_STATIC);
    return finish(self, statement, error);
}

static gboolean
insert_item(KysoEvidenceStore *self, gint64 id, const KysoEvidenceItem *item, GError **error)
{
    g_autoptr(sqlite3_stmt) keep =
        prepare(self, "INSERT OR IGNORE INTO items VALUES (?, ?, ?)", error);
    g_autoptr(sqlite3_stmt) use =
        keep != NULL ? prepare(self, "INSERT INTO uses VALUES (?, ?)", error) : NULL;
    gsize size = 0;
    const void *der = g_bytes_get_data(item->der, &size);

    if (use == NULL)
        return FALSE;
    sqlite3_bind_text(keep, 1, item->digest, -1, SQLITE_STATIC);
    sqlite3_bind_text(keep, 2, item->type, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(keep, 3, der, size, SQLITE_STATIC);
    sqlite3_bind_int64(use, 1, id);
    sqlite3_bind_text(use, 2, item->digest, -1, SQLITE_STATIC);
    return finish(self, keep, error) && finish(self, use, error);
}

gboolean
kyso_evidence_store_put(KysoEvidenceStore *self, KysoEvidence *evidence, GError **error)
{
    if (!begin(self, error))
        return FALSE;
    gboolean is_good = insert_evidence(self, evidence, error);
    gint64 id = is_good ? sqlite3_last_insert_rowid(self->db) : 0;
    for (guint i = 0; is_good && i < evidence->items->len; i++)
        is_good = insert_item(self, id, evidence->items->pdata[i], error);
    if (!end(self, is_good, error))
        return FALSE;
    evidence->id = id;
    return TRUE;
}

/* Reading */

static char *
dup_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *) sqlite3_column_text(statement, column);
    return g_utf8_make_valid(text != NULL ? text : "", -1);
}

static KysoEvidence *
read_row(sqlite3_stmt *statement)
{
    KysoEvidence *evidence = kyso_evidence_new();

    evidence->id = sqlite3_column_int64(statement, 0);
    evidence->digest = dup_text(statement, 1);
    evidence->beside = dup_text(statement, 2);
    evidence->kind = dup_text(statement, 3);
    evidence->time = dup_text(statement, 4);
    evidence->content = dup_text(statement, 5);
    return evidence;
}

static GPtrArray *
read_rows(KysoEvidenceStore *self, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_evidence_free);
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        g_ptr_array_add(rows, read_row(statement));
    if (rc != SQLITE_DONE) {
        fail(self, rc, error);
        return NULL;
    }
    return g_steal_pointer(&rows);
}

GPtrArray *
kyso_evidence_store_list(KysoEvidenceStore *self, const char *digest, gint64 before, guint limit,
                         GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
    g_autoptr(sqlite3_stmt) statement =
        prepare(self,
                "SELECT " COLUMNS " FROM evidence WHERE (?1 IS NULL OR " OF_DOCUMENT
                ") AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3",
                error);

    if (statement == NULL)
        return NULL;
    sqlite3_bind_text(statement, 1, digest, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, before);
    sqlite3_bind_int64(statement, 3, limit);
    return read_rows(self, statement, error);
}

/* A row that was altered by hand is left out: what remains still proves what it proves. */
static gboolean
read_items(KysoEvidenceStore *self, KysoEvidence *evidence, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        prepare(self,
                "SELECT type, der FROM items JOIN uses ON uses.item = items.digest"
                " WHERE uses.evidence = ? ORDER BY items.rowid",
                error);
    int rc;

    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, evidence->id);
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *type = kyso_evidence_type((const char *) sqlite3_column_text(statement, 0));
        g_autoptr(GBytes) der = g_bytes_new(sqlite3_column_blob(statement, 1),
                                            (gsize) sqlite3_column_bytes(statement, 1));
        if (type != NULL)
            kyso_evidence_add(evidence, type, der);
    }
    return rc == SQLITE_DONE || fail(self, rc, error);
}

KysoEvidence *
kyso_evidence_store_get(KysoEvidenceStore *self, gint64 id, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
    g_autoptr(sqlite3_stmt) statement =
        prepare(self, "SELECT " COLUMNS " FROM evidence WHERE id = ?", error);

    if (statement == NULL)
        return NULL;
    sqlite3_bind_int64(statement, 1, id);
    g_autoptr(GPtrArray) rows = read_rows(self, statement, error);
    if (rows == NULL)
        return NULL;
    if (rows->len == 0) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_EVIDENCE_NOT_FOUND,
                    "no evidence %" G_GINT64_FORMAT, id);
        return NULL;
    }
    g_autoptr(KysoEvidence) evidence = g_ptr_array_steal_index(rows, 0);
    return read_items(self, evidence, error) ? g_steal_pointer(&evidence) : NULL;
}

gint64
kyso_evidence_store_count(KysoEvidenceStore *self, const char *digest, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
    g_autoptr(sqlite3_stmt) statement =
        prepare(self, "SELECT count(*) FROM evidence WHERE " OF_DOCUMENT, error);
    gint64 n = -1;

    if (statement == NULL)
        return -1;
    sqlite3_bind_text(statement, 1, digest, -1, SQLITE_STATIC);
    read_number(self, statement, &n, error);
    return n;
}

/* Deleting */

/* The evidence that @condition names with ?1, and the items that nothing else uses. */
static gboolean
delete_where(KysoEvidenceStore *self, const char *condition, const char *digest, gint64 id,
             guint *ret_n, GError **error)
{
    g_autofree char *items = g_strdup_printf(
        "DELETE FROM items WHERE digest IN (SELECT item FROM uses WHERE evidence IN"
        " (SELECT id FROM evidence WHERE %s)) AND NOT EXISTS (SELECT 1 FROM uses WHERE"
        " item = items.digest AND evidence NOT IN (SELECT id FROM evidence WHERE %s))",
        condition, condition);
    g_autofree char *uses = g_strdup_printf(
        "DELETE FROM uses WHERE evidence IN (SELECT id FROM evidence WHERE %s)", condition);
    g_autofree char *evidence = g_strdup_printf("DELETE FROM evidence WHERE %s", condition);
    const char *steps[] = {items, uses, evidence};

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(sqlite3_stmt) statement = prepare(self, steps[i], error);
        if (statement == NULL)
            return FALSE;
        if (digest != NULL)
            sqlite3_bind_text(statement, 1, digest, -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(statement, 1, id);
        if (!finish(self, statement, error))
            return FALSE;
    }
    if (ret_n != NULL)
        *ret_n = (guint) sqlite3_changes(self->db);
    return TRUE;
}

/* The log would keep what the file has no more. One that is read just now is emptied later. */
static gboolean
delete_all_where(KysoEvidenceStore *self, const char *condition, const char *digest, gint64 id,
                 guint *ret_n, GError **error)
{
    if (!begin(self, error) ||
        !end(self, delete_where(self, condition, digest, id, ret_n, error), error))
        return FALSE;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
    sqlite3_exec(self->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    return TRUE;
}

gboolean
kyso_evidence_store_delete(KysoEvidenceStore *self, const char *digest, guint *ret_n,
                           GError **error)
{
    return delete_all_where(self, OF_DOCUMENT, digest, 0, ret_n, error);
}

gboolean
kyso_evidence_store_forget(KysoEvidenceStore *self, gint64 id, GError **error)
{
    return delete_all_where(self, "id = ?1", NULL, id, NULL, error);
}
