/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the tests of the journal share: a journal in a folder of its own, a record to put in, and
 * the hands of somebody who has sqlite3(1).
 */

#include "agent/journal/journal.h"
#include "ipc/base/error.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

/* A journal in a folder of its own. */
typedef struct {
    char *dir;
    KysoJournal *journal;
} Fixture;

static inline char *
path_in(const char *dir, const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static inline KysoJournal *
open_journal(const char *dir)
{
    g_autoptr(GError) error = NULL;
    KysoJournal *journal = kyso_journal_open(dir, &error);

    g_assert_no_error(error);
    return journal;
}

static inline void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autofree char *top = g_dir_make_tmp("kyso-journal-XXXXXX", NULL);

    fixture->dir = path_in(top, "journal");
    fixture->journal = open_journal(fixture->dir);
}

static inline void
remove_tree(const char *dir)
{
    g_autoptr(GDir) listing = g_dir_open(dir, 0, NULL);
    const char *name;

    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *path = path_in(dir, name);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            remove_tree(path);
        else
            g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static inline void
tear_down(Fixture *fixture, gconstpointer data)
{
    g_autofree char *top = g_path_get_dirname(fixture->dir);

    g_clear_object(&fixture->journal);
    remove_tree(top);
    g_free(fixture->dir);
}

/* Borrowed texts: never freed. */
static inline KysoRecord
sample_record(void)
{
    return (KysoRecord){
        .request_id = "5f3a1c9e-0d52-4a52-9b70-3d1c3a1c2b44",
        .time = "2026-11-22T16:05:09+07:00",
        .purpose = "approve",
        .method = "signatures.signDoc",
        .caller_uid = 1000,
        .caller_pid = 4242,
        .caller_executable = "/usr/bin/van-phong",
        .caller_unit = "app-van-phong.scope",
        .credential_id = "00ff",
        .signer = "CN=Nguyễn Văn Thử,O=UBND xã Thử Nghiệm,C=VN",
        .role = "personal",
        .token_serial = "0123456789",
        .document_digest = "aa",
        .result_digest = "bb",
        .signature_digest = "cc",
        .metadata = "{\"CodeNumber\":\"12\"}",
        .outcome = KYSO_OUTCOME_SIGNED,
    };
}

static inline void
append(KysoJournal *journal, guint n)
{
    g_autoptr(GError) error = NULL;
    KysoRecord record = sample_record();

    for (guint i = 0; i < n; i++) {
        kyso_journal_append(journal, &record, NULL, &error);
        g_assert_no_error(error);
    }
}

/* What a person with sqlite3(1) could do to the file. */
static inline void
execute(const char *dir, const char *sql)
{
    g_autofree char *path = path_in(dir, "journal.db");
    sqlite3 *db = NULL;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static inline void
assert_holds(const char *dir, gint64 n_records)
{
    g_autoptr(GError) error = NULL;
    KysoJournalVerdict verdict;

    g_assert_true(kyso_journal_verify(dir, &verdict, &error));
    g_assert_no_error(error);
    g_assert_cmpint(verdict.n_records, ==, n_records);
    g_assert_cmpint(verdict.first_bad, ==, 0);
}

static inline void
add_test(const char *path, void (*test)(Fixture *, gconstpointer), gconstpointer data)
{
    g_test_add(path, Fixture, data, set_up, test, tear_down);
}
