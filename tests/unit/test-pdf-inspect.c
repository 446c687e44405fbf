/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a document says of itself is reported as it stands, at a bounded price. */
#include "tests/unit/pdf-fixture.h"

/* Tree 2 -> (3 -> 5, 6, 7), 4: four pages, sizes inherited at different heights. */
static TestPdf *
nested_pages(void)
{
    TestPdf *pdf = test_pdf_new();

    test_pdf_add(pdf, 1, "<< /Type /Catalog /Pages 2 0 R >>");
    test_pdf_add(pdf, 2, "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 4 /MediaBox [0 0 100 200] >>");
    test_pdf_add(pdf, 3,
                 "<< /Type /Pages /Parent 2 0 R /Kids [5 0 R 6 0 R 7 0 R] /Count 3 /Rotate 90 >>");
    test_pdf_add(pdf, 4, "<< /Type /Page /Parent 2 0 R /CropBox [10 20 90 500] >>");
    test_pdf_add(pdf, 5, "<< /Type /Page /Parent 3 0 R >>");
    test_pdf_add(pdf, 6, "<< /Type /Page /Parent 3 0 R /MediaBox [30 40 0.5 0] /Rotate -90 >>");
    test_pdf_add(pdf, 7, "<< /Type /Page /Parent 3 0 R /Rotate 45 >>");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    return pdf;
}

static void
assert_page(json_t *pages, gsize index, int number, double width, double height, int rotate)
{
    json_t *page = json_array_get(pages, index);

    g_assert_cmpint(json_integer_value(json_object_get(page, "page")), ==, number);
    g_assert_cmpfloat(json_number_value(json_object_get(page, "width")), ==, width);
    g_assert_cmpfloat(json_number_value(json_object_get(page, "height")), ==, height);
    g_assert_cmpint(json_integer_value(json_object_get(page, "rotate")), ==, rotate);
}

static void
test_pages_are_counted_from_both_ends(void)
{
    g_autoptr(TestPdf) pdf = nested_pages();
    g_autoptr(json_t) result = test_inspect(pdf->text, "{'pages': [1, 2, 3, 4, -1, -4]}");
    json_t *pages = json_object_get(result, "pages");

    g_assert_cmpint(json_integer_value(json_object_get(result, "page_count")), ==, 4);
    assert_page(pages, 0, 1, 100, 200, 90);
    assert_page(pages, 1, 2, 29.5, 40, 270);
    assert_page(pages, 2, 3, 100, 200, 0);
    assert_page(pages, 3, 4, 80, 180, 0);
    assert_page(pages, 4, 4, 80, 180, 0);
    assert_page(pages, 5, 1, 100, 200, 90);
}

static void
test_page_that_is_not_there(void)
{
    static const char *const params[] = {"{'pages': [5]}", "{'pages': [-5]}", "{'pages': [0]}"};
    g_autoptr(TestPdf) pdf = nested_pages();

    for (gsize i = 0; i < G_N_ELEMENTS(params); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(
            test_call(kyso_inspect_service_inspect, pdf->text, params[i], -1, NULL, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE);
    }
}

/* NULL with @error; @fd stays. */
static json_t *
inspect_file(int fd, GError **error)
{
    g_autoptr(json_t) params = json_pack("{s:o}", "document", kyso_json_fd(0));
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(KysoFdList) none = kyso_fd_list_new();

    kyso_fd_list_append(fds, dup(fd));
    return kyso_inspect_service_inspect(params, fds, none, error);
}

static void
test_a_file_that_was_written_to_is_read_again(void)
{
    g_autoptr(TestString) plain = test_pdf_plain();
    g_auto(KysoFd) fd = memfd_create("growing", MFD_CLOEXEC);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) cut = NULL;

    g_assert_true(kyso_fd_write_at(fd, plain->str, plain->len, 0, NULL));
    g_autoptr(json_t) first = inspect_file(fd, &error);
    g_autoptr(json_t) second = inspect_file(fd, &error);
    g_assert_no_error(error);
    g_assert_true(json_equal(first, second));
    g_assert_cmpint(ftruncate(fd, (off_t) plain->len / 2), ==, 0);
    g_assert_null(inspect_file(fd, &cut));
    g_assert_error(cut, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TRUNCATED);
    g_assert_true(kyso_fd_write_at(fd, plain->str, plain->len, 0, NULL));
    g_autoptr(json_t) third = inspect_file(fd, &error);
    g_assert_no_error(error);
    g_assert_true(json_equal(first, third));
}

