/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/journal-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

typedef struct {
    gint64 last;
    guint n;
} Progress;

static void
record_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Progress *progress = user_data;
    g_autoptr(GError) error = NULL;
    gint64 sequence = 0;

    g_assert_true(kyso_journal_append_finish(KYSO_JOURNAL(source), result, &sequence, &error));
    g_assert_cmpint(sequence, ==, progress->last + 1);
    progress->last = sequence;
    progress->n++;
}

static void
append_at_once(KysoJournal *journal, guint n)
{
    KysoRecord record = sample_record();
    Progress progress = {0};

    for (guint i = 0; i < n; i++)
        kyso_journal_append_async(journal, &record, record_written, &progress);
    while (progress.n < n)
        g_main_context_iteration(NULL, TRUE);
}

static void
test_thousand_records_hold(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    KysoRecord record = sample_record();
    gint64 sequence = 0;

    append_at_once(fixture->journal, 900);
    append(fixture->journal, 99);
    g_assert_true(kyso_journal_append(fixture->journal, &record, &sequence, &error));
    g_assert_cmpint(sequence, ==, 1000);
    assert_holds(fixture->dir, 1000); /* while it is open */
    g_clear_object(&fixture->journal);
    assert_holds(fixture->dir, 1000);

    fixture->journal = open_journal(fixture->dir);
    g_assert_true(kyso_journal_append(fixture->journal, &record, &sequence, &error));
    g_assert_cmpint(sequence, ==, 1001);
    assert_holds(fixture->dir, 1001);
}

static void
test_empty_journal_holds(Fixture *fixture, gconstpointer data)
{
    gint64 count = -1;
    g_autofree char *hash = NULL;

    assert_holds(fixture->dir, 0);
    g_assert_true(kyso_journal_get_head(fixture->journal, &count, &hash, NULL));
    g_assert_cmpint(count, ==, 0);
    g_assert_cmpint(strspn(hash, "0"), ==, KYSO_RECORD_HASH_SIZE);
}

static void
test_change_while_open_refuses_the_next(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    KysoRecord record = sample_record();

    append(fixture->journal, 3);
    execute(fixture->dir, "DELETE FROM records WHERE sequence = 3;"
                          "UPDATE head SET count = 2, hash = (SELECT hash FROM records WHERE "
                          "sequence = 2)");
    g_assert_false(kyso_journal_append(fixture->journal, &record, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN);
    execute(fixture->dir, "UPDATE head SET count = count"); /* no transaction was left open */
}

static void
test_details_name_the_bad_record(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    KysoJournalVerdict verdict;

    append(fixture->journal, 3);
    execute(fixture->dir, "UPDATE records SET detail = 'x' WHERE sequence = 2");
    g_assert_false(kyso_journal_verify(fixture->dir, &verdict, &error));
    g_assert_cmpstr(kyso_error_details(error), ==, "{\"first_bad\": 2, \"records\": 3}");
}

static void
test_not_a_database_is_broken(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = path_in(fixture->dir, "journal.db");
    g_autoptr(GError) error = NULL;

    g_clear_object(&fixture->journal);
    g_assert_true(
        g_file_set_contents(path, "this was a journal once, before somebody came", -1, NULL));
    g_autoptr(KysoJournal) journal = kyso_journal_open(fixture->dir, &error);
    g_assert_null(journal);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN);
}

static void
copy_file(const char *from_dir, const char *to_dir, const char *name)
{
    g_autofree char *from = path_in(from_dir, name);
    g_autofree char *to = path_in(to_dir, name);
    g_autofree char *bytes = NULL;
    gsize size = 0;

    g_assert_true(g_file_get_contents(from, &bytes, &size, NULL));
    g_assert_true(g_file_set_contents(to, bytes, size, NULL));
}

/* The files as a power cut leaves them: the WAL not yet in the database, cut anywhere. */
static void
test_told_records_outlive_a_crash(Fixture *fixture, gconstpointer data)
{
    g_autofree char *crashed = g_strconcat(fixture->dir, "-crashed", NULL);
    g_autofree char *wal = path_in(crashed, "journal.db-wal");
    struct stat told;

    append(fixture->journal, 20);
    g_mkdir(crashed, 0700);
    copy_file(fixture->dir, crashed, "journal.db");
    copy_file(fixture->dir, crashed, "journal.db-wal");
    g_assert_cmpint(stat(wal, &told), ==, 0);
    append(fixture->journal, 1);
    copy_file(fixture->dir, crashed, "journal.db-wal");
    g_assert_cmpint(truncate(wal, told.st_size + 5000), ==, 0); /* half of record 21 */

    g_autoptr(KysoJournal) journal = open_journal(crashed);
    assert_holds(crashed, 20);
    append(journal, 1);
    assert_holds(crashed, 21);
}

