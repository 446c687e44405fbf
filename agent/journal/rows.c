/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/journal/rows.h"

#include "agent/journal/database.h"
#include "ipc/base/error.h"

#include <string.h>

#define GENESIS "0000000000000000000000000000000000000000000000000000000000000000"

/* Columns of every SELECT and INSERT over records; the texts follow. */
enum { SEQUENCE, OUTCOME, CALLER_UID, CALLER_PID, HASH, FIRST_TEXT };

gboolean
kyso_rows_fail(sqlite3 *db, int rc, GError **error)
{
    int code = KYSO_ERROR_JOURNAL_UNAVAILABLE;

    switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* our next sequence is taken: somebody else added a record */
    case SQLITE_ERROR:      /* a table or column of ours is gone */
        code = KYSO_ERROR_JOURNAL_BROKEN;
        break;
    default:
        if (kyso_database_is_full(db, rc))
            code = KYSO_ERROR_DISK_FULL;
    }
    g_set_error(error, KYSO_ERROR, code, "journal.db: %s", sqlite3_errmsg(db));
    return FALSE;
}

static sqlite3_stmt *
prepare(sqlite3 *db, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (rc != SQLITE_OK)
        kyso_rows_fail(db, rc, error);
    return statement;
}

/* "sequence, outcome, caller_uid, caller_pid, hash, request_id, ..." each followed by @suffix. */
static void
append_columns(GString *sql, const char *text_type, const char *number_type)
{
    gsize n;
    const KysoRecordText *texts = kyso_record_texts(&n);

    g_string_append_printf(sql, "outcome%s, caller_uid%s, caller_pid%s, hash%s", text_type,
                           number_type, number_type, text_type);
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(sql, ", %s%s", texts[i].name, text_type);
}

char *
kyso_rows_create_sql(int format)
{
    GString *sql = g_string_new("BEGIN; CREATE TABLE records (sequence INTEGER PRIMARY KEY, ");

    append_columns(sql, " TEXT NOT NULL", " INTEGER NOT NULL");
    g_string_append_printf(sql,
                           "); CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1),"
                           " count INTEGER NOT NULL, hash TEXT NOT NULL);"
                           "INSERT INTO head VALUES (1, 0, '" GENESIS "');"
                           "PRAGMA user_version = %d; COMMIT",
                           format);
    return g_string_free(sql, FALSE);
}

static char *
select_sql(const char *rest)
{
    GString *sql = g_string_new("SELECT sequence, ");

    append_columns(sql, "", "");
    g_string_append_printf(sql, " FROM records %s", rest);
    return g_string_free(sql, FALSE);
}

gboolean
kyso_rows_number(sqlite3 *db, const char *sql, gint64 *ret, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = prepare(db, sql, error);
    if (statement == NULL)
        return FALSE;

    int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW)
        return kyso_rows_fail(db, rc, error);
    *ret = sqlite3_column_int64(statement, 0);
    return TRUE;
}

static void
bind_record(sqlite3_stmt *statement, const KysoRecord *record)
{
    gsize n;
    const KysoRecordText *texts = kyso_record_texts(&n);

    sqlite3_bind_int64(statement, SEQUENCE + 1, record->sequence);
    sqlite3_bind_text(statement, OUTCOME + 1, kyso_outcome_to_string(record->outcome), -1,
                      SQLITE_STATIC);
    sqlite3_bind_int64(statement, CALLER_UID + 1, record->caller_uid);
    sqlite3_bind_int64(statement, CALLER_PID + 1, record->caller_pid);
    sqlite3_bind_text(statement, HASH + 1, record->hash, -1, SQLITE_STATIC);
    for (gsize i = 0; i < n; i++)
        sqlite3_bind_text(statement, FIRST_TEXT + 1 + i,
                          G_STRUCT_MEMBER(char *, record, texts[i].offset), -1, SQLITE_STATIC);
}

void
kyso_rows_statements_clear(KysoRowsStatements *self)
{
    g_clear_pointer(&self->insert, sqlite3_finalize);
    g_clear_pointer(&self->move_head, sqlite3_finalize);
}

