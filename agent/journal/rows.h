/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The rows of the journal's file: SQL in, values out. A row that is not exactly of the shape that
 * we write (types, no NUL in a text, a known outcome) counts as altered.
 *
 * No transactions here: ledger.c knows where they begin. Blocking; one thread at a time.
 */

#include "agent/journal/journal.h"

#include <sqlite3.h>

/* Sets @error to what @rc means for the journal; always FALSE. */
gboolean kyso_rows_fail(sqlite3 *db, int rc, GError **error);

/* The statements that start an empty file, as one transaction. New string. */
char *kyso_rows_create_sql(int format);

/* The first column of the first row of @sql. */
gboolean kyso_rows_number(sqlite3 *db, const char *sql, gint64 *ret, GError **error);

/* What the writer runs for each record, compiled at first use: that costs more than the running.
 * All NULL at first; cleared before the file is closed. */
typedef struct {
    sqlite3_stmt *insert, *move_head;
} KysoRowsStatements;
void kyso_rows_statements_clear(KysoRowsStatements *self);

gboolean kyso_rows_insert(sqlite3 *db, KysoRowsStatements *statements, const KysoRecord *record,
                          GError **error);

/* Frees what *ret_hash was. */
gboolean kyso_rows_read_head(sqlite3 *db, gint64 *ret_count, char **ret_hash, GError **error);

/* KYSO_ERROR_JOURNAL_BROKEN where the head is not @from_count and @from_hash. */
gboolean kyso_rows_move_head(sqlite3 *db, KysoRowsStatements *statements, gint64 from_count,
                             const char *from_hash, gint64 count, const char *hash, GError **error);

/* KYSO_ERROR_JOURNAL_BROKEN unless record @sequence (0: none) follows its predecessor and has
 * @hash. */
gboolean kyso_rows_check_last(sqlite3 *db, gint64 sequence, const char *hash, GError **error);

GPtrArray *kyso_rows_list(sqlite3 *db, gint64 from_sequence, guint limit, GError **error);

/* Walks all records and the head. FALSE only where the file cannot be read. */
gboolean kyso_rows_walk(sqlite3 *db, KysoJournalVerdict *ret, GError **error);