static void
test_second_writer_refused(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoJournal) second = kyso_journal_open(fixture->dir, &error);

    g_assert_null(second);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_UNAVAILABLE);
    append(fixture->journal, 1);
}

static void
test_folder_that_cannot_be_is_unavailable(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoJournal) journal = kyso_journal_open("/proc/self/stat/journal", &error);

    g_assert_null(journal);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_UNAVAILABLE);
}

static void
test_nobody_else_reads(Fixture *fixture, gconstpointer data)
{
    const char *names[] = {"journal.db", "journal.db-wal", "journal.lock"};

    append(fixture->journal, 1);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_in(fixture->dir, names[i]);
        struct stat info;
        g_assert_cmpint(stat(path, &info), ==, 0);
        g_assert_cmpuint(info.st_mode & 0777, ==, 0600);
    }
}

static void
test_hundred_at_once_finish_in_order(Fixture *fixture, gconstpointer data)
{
    g_autofree char *wal = path_in(fixture->dir, "journal.db-wal");
    struct stat info;

    append_at_once(fixture->journal, 100);
    assert_holds(fixture->dir, 100);

    /* One commit a record would have written at least two pages of 4 KiB each time. */
    g_assert_cmpint(stat(wal, &info), ==, 0);
    g_assert_cmpint(info.st_size, <, 100 * 2 * 4096);
}

static void
record_written_unref(GObject *source, GAsyncResult *result, gpointer user_data)
{
    gboolean *is_done = user_data;

    *is_done = kyso_journal_append_finish(KYSO_JOURNAL(source), result, NULL, NULL);
}

static void
test_dropped_journal_still_writes(Fixture *fixture, gconstpointer data)
{
    KysoRecord record = sample_record();
    gboolean is_done = FALSE;

    kyso_journal_append_async(fixture->journal, &record, record_written_unref, &is_done);
    g_clear_object(&fixture->journal);
    while (!is_done)
        g_main_context_iteration(NULL, TRUE);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    assert_holds(fixture->dir, 1);
    fixture->journal = open_journal(fixture->dir); /* the lock is free again */
}

static void
test_list_gives_what_was_recorded(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    KysoRecord record = sample_record();

    append(fixture->journal, 5);
    record.outcome = KYSO_OUTCOME_REFUSED;
    record.error_code = "secret_document";
    record.time = NULL;
    g_assert_true(kyso_journal_append(fixture->journal, &record, NULL, &error));

    g_autoptr(GPtrArray) some = kyso_journal_list(fixture->journal, 2, 3, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(some->len, ==, 3);
    const KysoRecord *first = some->pdata[0];
    g_assert_cmpint(first->sequence, ==, 2);
    g_assert_cmpstr(first->signer, ==, record.signer);
    g_assert_cmpstr(first->caller_origin, ==, "");
    g_assert_cmpint(first->caller_pid, ==, 4242);

    g_autoptr(GPtrArray) rest = kyso_journal_list(fixture->journal, 6, 100, &error);
    g_assert_cmpuint(rest->len, ==, 1);
    const KysoRecord *last = rest->pdata[0];
    g_assert_cmpint(last->outcome, ==, KYSO_OUTCOME_REFUSED);
    g_assert_cmpstr(last->error_code, ==, "secret_document");
    g_assert_true(g_str_has_suffix(last->time, "+07:00"));
}

/* Computed with the ten lines of Python of agent/journal/README.md. */
static void
test_hash_is_the_documented_one(void)
{
    KysoRecord sample = sample_record();
    g_autoptr(KysoRecord) record = kyso_record_copy(&sample);
    g_autofree char *zeros = g_strnfill(KYSO_RECORD_HASH_SIZE, '0');

    record->sequence = 1;
    kyso_record_normalize(record);
    g_autofree char *hash = kyso_record_hash(record, zeros);
    g_assert_cmpstr(hash, ==, "b49b552f9189cc938d8cc73b8110973e89bfc03064594fd5344f55190f13f01e");
}

static void
test_any_content_is_recorded(Fixture *fixture, gconstpointer data)
{
    g_autofree char *huge = g_strnfill(300 * 1024, 'x');
    g_autofree char *letters = g_strnfill(KYSO_RECORD_MAX_TEXT + 1, 'x');
    g_autoptr(GError) error = NULL;
    KysoRecord record = sample_record();

    memcpy(letters + KYSO_RECORD_MAX_TEXT - 4, "ữ", strlen("ữ")); /* where the cut falls */
    record.metadata = huge;
    record.detail = letters;
    record.caller_executable = "/tmp/\xff\xfe";
    g_assert_true(kyso_journal_append(fixture->journal, &record, NULL, &error));

    g_autoptr(GPtrArray) records = kyso_journal_list(fixture->journal, 1, 1, &error);
    const KysoRecord *stored = records->pdata[0];
    g_assert_cmpstr(stored->metadata, ==, "{\"omitted_bytes\": 307200}");
    g_assert_cmpuint(strlen(stored->detail), <=, KYSO_RECORD_MAX_TEXT);
    g_assert_true(g_utf8_validate(stored->detail, -1, NULL));
    g_assert_true(g_str_has_suffix(stored->detail, "x…"));
    g_assert_true(g_utf8_validate(stored->caller_executable, -1, NULL));
    assert_holds(fixture->dir, 1);
}

/* Lets no file grow past @size bytes: what a full disk does, for this process alone. */
static void
limit_files(rlim_t size)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = size;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void
test_full_disk_is_told_and_loses_nothing(Fixture *fixture, gconstpointer data)
{
    g_autofree char *wal = path_in(fixture->dir, "journal.db-wal");
    KysoRecord record = sample_record();
    struct stat info;

    append(fixture->journal, 10);
    g_assert_cmpint(stat(wal, &info), ==, 0);
    for (rlim_t room = 0; room < 9000; room += 1000) {
        g_autoptr(GError) error = NULL;
        limit_files(info.st_size + room);
        gboolean is_written = kyso_journal_append(fixture->journal, &record, NULL, &error);
        limit_files(RLIM_INFINITY);
        if (is_written)
            break;
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DISK_FULL);
        assert_holds(fixture->dir, 10);
    }

    g_clear_object(&fixture->journal);
    fixture->journal = open_journal(fixture->dir);
    gint64 before = 0;
    g_autofree char *hash = NULL;
    g_assert_true(kyso_journal_get_head(fixture->journal, &before, &hash, NULL));
    append(fixture->journal, 1); /* there is room again */
    assert_holds(fixture->dir, before + 1);
}

