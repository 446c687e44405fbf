/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What the agent checks of an update for itself: a reader that was taken over by a hostile file
 * must not get anything signed but the file that was shown.
 */

#include <string.h>
#include <unistd.h>

#include "agent/core/increment.h"
#include "ipc/base/error.h"

#define ORIGINAL "%PDF-1.7\noriginal bytes\n%%EOF\n"
#define HOLE 64 /* characters of the hex string, brackets included */

typedef struct {
    KysoPrivateCopy *copy;
    GString *update;
    gint64 range, range_length;
    gint64 contents, contents_length;
} Fixture;

static void
setup(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    gsize size = strlen(ORIGINAL);

    f->copy = g_new0(KysoPrivateCopy, 1);
    f->copy->read_only = -1;
    f->copy->file = kyso_temporary_new(g_get_tmp_dir(), &error);
    g_assert_no_error(error);
    f->copy->size = size;
    f->copy->hash = kyso_file_hash_new("SHA256");
    kyso_file_hash_add_bytes(f->copy->hash, ORIGINAL, size);
    g_assert_true(kyso_fd_write_at(kyso_temporary_fd(f->copy->file), ORIGINAL, size, 0, NULL));

    f->update = g_string_new("9 0 obj\n<< /Type /Sig /ByteRange ");
    f->range = f->update->len;
    f->range_length = 48;
    g_string_append_printf(f->update, "%48s /Contents ", "");
    f->contents = f->update->len;
    f->contents_length = HOLE;
    g_string_append_c(f->update, '<');
    for (int i = 0; i < HOLE - 2; i++)
        g_string_append_c(f->update, '0');
    g_string_append(f->update, "> >>\nendobj\n");

    goffset hole = size + f->contents, end = hole + HOLE;
    g_autofree char *range =
        g_strdup_printf("[0 %" G_GOFFSET_FORMAT " %" G_GOFFSET_FORMAT " %" G_GOFFSET_FORMAT, hole,
                        end, (goffset) (size + f->update->len) - end);
    memcpy(f->update->str + f->range, range, strlen(range));
    f->update->str[f->range + f->range_length - 1] = ']';
}

static void
teardown(Fixture *f, gconstpointer data)
{
    kyso_private_copy_free(f->copy);
    g_string_free(f->update, TRUE);
}

static KysoIncrement *
append(Fixture *f, GError **error)
{
    g_autoptr(KysoReply) reply = g_new0(KysoReply, 1);

    reply->fds = kyso_fd_list_new();
    kyso_fd_list_append(reply->fds,
                        kyso_fd_new_memory("update", f->update->str, f->update->len, NULL));
    reply->result = json_pack("{s:o, s:{s:I, s:I}, s:{s:I, s:I}}", "increment", kyso_json_fd(0),
                              "byte_range", "offset", (json_int_t) f->range, "length",
                              (json_int_t) f->range_length, "contents", "offset",
                              (json_int_t) f->contents, "length", (json_int_t) f->contents_length);
    return kyso_increment_append(f->copy, reply, error);
}

static void
assert_refused(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoIncrement) increment = append(f, &error);

    g_assert_null(increment);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INCREMENT_REFUSED);
}

static void
test_honest_update_is_hashed_around_its_hole(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoIncrement) increment = append(f, &error);
    g_assert_no_error(error);

    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    kyso_file_hash_add_bytes(hash, ORIGINAL, strlen(ORIGINAL));
    kyso_file_hash_add_bytes(hash, f->update->str, f->contents);
    kyso_file_hash_add_bytes(hash, f->update->str + f->contents + HOLE,
                             f->update->len - f->contents - HOLE);
    g_autoptr(GBytes) expected = kyso_file_hash_get(hash);
    g_assert_true(g_bytes_equal(increment->digest, expected));

    g_autoptr(KysoFileHash) longer = kyso_file_hash_new("SHA384");
    g_autoptr(GBytes) sha384 = kyso_increment_hash(increment, f->copy, "SHA384", &error);
    kyso_file_hash_add_bytes(longer, ORIGINAL, strlen(ORIGINAL));
    kyso_file_hash_add_bytes(longer, f->update->str, f->contents);
    kyso_file_hash_add_bytes(longer, f->update->str + f->contents + HOLE,
                             f->update->len - f->contents - HOLE);
    g_autoptr(GBytes) expected_384 = kyso_file_hash_get(longer);
    g_assert_true(g_bytes_equal(sha384, expected_384));
}

