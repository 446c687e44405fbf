/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is added to an encrypted document reads back as it was meant, by qpdf, whose encryption is
 * not ours; nothing of it stands in clear. */

#include "tests/unit/pdf-fixture.h"

#include "agent/document/document-password.h"
#include "agent/document/pdf-file.h"
#include "agent/document/pdf-increment.h"

#include <glib/gstdio.h>

#define PASSWORD "mật khẩu"

static const struct {
    const char *name;
    const char *options[5];
    gboolean is_latin; /* of before AES-256: passwords are not UTF-8 */
} KINDS[] = {
    {"RC4, 40 bits", {"40"}, TRUE},
    {"RC4, 128 bits", {"128"}, TRUE},
    {"AES, 128 bits", {"128", "--use-aes=y"}, TRUE},
    {"AES, 256 bits", {"256"}, FALSE},
    {"AES, 256 bits, revision 5", {"256", "--force-R5"}, FALSE},
};

/* Every way to write a string (ISO 32000-1 §7.3.4.2, §7.3.4.3) and what it is. */
static const struct {
    const char *written;
    const char *bytes;
    gsize size;
} STRINGS[] = {
    {"()", "", 0},
    {"(plain)", "plain", 5},
    {"(a (nested) one)", "a (nested) one", 14},
    {"(\\(\\)\\\\)", "()\\", 3},
    {"(\\n\\r\\t\\b\\f)", "\n\r\t\b\f", 5},
    {"(\\101\\1012\\7\\08)", "AA2\7\0008", 6},
    {"(\\q)", "q", 1},
    {"(one\\\ntwo)", "onetwo", 6},
    {"(one\\\r\ntwo)", "onetwo", 6},
    {"(one\r\ntwo\rthree)", "one\ntwo\nthree", 13},
    {"<>", "", 0},
    {"<41 4\n2>", "AB", 2},
    {"<414>", "A@", 2},
    {"(sixteen bytes...)", "sixteen bytes...", 16},
};

static const char STREAM[] = "endstream (not) <here> endobj";

static void
set_password(const char *password)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("password", password, strlen(password), NULL);
    g_autoptr(GError) error = NULL;

    kyso_document_password_read(fd, &error);
    g_assert_no_error(error);
}

/* A page, encrypted by qpdf for @password. */
static GString *
encrypt(guint kind, const char *password)
{
    g_autofree char *folder = g_dir_make_tmp("kyso-encryption-XXXXXX", NULL);
    g_autofree char *clear = g_build_filename(folder, "clear.pdf", NULL);
    g_autofree char *locked = g_build_filename(folder, "locked.pdf", NULL);
    g_autoptr(TestString) plain = test_pdf_plain();
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    char *contents;
    int status;
    gsize size;

    for (const char *const *word = (const char *const[]){"qpdf", "--allow-weak-crypto", "--encrypt",
                                                         password, "owner", NULL};
         *word != NULL; word++)
        g_ptr_array_add(argv, (gpointer) *word);
    for (guint i = 0; KINDS[kind].options[i] != NULL; i++)
        g_ptr_array_add(argv, (gpointer) KINDS[kind].options[i]);
    for (const char *const *word = (const char *const[]){"--", clear, locked, NULL}; *word != NULL;
         word++)
        g_ptr_array_add(argv, (gpointer) *word);
    g_ptr_array_add(argv, NULL);

    g_assert_true(g_file_set_contents(clear, plain->str, (gssize) plain->len, NULL));
    g_spawn_sync(NULL, (char **) argv->pdata, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                 &status, &error);
    g_assert_no_error(error);
    g_assert_true(g_spawn_check_wait_status(status, NULL));
    g_assert_true(g_file_get_contents(locked, &contents, &size, NULL));
    GString *result = g_string_new_len(contents, (gssize) size);
    g_free(contents);
    g_unlink(clear);
    g_unlink(locked);
    g_rmdir(folder);
    return result;
}