static void
verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoJournalVerdict *verdict = user_data;
    g_autoptr(GError) error = NULL;

    g_assert_false(kyso_journal_verify_finish(KYSO_JOURNAL(source), result, verdict, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_JOURNAL_BROKEN);
}

static void
test_verify_on_a_thread(Fixture *fixture, gconstpointer data)
{
    KysoJournalVerdict verdict = {0};

    append(fixture->journal, 4);
    execute(fixture->dir, "DELETE FROM records WHERE sequence = 3");
    kyso_journal_verify_async(fixture->journal, NULL, verified, &verdict);
    while (verdict.n_records == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(verdict.n_records, ==, 3);
    g_assert_cmpint(verdict.first_bad, ==, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    add_test("/journal/thousand-records-hold", test_thousand_records_hold, NULL);
    add_test("/journal/empty-journal-holds", test_empty_journal_holds, NULL);
    add_test("/journal/change-while-open-refuses-the-next", test_change_while_open_refuses_the_next,
             NULL);
    add_test("/journal/details-name-the-bad-record", test_details_name_the_bad_record, NULL);
    add_test("/journal/not-a-database-is-broken", test_not_a_database_is_broken, NULL);
    add_test("/journal/told-records-outlive-a-crash", test_told_records_outlive_a_crash, NULL);
    add_test("/journal/second-writer-refused", test_second_writer_refused, NULL);
    add_test("/journal/nobody-else-reads", test_nobody_else_reads, NULL);
    add_test("/journal/hundred-at-once-finish-in-order", test_hundred_at_once_finish_in_order,
             NULL);
    add_test("/journal/dropped-journal-still-writes", test_dropped_journal_still_writes, NULL);
    add_test("/journal/list-gives-what-was-recorded", test_list_gives_what_was_recorded, NULL);
    g_test_add_func("/journal/folder-that-cannot-be-is-unavailable",
                    test_folder_that_cannot_be_is_unavailable);
    g_test_add_func("/journal/hash-is-the-documented-one", test_hash_is_the_documented_one);
    add_test("/journal/any-content-is-recorded", test_any_content_is_recorded, NULL);
    add_test("/journal/full-disk-is-told-and-loses-nothing",
             test_full_disk_is_told_and_loses_nothing, NULL);
    add_test("/journal/verify-on-a-thread", test_verify_on_a_thread, NULL);
    return g_test_run();
}
