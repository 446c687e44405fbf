/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/journal-fixture.h"

/* Ten records, then something done to the file behind the journal's back. */
typedef struct {
    const char *name;
    const char *sql;
    gint64 first_bad;
    gboolean is_seen_at_open; /* at the end of the chain, where opening looks */
} Forgery;

static const Forgery forgeries[] = {
    {"a changed field", "UPDATE records SET purpose = 'issue' WHERE sequence = 4", 4, FALSE},
    {"a changed number", "UPDATE records SET caller_uid = 1001 WHERE sequence = 5", 5, FALSE},
    {"a number as text", "UPDATE records SET caller_uid = '1000x' WHERE sequence = 5", 5, FALSE},
    {"text behind a NUL", "UPDATE records SET detail = char(0) || 'x' WHERE sequence = 5", 5,
     FALSE},
    {"an unknown outcome", "UPDATE records SET outcome = 'x' WHERE sequence = 5", 5, FALSE},
    {"a changed hash", "UPDATE records SET hash = replace(hash, 'a', 'b') WHERE sequence = 6", 6,
     FALSE},
    {"bytes moved between fields",
     "UPDATE records SET purpose = 'appro', method = 've' || method WHERE sequence = 3", 3, FALSE},
    {"a removed first record", "DELETE FROM records WHERE sequence = 1", 1, FALSE},
    {"a removed middle record", "DELETE FROM records WHERE sequence = 7", 7, FALSE},
    {"a closed gap",
     "DELETE FROM records WHERE sequence = 7; UPDATE records SET sequence = 7 WHERE sequence = 8;"
     "UPDATE records SET sequence = 8 WHERE sequence = 9;"
     "UPDATE records SET sequence = 9 WHERE sequence = 10; UPDATE head SET count = 9",
     7, TRUE},
    {"two records changed places",
     "UPDATE records SET sequence = 99 WHERE sequence = 2; UPDATE records SET sequence = 2 WHERE "
     "sequence = 3; UPDATE records SET sequence = 3 WHERE sequence = 99",
     2, FALSE},
    {"a removed last record", "DELETE FROM records WHERE sequence = 10", 10, TRUE},
    {"a removed last record, counted",
     "DELETE FROM records WHERE sequence = 10; UPDATE head SET count = 9", 9, TRUE},
    {"all records removed", "DELETE FROM records", 1, TRUE},
    {"a removed head", "DELETE FROM head", -1, TRUE},
    {"a record before the first",
     "CREATE TEMP TABLE t AS SELECT * FROM records WHERE sequence = 1; UPDATE t SET sequence = 0;"
     "INSERT INTO records SELECT * FROM t",
     1, FALSE},
    {"a copy at the end",
     "CREATE TEMP TABLE t AS SELECT * FROM records WHERE sequence = 10; UPDATE t SET sequence = 11;"
     "INSERT INTO records SELECT * FROM t",
     11, TRUE},
    {"a head set back",
     "UPDATE head SET count = 9, hash = (SELECT hash FROM records WHERE "
     "sequence = 9)",
     10, TRUE},
    {"a dropped table", "DROP TABLE records", -1, TRUE},
};

static void
test_forgery_shows(Fixture *fixture, gconstpointer data)
{
    const Forgery *forgery = data;
    g_autoptr(GError) error = NULL;
    KysoJournalVerdict verdict;

    append(fixture->journal, 10);
    g_clear_object(&fixture->journal);
    execute(fixture->dir, forgery->sql);

    g_assert_false(kyso_journal_verify(fixture->dir, &verdict, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN);
    if (forgery->first_bad >= 0)
        g_assert_cmpint(verdict.first_bad, ==, forgery->first_bad);

    g_autoptr(GError) open_error = NULL;
    g_autoptr(KysoJournal) journal = kyso_journal_open(fixture->dir, &open_error);
    if (forgery->is_seen_at_open)
        g_assert_error(open_error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN);
    else
        g_assert_no_error(open_error);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_autofree char *path = g_strdup_printf("/journal-forgery/%s", forgeries[i].name);
        add_test(path, test_forgery_shows, &forgeries[i]);
    }
    return g_test_run();
}