/* One object with all strings, one with a stream and a string in its dictionary. */
static guint32
add_objects(GString *document)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("locked", document->str, document->len, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(fd, &error);
    g_assert_no_error(error);
    g_autoptr(KysoPdfIncrement) increment = kyso_pdf_increment_new(file);
    guint32 id = kyso_pdf_increment_new_id(increment);

    GString *text = kyso_pdf_increment_begin(increment, id, 0);
    g_string_append(text, "<< /Strings [ ");
    for (guint i = 0; i < G_N_ELEMENTS(STRINGS); i++)
        g_string_append_printf(text, "%s ", STRINGS[i].written);
    g_string_append(text, "] /Inner << /Text (inner) >> ");
    kyso_pdf_increment_encrypt(increment);
    g_string_append(text, "/Contents <00ff>");
    kyso_pdf_increment_keep_clear(increment);
    g_string_append(text, " /Last (last) >>");
    kyso_pdf_increment_end(increment);

    text = kyso_pdf_increment_begin(increment, kyso_pdf_increment_new_id(increment), 0);
    g_string_append_printf(text,
                           "<< /Note (noted) /Length %zu /Inner << /Length 1 >> >>\nstream\n%s",
                           strlen(STREAM), STREAM);
    g_string_append(text, "\nendstream");
    kyso_pdf_increment_end(increment);

    text = kyso_pdf_increment_finish(increment, &error);
    g_assert_no_error(error);
    g_assert_null(memmem(text->str, text->len, "last", 4));
    g_assert_null(memmem(text->str, text->len, "noted", 5));
    g_assert_null(memmem(text->str, text->len, STREAM, strlen(STREAM)));
    g_assert_nonnull(memmem(text->str, text->len, "/Contents <00ff>", 16));
    g_string_append_len(document, text->str, (gssize) text->len);
    return id;
}

static void
assert_text(KysoQpdfReader *reader, KysoQpdfValue value, const char *bytes, gsize size)
{
    g_autoptr(GString) hex = g_string_new("<");
    g_autofree char *literal = kyso_qpdf_reader_unparse_resolved(reader, value);
    g_autofree char *plain = g_strdup_printf("(%s)", bytes);

    /* qpdf writes either, as it likes better. */
    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", (guint8) bytes[i]);
    g_string_append_c(hex, '>');
    if (g_str_equal(literal, hex->str) || g_str_equal(literal, plain))
        return;
    g_autofree char *text = kyso_qpdf_reader_text(reader, value);
    g_assert_cmpmem(text, strlen(text), bytes, size);
}

static void
assert_objects(const GString *document, guint32 id)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("locked", document->str, document->len, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(fd, &error);
    g_assert_no_error(error);
    KysoQpdfReader *reader = file->reader;
    KysoQpdfValue object = kyso_qpdf_reader_object(reader, (int) id, 0);
    KysoQpdfValue strings = kyso_qpdf_reader_get(reader, object, "/Strings");
    KysoQpdfValue inner = kyso_qpdf_reader_get(reader, object, "/Inner");
    KysoQpdfValue stream = kyso_qpdf_reader_object(reader, (int) id + 1, 0);

    g_assert_cmpuint(kyso_qpdf_reader_n_items(reader, strings), ==, G_N_ELEMENTS(STRINGS));
    for (guint i = 0; i < G_N_ELEMENTS(STRINGS); i++)
        assert_text(reader, kyso_qpdf_reader_item(reader, strings, i), STRINGS[i].bytes,
                    STRINGS[i].size);
    assert_text(reader, kyso_qpdf_reader_get(reader, inner, "/Text"), "inner", 5);
    assert_text(reader, kyso_qpdf_reader_get(reader, object, "/Last"), "last", 4);
    assert_text(reader, kyso_qpdf_reader_get(reader, stream, "/Note"), "noted", 5);
    g_autoptr(GBytes) bytes = kyso_qpdf_reader_stream(reader, stream);
    g_assert_nonnull(bytes);
    g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), STREAM, strlen(STREAM));
    g_assert_true(kyso_pdf_file_check(file, NULL));
}

static void
test_what_is_added_reads_back(void)
{
    for (guint kind = 0; kind < G_N_ELEMENTS(KINDS); kind++) {
        const char *password = KINDS[kind].is_latin ? "secret" : PASSWORD;
        g_autoptr(TestString) empty = encrypt(kind, "");
        g_autoptr(TestString) locked = encrypt(kind, password);

        g_test_message("%s", KINDS[kind].name);
        kyso_document_password_clear();
        assert_objects(empty, add_objects(empty));
        set_password(password);
        guint32 id = add_objects(locked);
        assert_objects(locked, id);
        set_password("owner");
        assert_objects(locked, id);
    }
    kyso_document_password_clear();
}

