/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store of evidence: whole or not at all, shared items once, deletion that touches no other.
 */
#include "agent/evidence/evidence-store.h"

#include <signal.h>
#include <string.h>

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "ipc/base/error.h"

typedef struct {
    char *dir;
    KysoEvidenceStore *store;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    GError *error = NULL;

    self->dir = g_dir_make_tmp("kyso-evidence-XXXXXX", NULL);
    self->store = kyso_evidence_store_open(self->dir, &error);
    g_assert_no_error(error);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    static const char *const names[] = {"evidence.db", "evidence.db-wal", "evidence.db-shm"};

    g_clear_pointer(&self->store, kyso_evidence_store_unref);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(self->dir, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(self->dir);
    g_free(self->dir);
}

/* Of the document @digest, with the items "certificate" @common and "crl" @own. */
static KysoEvidence *
make(const char *digest, const char *common, const char *own)
{
    KysoEvidence *evidence = kyso_evidence_new();
    g_autoptr(GBytes) first = g_bytes_new(common, strlen(common));
    g_autoptr(GBytes) second = g_bytes_new(own, strlen(own));

    evidence->digest = g_strdup(digest);
    evidence->kind = g_strdup("signed");
    evidence->time = g_strdup("2026-11-26T20:00:00+07:00");
    evidence->content = g_strdup("{}");
    kyso_evidence_add(evidence, "certificate", first);
    kyso_evidence_add(evidence, "crl", second);
    kyso_evidence_add(evidence, "certificate", first);
    g_assert_cmpuint(evidence->items->len, ==, 2);
    return evidence;
}

static gint64
put(Fixture *self, const char *digest, const char *common, const char *own)
{
    g_autoptr(KysoEvidence) evidence = make(digest, common, own);
    GError *error = NULL;

    g_assert_true(kyso_evidence_store_put(self->store, evidence, &error));
    g_assert_no_error(error);
    return evidence->id;
}

static gint64
count_rows(Fixture *self, const char *table)
{
    g_autofree char *path = g_build_filename(self->dir, "evidence.db", NULL);
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM %s", table);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    gint64 n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return n;
}

static void
test_comes_back_as_it_was_put(Fixture *self, gconstpointer data)
{
    gint64 id = put(self, "aa", "the CA", "a list");
    GError *error = NULL;

    kyso_evidence_store_unref(self->store);
    self->store = kyso_evidence_store_open(self->dir, &error);
    g_assert_no_error(error);
    g_autoptr(KysoEvidence) found = kyso_evidence_store_get(self->store, id, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(found->digest, ==, "aa");
    g_assert_cmpstr(found->beside, ==, "");
    g_assert_cmpstr(found->kind, ==, "signed");
    g_assert_cmpstr(found->content, ==, "{}");
    g_assert_cmpuint(found->items->len, ==, 2);
    const KysoEvidenceItem *item = found->items->pdata[1];
    g_assert_cmpstr(item->type, ==, "crl");
    g_assert_cmpmem(g_bytes_get_data(item->der, NULL), g_bytes_get_size(item->der), "a list", 6);
}

static void
test_what_is_shared_is_there_once_and_goes_last(Fixture *self, gconstpointer data)
{
    GError *error = NULL;
    guint n = 0;

    put(self, "aa", "the CA", "first list");
    gint64 second = put(self, "bb", "the CA", "second list");
    g_assert_cmpint(count_rows(self, "items"), ==, 3);
    g_assert_true(kyso_evidence_store_delete(self->store, "aa", &n, &error));
    g_assert_cmpuint(n, ==, 1);
    g_assert_cmpint(count_rows(self, "items"), ==, 2);
    g_autoptr(KysoEvidence) found = kyso_evidence_store_get(self->store, second, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->items->len, ==, 2);
    g_assert_true(kyso_evidence_store_forget(self->store, second, &error));
    g_assert_cmpint(count_rows(self, "items") + count_rows(self, "uses"), ==, 0);
}

static void
test_two_of_one_document_go_together(Fixture *self, gconstpointer data)
{
    GError *error = NULL;
    guint n = 0;

    put(self, "aa", "the CA", "list");
    put(self, "aa", "the CA", "list");
    put(self, "ab", "the CA", "list");
    g_assert_cmpint(kyso_evidence_store_count(self->store, "aa", &error), ==, 2);
    g_assert_true(kyso_evidence_store_delete(self->store, "aa", &n, &error));
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpint(kyso_evidence_store_count(self->store, "ab", &error), ==, 1);
    g_assert_cmpint(count_rows(self, "items"), ==, 2);
    g_autoptr(GPtrArray) all = kyso_evidence_store_list(self->store, NULL, 0, 10, &error);
    g_assert_cmpuint(all->len, ==, 1);
}

static gpointer
put_many(gpointer data)
{
    for (int i = 0; i < 20; i++)
        put(data, "cc", "the CA", "list");
    return NULL;
}

static void
test_many_threads_put_at_once(Fixture *self, gconstpointer data)
{
    GThread *threads[8];

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("put", put_many, self);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(count_rows(self, "evidence"), ==, 160);
    g_assert_cmpint(count_rows(self, "items"), ==, 2);
}

/* A limit on the size of files is a disk that is full. */
static void
test_a_full_disk_keeps_nothing_of_it(Fixture *self, gconstpointer data)
{
    g_autofree char *large = g_strnfill(512 * 1024, 'x');
    g_autoptr(KysoEvidence) evidence = make("dd", "the CA", large);
    struct rlimit old, limit;
    g_autoptr(GError) error = NULL;

    put(self, "aa", "the CA", "list");
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
    limit = (struct rlimit){128 * 1024, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    gboolean is_put = kyso_evidence_store_put(self->store, evidence, &error);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
    g_assert_false(is_put);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DISK_FULL);
    g_assert_cmpint(count_rows(self, "evidence"), ==, 1);
    put(self, "ee", "the CA", "list");
}

static void
test_a_later_format_is_refused(Fixture *self, gconstpointer data)
{
    g_autofree char *path = g_build_filename(self->dir, "evidence.db", NULL);
    g_autoptr(GError) error = NULL;
    sqlite3 *db = NULL;

    g_clear_pointer(&self->store, kyso_evidence_store_unref);
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "PRAGMA user_version = 2", NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
    g_assert_null(kyso_evidence_store_open(self->dir, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_EVIDENCE_UNAVAILABLE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/evidence-store/" name, Fixture, NULL, set_up, function, tear_down)
    ADD("round-trip", test_comes_back_as_it_was_put);
    ADD("shared-items", test_what_is_shared_is_there_once_and_goes_last);
    ADD("one-document", test_two_of_one_document_go_together);
    ADD("threads", test_many_threads_put_at_once);
    ADD("full-disk", test_a_full_disk_keeps_nothing_of_it);
    ADD("later-format", test_a_later_format_is_refused);
#undef ADD
    return g_test_run();
}