/* Fields: a named text, a hierarchy, a reserved and two signed signature fields, the later first.
 */
static TestPdf *
signed_form(void)
{
    TestPdf *pdf = test_pdf_new_page("/AcroForm << /Fields [5 0 R 6 0 R 8 0 R 9 0 R 10 0 R] >>",
                                     "/Annots [5 0 R 7 0 R 8 0 R 9 0 R 10 0 R]");

    test_pdf_add(pdf, 5,
                 "<< /FT /Tx /T (Number) /V <FEFF00370039> /Ff 1 /Subtype /Widget /P 3 0 R "
                 "/Rect [10 30 20 10] >>");
    test_pdf_add(pdf, 6, "<< /FT /Btn /T (Above) /Kids [7 0 R] >>");
    test_pdf_add(pdf, 7, "<< /Parent 6 0 R /T (Below) /V /Yes /Subtype /Widget /Rect [0 0 1 1] >>");
    test_pdf_add(pdf, 8, "<< /FT /Sig /T (Seal) /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] >>");
    test_pdf_add(pdf, 9,
                 "<< /FT /Sig /T (Second) /V << /Filter /Adobe.PPKLite /SubFilter "
                 "/ETSI.RFC3161 /ByteRange [0 30 40 60] >> /Subtype /Widget /Rect [0 0 9 9] >>");
    test_pdf_add(pdf, 10,
                 "<< /FT /Sig /T (First) /V << /Filter /Adobe.PPKLite /SubFilter "
                 "/ETSI.CAdES.detached /ByteRange [0 10 20 30] /M (D:20261122) /Name (An) /Reason "
                 "(Vi\\355c) /Reference [ << /TransformMethod /DocMDP /TransformParams << /P 1 >> "
                 ">> ] >> /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] >>");
    test_pdf_end_with_stream(pdf, "/Root 1 0 R");
    return pdf;
}

static void
test_signatures_are_listed_oldest_first(void)
{
    g_autoptr(TestPdf) pdf = signed_form();
    g_autoptr(json_t) result = test_inspect(pdf->text, "{}");
    g_autoptr(json_t) expected = test_json(
        "[{'field': 'First', 'page': 1, 'rect': [0.0, 0.0, 9.0, 9.0], 'filter': 'Adobe.PPKLite', "
        "'sub_filter': 'ETSI.CAdES.detached', 'byte_range': [0, 10, 20, 30], 'difference': "
        "{'status': 'changed', 'changes': "
        "[{'kind': 'revision_cut', 'allowed': false, 'page': 0, 'field': null}]}, 'signing_time': "
        "'D:20261122', 'name': 'An', 'reason': 'Viíc', 'location': null, 'doc_mdp': 1}, "
        "{'field': 'Second', 'page': 0, 'rect': [0.0, 0.0, 9.0, 9.0], 'filter': 'Adobe.PPKLite', "
        "'sub_filter': 'ETSI.RFC3161', 'byte_range': [0, 30, 40, 60], 'difference': {'status': "
        "'changed', 'changes': "
        "[{'kind': 'revision_cut', 'allowed': false, 'page': 0, 'field': null}]}, 'signing_time': "
        "null, "
        "'name': null, 'reason': null, 'location': null, 'doc_mdp': 0}]");

    g_assert_true(json_equal(json_object_get(result, "signatures"), expected));
}