static void
test_a_password_is_needed_and_must_be_right(void)
{
    g_autoptr(TestString) locked = encrypt(3, PASSWORD);
    g_auto(KysoFd) fd = kyso_fd_new_memory("locked", locked->str, locked->len, NULL);
    g_autoptr(GError) error = NULL;

    kyso_document_password_clear();
    g_assert_null(kyso_pdf_file_open(fd, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PASSWORD_NEEDED);
    g_clear_error(&error);
    set_password(PASSWORD "!");
    g_assert_null(kyso_pdf_file_open(fd, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PASSWORD_WRONG);
    g_clear_error(&error);
    g_autofree char *loose = g_utf8_normalize(PASSWORD, -1, G_NORMALIZE_ALL);
    g_assert_cmpstr(loose, !=, PASSWORD);
    set_password(loose);
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(fd, &error);
    g_assert_no_error(error);
    kyso_document_password_clear();
}

/* Its value would have to stay in clear, and whose it is nobody looks at here. */
static void
test_a_signature_within_another_object_is_refused(void)
{
    g_autoptr(TestString) empty = encrypt(3, "");
    g_auto(KysoFd) fd = kyso_fd_new_memory("locked", empty->str, empty->len, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(fd, &error);
    g_autoptr(KysoPdfIncrement) increment = kyso_pdf_increment_new(file);

    g_string_append(kyso_pdf_increment_begin(increment, kyso_pdf_increment_new_id(increment), 0),
                    "<< /UR3 << /Type /Sig /ByteRange [0 1 2 3] /Contents <00> >> >>");
    kyso_pdf_increment_end(increment);
    g_assert_null(kyso_pdf_increment_finish(increment, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_ENCRYPTED);
}

/* What was encrypted with it would fit no password any more. */
static void
test_the_encryption_itself_is_not_written_again(void)
{
    g_autoptr(TestString) empty = encrypt(0, "");
    g_auto(KysoFd) fd = kyso_fd_new_memory("locked", empty->str, empty->len, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(fd, &error);
    g_autoptr(KysoPdfIncrement) increment = kyso_pdf_increment_new(file);
    KysoQpdfValue trailer = kyso_qpdf_reader_trailer(file->reader);
    KysoQpdfValue encryption = kyso_qpdf_reader_get(file->reader, trailer, "/Encrypt");
    int id, generation;

    g_assert_true(kyso_qpdf_reader_reference(file->reader, encryption, &id, &generation));
    g_string_append(kyso_pdf_increment_begin(increment, (guint32) id, generation), "<< >>");
    kyso_pdf_increment_end(increment);
    g_assert_null(kyso_pdf_increment_finish(increment, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED);
}

static void
test_passwords_have_their_bounds(void)
{
    g_autofree char *long_text = g_strnfill(128, 'x');
    const char *const wrong[] = {"", long_text};

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(KysoFd) fd = kyso_fd_new_memory("password", wrong[i], strlen(wrong[i]), NULL);
        g_autoptr(GError) error = NULL;
        g_assert_false(kyso_document_password_read(fd, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
        g_assert_null(kyso_document_password_get());
    }
    set_password(long_text + 1);
    g_assert_cmpstr(kyso_document_password_get(), ==, long_text + 1);
    g_assert_null(kyso_document_password_get_composed());
    kyso_document_password_clear();
    g_assert_null(kyso_document_password_get());
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-encryption/what is added reads back", test_what_is_added_reads_back);
    g_test_add_func("/pdf-encryption/a password is needed and must be right",
                    test_a_password_is_needed_and_must_be_right);
    g_test_add_func("/pdf-encryption/a signature within another object is refused",
                    test_a_signature_within_another_object_is_refused);
    g_test_add_func("/pdf-encryption/the encryption itself is not written again",
                    test_the_encryption_itself_is_not_written_again);
    g_test_add_func("/pdf-encryption/passwords have their bounds",
                    test_passwords_have_their_bounds);
    return g_test_run();
}
