/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each way a document can be unfit has a code of its own. */
#include "tests/unit/pdf-fixture.h"

#include "agent/document/pdf-file.h"

static void
assert_refused(const GString *document, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(
        test_call(kyso_inspect_service_inspect, document, "{'pages': [1]}", -1, NULL, &error));
    g_assert_error(error, KYSO_ERROR, code);
}

static void
test_document_without_bytes(void)
{
    g_autoptr(TestString) document = g_string_new(NULL);

    assert_refused(document, KYSO_ERROR_DOCUMENT_EMPTY);
}

static void
test_document_of_other_kind(void)
{
    g_autoptr(TestString) document = g_string_new("PK\003\004 this is a text document, not a PDF");

    assert_refused(document, KYSO_ERROR_DOCUMENT_NOT_PDF);
}

static void
test_bytes_before_header(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    g_string_prepend(document, "HTTP/1.1 200 OK\r\n\r\n");
    assert_refused(document, KYSO_ERROR_DOCUMENT_NOT_PDF);
}

static void
test_cut_anywhere_is_truncated(void)
{
    g_autoptr(TestString) whole = test_pdf_plain();

    for (gsize size = 16; size < whole->len - strlen("\n"); size++) {
        g_autoptr(TestString) part = g_string_new_len(whole->str, (gssize) size);
        assert_refused(part, KYSO_ERROR_DOCUMENT_TRUNCATED);
    }
}

/* Replaces the first @old by @new of the same length. */
static void
replace(GString *text, const char *old, const char *new)
{
    char *at = memmem(text->str, text->len, old, strlen(old));

    g_assert_nonnull(at);
    g_assert_cmpuint(strlen(old), ==, strlen(new));
    memcpy(at, new, strlen(new));
}

static void
test_damage_is_not_repaired(void)
{
    static const struct {
        const char *old, *new;
    } damages[] = {
        {"trailer", "railert"},
        {"xref\n0 5", "xref\n0 9"},
        {"3 0 obj", "7 0 obj"},
        {"/Type /Page /Parent", "/Type /Page >Parent"},
        {"/Kids [3 0 R]", "/Kids [3 0 X]"},
        {"/Root 1 0 R", "/Root 4 0 R"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(TestString) document = test_pdf_plain();
        replace(document, damages[i].old, damages[i].new);
        assert_refused(document, KYSO_ERROR_DOCUMENT_DAMAGED);
    }
}

static void
test_wrong_size_is_tolerated(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    replace(document, "/Size 5", "/Size 3");
    g_autoptr(json_t) result = test_inspect(document, "{'pages': [1]}");
    g_assert_cmpint(json_integer_value(json_object_get(result, "page_count")), ==, 1);
}

static void
test_new_objects_take_free_numbers(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    replace(document, "/Size 5", "/Size 3");
    json_decref(test_prepare(document, "{" TEST_TIME ", 'field': {'name': 'A'}}", -1));
    g_assert_nonnull(strstr(document->str + document->len - 400, "/Size 8"));
}

static void
test_encrypted(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("", "");
    g_autofree char *key = g_strnfill(64, '4');
    g_autofree char *encrypt =
        g_strdup_printf("<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>", key, key);

    test_pdf_add(pdf, 5, encrypt);
    test_pdf_end_with_table(pdf, "/Root 1 0 R /Encrypt 5 0 R /ID [<00> <00>]");
    assert_refused(pdf->text, KYSO_ERROR_PASSWORD_NEEDED);
}

static void
test_no_pages(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new();

    test_pdf_add(pdf, 1, "<< /Type /Catalog /Pages 2 0 R >>");
    test_pdf_add(pdf, 2, "<< /Type /Pages /Kids [] /Count 0 >>");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    assert_refused(pdf->text, KYSO_ERROR_DOCUMENT_NO_PAGES);
}

static void
test_more_pages_than_objects_is_damage(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    replace(document, "/Count 1 >>", "/Count 99>>");
    assert_refused(document, KYSO_ERROR_DOCUMENT_DAMAGED);
}

static void
test_larger_than_two_gibibytes(void)
{
    g_auto(KysoFd) fd = memfd_create("large", MFD_CLOEXEC);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(ftruncate(fd, KYSO_PDF_MAX_SIZE + 1), ==, 0);
    g_assert_null(kyso_pdf_file_open(fd, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE);
}

static void
test_descriptor_of_no_file(void)
{
    int pipes[2];
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(pipe(pipes), ==, 0);
    g_assert_null(kyso_pdf_file_open(pipes[0], &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE);
    close(pipes[0]);
    close(pipes[1]);
}

/* A tree that contains itself, and one that nests without end, must come to an end. */
static void
test_endless_page_tree_is_damage(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new();

    test_pdf_add(pdf, 1, "<< /Type /Catalog /Pages 2 0 R >>");
    test_pdf_add(pdf, 2, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 3 >>");
    test_pdf_add(pdf, 3, "null");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    assert_refused(pdf->text, KYSO_ERROR_DOCUMENT_DAMAGED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-faults/document-without-bytes", test_document_without_bytes);
    g_test_add_func("/pdf-faults/document-of-other-kind", test_document_of_other_kind);
    g_test_add_func("/pdf-faults/bytes-before-header", test_bytes_before_header);
    g_test_add_func("/pdf-faults/cut-anywhere-is-truncated", test_cut_anywhere_is_truncated);
    g_test_add_func("/pdf-faults/damage-is-not-repaired", test_damage_is_not_repaired);
    g_test_add_func("/pdf-faults/wrong-size-is-tolerated", test_wrong_size_is_tolerated);
    g_test_add_func("/pdf-faults/new-objects-take-free-numbers",
                    test_new_objects_take_free_numbers);
    g_test_add_func("/pdf-faults/encrypted", test_encrypted);
    g_test_add_func("/pdf-faults/no-pages", test_no_pages);
    g_test_add_func("/pdf-faults/more-pages-than-objects-is-damage",
                    test_more_pages_than_objects_is_damage);
    g_test_add_func("/pdf-faults/larger-than-two-gibibytes", test_larger_than_two_gibibytes);
    g_test_add_func("/pdf-faults/descriptor-of-no-file", test_descriptor_of_no_file);
    g_test_add_func("/pdf-faults/endless-page-tree-is-damage", test_endless_page_tree_is_damage);
    return g_test_run();
}