static void
test_fields_are_listed_by_full_name(void)
{
    g_autoptr(TestPdf) pdf = signed_form();
    g_autoptr(json_t) result = test_inspect(pdf->text, "{}");
    json_t *fields = json_object_get(result, "fields");
    g_autoptr(json_t) number =
        test_json("{'name': 'Number', 'type': 'Tx', 'page': 1, 'rect': [10.0, 10.0, 20.0, 30.0], "
                  "'value': '79', 'signed': false, 'read_only': true}");
    g_autoptr(json_t) below =
        test_json("{'name': 'Above.Below', 'type': 'Btn', 'page': 0, 'rect': [0.0, 0.0, 1.0, 1.0], "
                  "'value': '/Yes', 'signed': false, 'read_only': false}");

    g_assert_cmpuint(json_array_size(fields), ==, 5);
    g_assert_true(json_equal(json_array_get(fields, 0), number));
    g_assert_true(json_equal(json_array_get(fields, 1), below));
    g_assert_true(json_is_true(json_object_get(result, "fields_complete")));
}

/* A byte range that cannot be is null: the agent takes that for a broken signature. */
static void
test_absurd_byte_range_is_null(void)
{
    static const char *const ranges[] = {"[0 1 2]", "[0 1 2 -3]", "[0 1 2 99999999999]", "(text)"};

    for (gsize i = 0; i < G_N_ELEMENTS(ranges); i++) {
        g_autoptr(TestPdf) pdf =
            test_pdf_new_page("/AcroForm << /Fields [5 0 R] >>", "/Annots [5 0 R]");
        g_autofree char *field =
            g_strdup_printf("<< /FT /Sig /T (S) /V << /ByteRange %s >> >>", ranges[i]);
        test_pdf_add(pdf, 5, field);
        test_pdf_end_with_table(pdf, "/Root 1 0 R");
        g_autoptr(json_t) result = test_inspect(pdf->text, "{}");
        json_t *signature = json_array_get(json_object_get(result, "signatures"), 0);
        g_assert_true(json_is_null(json_object_get(signature, "byte_range")));
    }
}

/* 60,000 fields, all of one object: the list is cut, and says so; a message has room for it. */
static void
test_endless_form_is_cut(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("/AcroForm << /Fields 6 0 R >>", "");
    g_autoptr(TestString) fields = g_string_new("[ ");

    for (guint i = 0; i < 60000; i++)
        g_string_append(fields, "5 0 R ");
    g_string_append_c(fields, ']');
    test_pdf_add(pdf, 5, "<< /FT /Tx /T (A) /Rect [0 0 9 9] >>");
    test_pdf_add(pdf, 6, fields->str);
    test_pdf_end_with_table(pdf, "/Root 1 0 R");

    g_autoptr(json_t) result = test_inspect(pdf->text, "{}");
    g_assert_true(json_is_false(json_object_get(result, "fields_complete")));
    g_assert_cmpuint(json_dumpb(result, NULL, 0, JSON_COMPACT), <, 200 * 1024);
}

static void
test_form_that_contains_itself_ends(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("/AcroForm << /Fields [5 0 R] >>", "");

    test_pdf_add(pdf, 5, "<< /T (A) /Kids [5 0 R 5 0 R 5 0 R] >>");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    g_autoptr(json_t) result = test_inspect(pdf->text, "{}");
    g_assert_nonnull(result);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-inspect/pages-are-counted-from-both-ends",
                    test_pages_are_counted_from_both_ends);
    g_test_add_func("/pdf-inspect/page-that-is-not-there", test_page_that_is_not_there);
    g_test_add_func("/pdf-inspect/a-file-that-was-written-to-is-read-again",
                    test_a_file_that_was_written_to_is_read_again);
    g_test_add_func("/pdf-inspect/signatures-are-listed-oldest-first",
                    test_signatures_are_listed_oldest_first);
    g_test_add_func("/pdf-inspect/fields-are-listed-by-full-name",
                    test_fields_are_listed_by_full_name);
    g_test_add_func("/pdf-inspect/absurd-byte-range-is-null", test_absurd_byte_range_is_null);
    g_test_add_func("/pdf-inspect/endless-form-is-cut", test_endless_form_is_cut);
    g_test_add_func("/pdf-inspect/form-that-contains-itself-ends",
                    test_form_that_contains_itself_ends);
    return g_test_run();
}