static void
test_signature_stands_in_the_hole_and_nowhere_else(Fixture *f, gconstpointer data)
{
    g_autoptr(GBytes) cms = g_bytes_new_static("\x30\x03\x02\x01\x2a", 5);
    g_autoptr(KysoIncrement) increment = append(f, NULL);
    gsize size = strlen(ORIGINAL) + f->update->len;
    g_autofree char *after = g_malloc0(size + 1);

    g_assert_true(kyso_increment_complete(increment, f->copy, cms, NULL));
    g_assert_true(kyso_fd_read_at(kyso_temporary_fd(f->copy->file), after, size, 0, NULL));
    memcpy(f->update->str + f->contents + 1, "300302012a", 10);
    g_autofree char *expected = g_strconcat(ORIGINAL, f->update->str, NULL);
    g_assert_cmpstr(after, ==, expected);
}

static void
test_signature_that_does_not_fit_is_refused(Fixture *f, gconstpointer data)
{
    static const guint8 large[HOLE] = {0};
    g_autoptr(GBytes) cms = g_bytes_new_static(large, sizeof large);
    g_autoptr(KysoIncrement) increment = append(f, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(kyso_increment_complete(increment, f->copy, cms, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INCREMENT_REFUSED);
}

static void
test_range_that_leaves_out_more_is_refused(Fixture *f, gconstpointer data)
{
    char *range = f->update->str + f->range;

    for (int digit = 0; digit < f->range_length; digit++) {
        if (!g_ascii_isdigit(range[digit]))
            continue;
        char was = range[digit];
        range[digit] = was == '9' ? '8' : (char) (was + 1);
        assert_refused(f);
        range[digit] = was;
    }
}

static void
test_hole_with_bytes_in_it_is_refused(Fixture *f, gconstpointer data)
{
    f->update->str[f->contents + 10] = '1';
    assert_refused(f);
}

static void
test_values_of_other_names_are_refused(Fixture *f, gconstpointer data)
{
    memcpy(f->update->str + f->range - strlen("/ByteRange "), "/ByteWrong ", 11);
    assert_refused(f);
}

static void
test_places_outside_of_the_update_are_no_crash(Fixture *f, gconstpointer data)
{
    static const gint64 offsets[] = {-1, 0, 1, 1000, G_MAXINT64 - 1, G_MAXINT64};
    static const gint64 lengths[] = {-1, 0, 2, 3, 1000, G_MAXINT64};

    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(lengths); j++) {
            g_autoptr(KysoIncrement) increment = NULL;
            f->contents = offsets[i];
            f->contents_length = lengths[j];
            increment = append(f, NULL);
            g_assert_null(increment);
        }
    }
}

static void
test_empty_update_is_refused(Fixture *f, gconstpointer data)
{
    g_string_truncate(f->update, 0);
    assert_refused(f);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add("/increment/" #name, Fixture, NULL, setup, test_##name, teardown)
    ADD(honest_update_is_hashed_around_its_hole);
    ADD(signature_stands_in_the_hole_and_nowhere_else);
    ADD(signature_that_does_not_fit_is_refused);
    ADD(range_that_leaves_out_more_is_refused);
    ADD(hole_with_bytes_in_it_is_refused);
    ADD(values_of_other_names_are_refused);
    ADD(places_outside_of_the_update_are_no_crash);
    ADD(empty_update_is_refused);
    return g_test_run();
}