/* Runs a statement that is kept and returns no rows. It lets go of its values and of the file. */
static gboolean
run_kept(sqlite3 *db, sqlite3_stmt *statement, GError **error)
{
    int rc = sqlite3_step(statement);
    gboolean is_done = rc == SQLITE_DONE || kyso_rows_fail(db, rc, error);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return is_done;
}

static sqlite3_stmt *
prepare_insert(sqlite3 *db, GError **error)
{
    gsize n;
    g_autoptr(GString) sql = g_string_new("INSERT INTO records (sequence, ");

    kyso_record_texts(&n);
    append_columns(sql, "", "");
    g_string_append(sql, ") VALUES (?");
    for (gsize i = 1; i < FIRST_TEXT + n; i++)
        g_string_append(sql, ", ?");
    g_string_append_c(sql, ')');
    return prepare(db, sql->str, error);
}

gboolean
kyso_rows_insert(sqlite3 *db, KysoRowsStatements *statements, const KysoRecord *record,
                 GError **error)
{
    if (statements->insert == NULL)
        statements->insert = prepare_insert(db, error);
    if (statements->insert == NULL)
        return FALSE;

    bind_record(statements->insert, record);
    return run_kept(db, statements->insert, error);
}

/* A text as we write it, or NULL. */
static const char *
column_text(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return NULL;

    const char *text = (const char *) sqlite3_column_text(statement, column);
    gboolean is_whole =
        text != NULL && strlen(text) == (gsize) sqlite3_column_bytes(statement, column);
    return is_whole ? text : NULL;
}

/* The record of the current row, or NULL where the row is none of ours. */
static KysoRecord *
read_record(sqlite3_stmt *statement)
{
    gsize n;
    const KysoRecordText *texts = kyso_record_texts(&n);
    g_autoptr(KysoRecord) record = kyso_record_new();

    record->sequence = sqlite3_column_int64(statement, SEQUENCE);
    record->caller_uid = sqlite3_column_int64(statement, CALLER_UID);
    record->caller_pid = sqlite3_column_int64(statement, CALLER_PID);
    record->hash = g_strdup(column_text(statement, HASH));
    if (sqlite3_column_type(statement, CALLER_UID) != SQLITE_INTEGER ||
        sqlite3_column_type(statement, CALLER_PID) != SQLITE_INTEGER || record->hash == NULL ||
        !kyso_outcome_from_string(column_text(statement, OUTCOME), &record->outcome))
        return NULL;

    for (gsize i = 0; i < n; i++) {
        const char *text = column_text(statement, FIRST_TEXT + i);
        if (text == NULL)
            return NULL;
        G_STRUCT_MEMBER(char *, record, texts[i].offset) = g_strdup(text);
    }
    return g_steal_pointer(&record);
}

gboolean
kyso_rows_read_head(sqlite3 *db, gint64 *ret_count, char **ret_hash, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        prepare(db, "SELECT count, hash FROM head WHERE id = 1", error);
    if (statement == NULL)
        return FALSE;

    int rc = sqlite3_step(statement);
    const char *hash = rc == SQLITE_ROW ? column_text(statement, 1) : NULL;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return kyso_rows_fail(db, rc, error);
    if (hash == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN,
                            "the journal has no head");
        return FALSE;
    }

    *ret_count = sqlite3_column_int64(statement, 0);
    g_free(*ret_hash);
    *ret_hash = g_strdup(hash);
    return TRUE;
}

gboolean
kyso_rows_move_head(sqlite3 *db, KysoRowsStatements *statements, gint64 from_count,
                    const char *from_hash, gint64 count, const char *hash, GError **error)
{
    if (statements->move_head == NULL)
        statements->move_head = prepare(
            db, "UPDATE head SET count = ?, hash = ? WHERE id = 1 AND count = ? AND hash = ?",
            error);
    if (statements->move_head == NULL)
        return FALSE;

    sqlite3_bind_int64(statements->move_head, 1, count);
    sqlite3_bind_text(statements->move_head, 2, hash, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statements->move_head, 3, from_count);
    sqlite3_bind_text(statements->move_head, 4, from_hash, -1, SQLITE_STATIC);
    if (!run_kept(db, statements->move_head, error))
        return FALSE;
    if (sqlite3_changes(db) == 1)
        return TRUE;

    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN,
                        "somebody else changed the journal's head");
    return FALSE;
}

