/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/proof-cache.h"

#include <glib/gstdio.h>

static void
remove_folder(const char *dir)
{
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_unlink(path);
    }
    g_rmdir(dir);
}

static guint
count(const char *dir)
{
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
    guint n = 0;

    while (folder != NULL && g_dir_read_name(folder) != NULL)
        n++;
    return n;
}

static void
test_entries(void)
{
    g_autofree char *parent = g_dir_make_tmp("kyso-cache-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(parent, "proofs", NULL);
    g_autoptr(GBytes) one = g_bytes_new_static("one", 3);
    g_autoptr(GBytes) two = g_bytes_new_static("two", 3);

    g_assert_null(kyso_proof_cache_get(dir, "http://a/"));
    kyso_proof_cache_put(dir, "http://a/", one);
    kyso_proof_cache_put(dir, "http://../../b", two);
    kyso_proof_cache_put(dir, "http://a/", two);
    g_autoptr(GBytes) found = kyso_proof_cache_get(dir, "http://a/");
    g_assert_true(g_bytes_equal(found, two));
    g_assert_cmpuint(count(dir), ==, 2);
    kyso_proof_cache_drop(dir, "http://a/");
    g_assert_null(kyso_proof_cache_get(dir, "http://a/"));
    g_assert_cmpuint(count(dir), ==, 1);
    remove_folder(dir);
    g_rmdir(parent);
}

static void
test_bounded(void)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-cache-XXXXXX", NULL);
    g_autoptr(GBytes) small = g_bytes_new_static("x", 1);
    gsize half = KYSO_PROOF_CACHE_MAX_SIZE / 2 + 1;
    g_autoptr(GBytes) large = g_bytes_new_take(g_malloc0(half), half);
    g_autoptr(GBytes) too_large = g_bytes_new_take(g_malloc0(2 * half), 2 * half);

    for (int i = 0; i < KYSO_PROOF_CACHE_MAX_FILES + 10; i++) {
        g_autofree char *key = g_strdup_printf("http://a/%d", i);
        kyso_proof_cache_put(dir, key, small);
    }
    g_assert_cmpuint(count(dir), <=, KYSO_PROOF_CACHE_MAX_FILES);
    kyso_proof_cache_put(dir, "http://large/1", large);
    kyso_proof_cache_put(dir, "http://large/2", large);
    g_assert_null(kyso_proof_cache_get(dir, "http://large/1"));
    g_autoptr(GBytes) found = kyso_proof_cache_get(dir, "http://large/2");
    g_assert_nonnull(found);
    kyso_proof_cache_put(dir, "http://large/3", too_large);
    g_assert_null(kyso_proof_cache_get(dir, "http://large/3"));
    remove_folder(dir);
}

static void
test_no_disk(void)
{
    g_autofree char *file = g_build_filename(g_get_tmp_dir(), "kyso-no-folder-XXXXXX", NULL);
    g_autoptr(GBytes) one = g_bytes_new_static("one", 3);
    int fd = g_mkstemp(file);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_test_expect_message("kyso", G_LOG_LEVEL_MESSAGE, "cannot keep an answer*");
    kyso_proof_cache_put(file, "http://a/", one);
    g_test_assert_expected_messages();
    g_assert_null(kyso_proof_cache_get(file, "http://a/"));
    g_unlink(file);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proof-cache/the newest entry is found, and dropped", test_entries);
    g_test_add_func("/proof-cache/it is bounded", test_bounded);
    g_test_add_func("/proof-cache/without a disk nothing is kept", test_no_disk);
    return g_test_run();
}