GPtrArray *
kyso_rows_list(sqlite3 *db, gint64 from_sequence, guint limit, GError **error)
{
    g_autofree char *sql = select_sql("WHERE sequence >= ? ORDER BY sequence LIMIT ?");
    g_autoptr(sqlite3_stmt) statement = prepare(db, sql, error);
    if (statement == NULL)
        return NULL;

    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_record_free);
    sqlite3_bind_int64(statement, 1, from_sequence);
    sqlite3_bind_int64(statement, 2, limit);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        KysoRecord *record = read_record(statement);
        if (record == NULL) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN, "record %lld was altered",
                        sqlite3_column_int64(statement, SEQUENCE));
            return NULL;
        }
        g_ptr_array_add(records, record);
    }
    if (rc != SQLITE_DONE) {
        kyso_rows_fail(db, rc, error);
        return NULL;
    }
    return g_steal_pointer(&records);
}

static gboolean
follows(const KysoRecord *record, gint64 sequence, const char *previous)
{
    g_autofree char *hash = kyso_record_hash(record, previous);

    return record->sequence == sequence && strcmp(hash, record->hash) == 0;
}

gboolean
kyso_rows_check_last(sqlite3 *db, gint64 sequence, const char *hash, GError **error)
{
    if (sequence == 0 && strcmp(hash, GENESIS) == 0)
        return TRUE;

    g_autoptr(GPtrArray) records = kyso_rows_list(db, MAX(sequence - 1, 1), 2, error);
    if (records == NULL)
        return FALSE;

    KysoRecord *const *found = (KysoRecord *const *) records->pdata;
    guint expected = sequence == 1 ? 1 : 2;
    if (sequence > 0 && records->len == expected) {
        const KysoRecord *last = found[expected - 1];
        const char *previous = expected == 2 ? found[0]->hash : GENESIS;
        if (follows(last, sequence, previous) && strcmp(last->hash, hash) == 0)
            return TRUE;
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN,
                "the last record, %" G_GINT64_FORMAT ", was altered or its predecessor is missing",
                sequence);
    return FALSE;
}

/* The sequence where the chain breaks, or 0. @ret->head moves along. */
static gint64
walk_records(sqlite3_stmt *statement, KysoJournalVerdict *ret, int *ret_rc)
{
    gint64 expected = 1;

    while ((*ret_rc = sqlite3_step(statement)) == SQLITE_ROW) {
        gint64 sequence = sqlite3_column_int64(statement, SEQUENCE);
        g_autoptr(KysoRecord) record = read_record(statement);

        if (sequence != expected || record == NULL || !follows(record, expected, ret->head))
            return CLAMP(sequence, 1, expected); /* beyond @expected: that one is missing */
        g_strlcpy(ret->head, record->hash, sizeof ret->head);
        expected++;
    }
    return *ret_rc == SQLITE_CORRUPT ? expected : 0;
}

gboolean
kyso_rows_walk(sqlite3 *db, KysoJournalVerdict *ret, GError **error)
{
    gint64 count = 0;
    g_autofree char *hash = NULL;
    g_autofree char *sql = select_sql("ORDER BY sequence");
    g_autoptr(sqlite3_stmt) statement = prepare(db, sql, error);

    *ret = (KysoJournalVerdict){.head = GENESIS};
    if (statement == NULL || !kyso_rows_read_head(db, &count, &hash, error) ||
        !kyso_rows_number(db, "SELECT count(*) FROM records", &ret->n_records, error))
        return FALSE;

    int rc = SQLITE_OK;
    ret->first_bad = walk_records(statement, ret, &rc);
    if (ret->first_bad != 0)
        return TRUE;
    if (rc != SQLITE_DONE)
        return kyso_rows_fail(db, rc, error);

    if (ret->n_records != count)
        ret->first_bad = MIN(ret->n_records, count) + 1;
    else if (strcmp(hash, ret->head) != 0)
        ret->first_bad = MAX(count, 1);
    return TRUE;
}
