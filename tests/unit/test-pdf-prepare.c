/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An increment is only ever appended, and what follows can be read, in every style of file. */
#include "tests/unit/pdf-fixture.h"

#include <cairo.h>

#define SIGN_TEXT                                                                                  \
    "{" TEST_TIME ", 'field': {'name': 'Approval1', 'page': -1, 'rect': [100, 100, 250, 160]}, "   \
    "'text': {'value': 'Nguyễn Văn Thử'}}"
#define RESERVE                                                                                     \
    "{" TEST_TIME ", 'field': {'name': 'Approval1', 'page': 1, 'rect': [100, 100, 250, 160]}, "     \
    "'name': 'Nguyễn Văn Thử', 'reserve': [{'type': 'text', 'name': 'CodeNumber', 'page': 1, " \
    "'rect': [100, 700, 140, 715], 'tooltip': 'Số văn bản'}, {'type': 'signature', 'name': "   \
    "'AgencySeal', 'page': 1, 'rect': [50, 100, 152, 202]}]}"
#define ISSUE                                                                                      \
    "{" TEST_TIME ", 'field': {'existing': 'AgencySeal'}, 'fill': [{'name': 'CodeNumber', "        \
    "'value': '79'}]}"

static gboolean
contains(const GString *text, gsize from, const char *wanted)
{
    return memmem(text->str + from, text->len - from, wanted, strlen(wanted)) != NULL;
}

static json_t *
field_named(json_t *inspection, const char *name)
{
    json_t *field;
    gsize i;

    json_array_foreach(json_object_get(inspection, "fields"), i, field)
    {
        if (strcmp(json_string_value(json_object_get(field, "name")), name) == 0)
            return field;
    }
    g_assert_not_reached();
}

/* A round coloured PNG with alpha, as a memfd. */
static cairo_status_t
append_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    g_byte_array_append(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

static int
new_png(int width, int height)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    cairo_t *cairo = cairo_create(surface);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    cairo_set_source_rgba(cairo, 0.1, 0.2, 0.8, 0.5);
    cairo_arc(cairo, width / 2.0, height / 2.0, MIN(width, height) / 2.0, 0, 6.2);
    cairo_fill(cairo);
    cairo_destroy(cairo);
    cairo_surface_write_to_png_stream(surface, append_bytes, bytes);
    cairo_surface_destroy(surface);
    return kyso_fd_new_memory("png", bytes->data, bytes->len, NULL);
}

/* The four shapes that /Annots and /AcroForm come in, in both styles of cross-references. */
static TestPdf *
document_of_shape(guint shape, gboolean has_stream)
{
    static const char *const catalogues[] = {"", "/AcroForm << /Fields [] /DR << /A 1 >> >>",
                                             "/AcroForm 6 0 R", "/AcroForm 6 0 R"};
    static const char *const annotations[] = {"", "/Annots [5 0 R 99 0 R]", "/Annots 7 0 R",
                                              "/Annots 7 0 R"};
    TestPdf *pdf = test_pdf_new_page(catalogues[shape], annotations[shape]);

    test_pdf_add(pdf, 5, "<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] >>");
    test_pdf_add(pdf, 6,
                 shape == 3 ? "<< /Fields 8 0 R /DR << /A 1 >> >>"
                            : "<< /Fields [ ] /DR << /A 1 >> >>");
    test_pdf_add(pdf, 7, "[5 0 R]");
    test_pdf_add(pdf, 8, "[ ]");
    if (has_stream)
        test_pdf_end_with_stream(pdf, "/Root 1 0 R /ID [<AA> <BB>]");
    else
        test_pdf_end_with_table(pdf, "/Root 1 0 R /ID [<AA> <BB>]");
    return pdf;
}

static void
test_three_revisions_of_every_shape(void)
{
    for (guint i = 0; i < 8; i++) {
        g_autoptr(TestPdf) pdf = document_of_shape(i / 2, i % 2);
        g_autofree char *original = g_memdup2(pdf->text->str, pdf->text->len);
        gsize size = pdf->text->len;

        json_decref(test_prepare(pdf->text, RESERVE, new_png(120, 50)));
        gsize second = pdf->text->len;
        json_decref(test_prepare(pdf->text, ISSUE, -1));
        json_decref(test_prepare(pdf->text, "{" TEST_TIME ", 'field': {'name': 'Third'}}", -1));

        g_assert_cmpmem(pdf->text->str, size, original, size);
        g_assert_true(contains(pdf->text, size, i % 2 ? "/Type /XRef" : "trailer"));
        g_assert_false(contains(pdf->text, size, i % 2 ? "trailer" : "/Type /XRef"));
        g_autofree char *previous = g_strdup_printf("/Prev %zu ", pdf->startxref);
        g_assert_true(contains(pdf->text, size, previous));
        g_assert_false(contains(pdf->text, second, previous));

        g_autoptr(json_t) inspection = test_inspect(pdf->text, "{'pages': [1]}");
        g_assert_cmpuint(json_array_size(json_object_get(inspection, "signatures")), ==, 3);
        g_assert_cmpuint(json_array_size(json_object_get(inspection, "fields")), ==, 4);
    }
}

/* ISO 32000-1 §7.5.8.4: a table for old readers, and a stream with the objects hidden from them. */
static void
test_hybrid_file_keeps_its_hidden_objects(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("/AcroForm 5 0 R", "");
    gsize hidden = pdf->text->len, size;

    g_string_append(pdf->text, "5 0 obj\n<< /Fields [] /DR << /A 1 >> >>\nendobj\n");
    gsize stream = pdf->text->len;
    guint32 offset = GUINT32_TO_BE((guint32) hidden);
    g_string_append(pdf->text, "6 0 obj\n<< /Type /XRef /W [1 4 1] /Index [5 1] /Size 7 /Root 1 0 "
                               "R /Length 6 >>\nstream\n\1");
    g_string_append_len(pdf->text, (const char *) &offset, 4);
    g_string_append_len(pdf->text, "\0\nendstream\nendobj\n", 19);
    pdf->n_objects = 7;
    g_autofree char *trailer = g_strdup_printf("/Root 1 0 R /XRefStm %zu", stream);
    test_pdf_end_with_table(pdf, trailer);

    size = pdf->text->len;
    json_decref(test_prepare(pdf->text, SIGN_TEXT, -1));
    g_assert_true(contains(pdf->text, size, "\n5 0 obj\n<< /DR << /A 1 >> "));
    g_assert_true(contains(pdf->text, size, "trailer"));
    g_assert_false(contains(pdf->text, size, "/XRefStm"));
    json_decref(test_prepare(pdf->text, "{" TEST_TIME ", 'field': {'name': 'Second'}}", -1));
    g_autoptr(json_t) inspection = test_inspect(pdf->text, "{}");
    g_assert_cmpuint(json_array_size(json_object_get(inspection, "signatures")), ==, 2);
}

static void
test_indirect_annotations_stay_indirect(void)
{
    g_autoptr(TestPdf) direct = document_of_shape(1, FALSE);
    g_autoptr(TestPdf) indirect = document_of_shape(2, FALSE);
    gsize direct_size = direct->text->len, indirect_size = indirect->text->len;

    json_decref(test_prepare(direct->text, SIGN_TEXT, -1));
    g_assert_true(contains(direct->text, direct_size, "/Annots [ 5 0 R 99 0 R "));
    g_assert_true(contains(direct->text, direct_size, "\n3 0 obj"));

    json_decref(test_prepare(indirect->text, SIGN_TEXT, -1));
    g_assert_true(contains(indirect->text, indirect_size, "\n7 0 obj\n[ 5 0 R "));
    g_assert_false(contains(indirect->text, indirect_size, "\n3 0 obj"));
    g_assert_true(contains(indirect->text, indirect_size, "/DR << /A 1 >>"));
}

/* What an office's store grows by with each signature that shows text. */
static void
test_growth_stays_under_forty_kilobytes(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    gsize size = document->len;

    json_decref(test_prepare(
        document,
        "{" TEST_TIME ", 'field': {'name': 'Seal', 'rect': [300, 700, 580, 800]}, 'text': "
        "{'value': '79/QĐ-UBND\\n22/11/2026\\n16:05:09 +07:00\\nỦy ban nhân dân xã Thử Nghiệm'}}",
        -1));
    g_assert_cmpuint(document->len - size, <=, 40 * 1024);
}

static void
test_file_identity_is_kept(void)
{
    g_autoptr(TestPdf) pdf = document_of_shape(0, FALSE);
    gsize size = pdf->text->len;

    json_decref(test_prepare(pdf->text, SIGN_TEXT, -1));
    g_assert_true(contains(pdf->text, size, "/ID [<aa> <"));
}

static void
test_filled_field_is_read_only_and_readable(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    json_decref(test_prepare(document, RESERVE, -1));
    g_autoptr(json_t) reserved = test_inspect(document, "{}");
    g_assert_true(json_is_null(json_object_get(field_named(reserved, "CodeNumber"), "value")));
    g_assert_true(json_is_false(json_object_get(field_named(reserved, "AgencySeal"), "signed")));

    json_decref(test_prepare(document, ISSUE, new_png(300, 300)));
    g_autoptr(json_t) issued = test_inspect(document, "{}");
    json_t *number = field_named(issued, "CodeNumber");
    g_assert_cmpstr(json_string_value(json_object_get(number, "value")), ==, "79");
    g_assert_true(json_is_true(json_object_get(number, "read_only")));
    g_assert_true(json_is_true(json_object_get(field_named(issued, "AgencySeal"), "signed")));

    test_assert_prepare_fails(document, ISSUE, -1, KYSO_ERROR_FIELD_MISSING);
}

static void
test_certifying_signature_is_the_first(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    gsize size = document->len;

    json_decref(
        test_prepare(document, "{" TEST_TIME ", 'field': {'name': 'First'}, 'certify': 2}", -1));
    g_assert_true(contains(document, size, "/Perms << /DocMDP "));
    g_autoptr(json_t) inspection = test_inspect(document, "{}");
    json_t *first = json_array_get(json_object_get(inspection, "signatures"), 0);
    g_assert_cmpint(json_integer_value(json_object_get(first, "doc_mdp")), ==, 2);

    test_assert_prepare_fails(document,
                              "{" TEST_TIME ", 'field': {'name': 'Second'}, 'certify': 2}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
}

/* A field locked by who made the form: the signature must repeat the lock (ISO 32000-1 §12.7.4.5).
 */
static void
test_lock_of_field_is_signed(void)
{
    g_autoptr(TestPdf) pdf =
        test_pdf_new_page("/AcroForm << /Fields [5 0 R] >>", "/Annots [5 0 R]");
    gsize size;

    test_pdf_add(pdf, 5,
                 "<< /FT /Sig /T (Seal) /Subtype /Widget /Rect [0 0 90 90] /Lock << /Type "
                 "/SigFieldLock /Action /Include /Fields [(A)] >> >>");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    size = pdf->text->len;
    json_decref(test_prepare(pdf->text, "{" TEST_TIME ", 'field': {'existing': 'Seal'}}", -1));
    g_assert_true(contains(pdf->text, size, "/TransformMethod /FieldMDP /Data 1 0 R"));
    g_assert_true(contains(pdf->text, size, "/Action /Include /Fields [ (A) ]"));
}

static void
test_appearance_stands_upright_on_turned_page(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("", "/Rotate 90");
    gsize size;

    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    size = pdf->text->len;
    json_decref(test_prepare(pdf->text, SIGN_TEXT, -1));
    g_assert_true(contains(pdf->text, size, "/BBox [0 0 60 150] /Matrix [0 1 -1 0 150 0]"));
    g_assert_true(contains(pdf->text, size, "/MK << /R 90 >>"));
}

static void
test_place_outside_page(void)
{
    static const char *const rects[] = {"[500, 10, 600, 60]", "[10, 800, 60, 850]",
                                        "[-5, 10, 60, 60]",   "[60, 10, 10, 60]",
                                        "[10, 10, 10, 60]",   "[1e300, 0, 2e300, 1]"};
    g_autoptr(TestString) document = test_pdf_plain();

    for (gsize i = 0; i < G_N_ELEMENTS(rects); i++) {
        g_autofree char *params =
            g_strdup_printf("{%s, 'field': {'name': 'A', 'rect': %s}}", TEST_TIME, rects[i]);
        test_assert_prepare_fails(document, params, -1, KYSO_ERROR_PLACE_OUTSIDE);
    }
    test_assert_prepare_fails(
        document, "{" TEST_TIME ", 'field': {'name': 'A', 'page': 2, 'rect': [0, 0, 9, 9]}}", -1,
        KYSO_ERROR_PLACE_OUTSIDE);
    test_assert_prepare_fails(
        document, "{" TEST_TIME ", 'field': {'name': 'A'}, 'text': {'value': 'nowhere'}}", -1,
        KYSO_ERROR_PLACE_OUTSIDE);
}

static void
test_field_that_is_not_there(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    test_assert_prepare_fails(document, ISSUE, -1, KYSO_ERROR_FIELD_MISSING);
    test_assert_prepare_fails(
        document, "{" TEST_TIME ", 'field': {'name': 'A'}, 'fill': [{'name': 'B', 'value': '1'}]}",
        -1, KYSO_ERROR_FIELD_MISSING);
}

static void
test_taken_and_impossible_names(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    json_decref(test_prepare(document, RESERVE, -1));
    test_assert_prepare_fails(document, "{" TEST_TIME ", 'field': {'name': 'Approval1'}}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
    test_assert_prepare_fails(document, "{" TEST_TIME ", 'field': {'name': 'A.B'}}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
    test_assert_prepare_fails(document, "{" TEST_TIME ", 'field': {'name': ''}}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
    test_assert_prepare_fails(document,
                              "{" TEST_TIME ", 'field': {'name': 'X'}, 'reserve': [{'type': "
                              "'text', 'name': 'X', 'rect': [0, 0, 9, 9]}]}",
                              -1, KYSO_ERROR_WRONG_PARAMETERS);
}

/* Nothing but digits and signs may come into the signature dictionary as it is. */
static void
test_signing_time_is_a_date(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    test_assert_prepare_fails(document,
                              "{'signing_time': 'D:2026) /Contents <', 'field': {'name': 'A'}}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
}

/* The form names one object as two fields: written twice, it would mean two things. */
static void
test_object_shared_by_two_fields(void)
{
    g_autoptr(TestPdf) pdf =
        test_pdf_new_page("/AcroForm << /Fields [5 0 R 6 0 R] /SigFlags 3 >>", "");

    test_pdf_add(pdf, 5, "<< /FT /Sig /T (Seal) /Kids [7 0 R] >>");
    test_pdf_add(pdf, 6, "<< /FT /Tx /T (Number) /Kids [7 0 R] >>");
    test_pdf_add(pdf, 7, "<< /Subtype /Widget /Rect [0 0 90 90] >>");
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    test_assert_prepare_fails(pdf->text,
                              "{" TEST_TIME ", 'field': {'existing': 'Seal'}, 'fill': [{'name': "
                              "'Number', 'value': '1'}]}",
                              -1, KYSO_ERROR_DOCUMENT_DAMAGED);
}

/* Where the form cannot be walked to its end, nobody can say that a name is free. */
static void
test_form_too_large_to_be_known(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("/AcroForm << /Fields 6 0 R >>", "");
    g_autoptr(TestString) fields = g_string_new("[ ");

    for (guint i = 0; i < 70000; i++)
        g_string_append(fields, "5 0 R ");
    g_string_append_c(fields, ']');
    test_pdf_add(pdf, 5, "<< /FT /Tx /T (A) /Rect [0 0 9 9] >>");
    test_pdf_add(pdf, 6, fields->str);
    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    test_assert_prepare_fails(pdf->text, SIGN_TEXT, -1, KYSO_ERROR_DOCUMENT_TOO_LARGE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-prepare/three-revisions-of-every-shape",
                    test_three_revisions_of_every_shape);
    g_test_add_func("/pdf-prepare/hybrid-file-keeps-its-hidden-objects",
                    test_hybrid_file_keeps_its_hidden_objects);
    g_test_add_func("/pdf-prepare/indirect-annotations-stay-indirect",
                    test_indirect_annotations_stay_indirect);
    g_test_add_func("/pdf-prepare/growth-stays-under-forty-kilobytes",
                    test_growth_stays_under_forty_kilobytes);
    g_test_add_func("/pdf-prepare/file-identity-is-kept", test_file_identity_is_kept);
    g_test_add_func("/pdf-prepare/filled-field-is-read-only-and-readable",
                    test_filled_field_is_read_only_and_readable);
    g_test_add_func("/pdf-prepare/certifying-signature-is-the-first",
                    test_certifying_signature_is_the_first);
    g_test_add_func("/pdf-prepare/lock-of-field-is-signed", test_lock_of_field_is_signed);
    g_test_add_func("/pdf-prepare/appearance-stands-upright-on-turned-page",
                    test_appearance_stands_upright_on_turned_page);
    g_test_add_func("/pdf-prepare/place-outside-page", test_place_outside_page);
    g_test_add_func("/pdf-prepare/field-that-is-not-there", test_field_that_is_not_there);
    g_test_add_func("/pdf-prepare/taken-and-impossible-names", test_taken_and_impossible_names);
    g_test_add_func("/pdf-prepare/signing-time-is-a-date", test_signing_time_is_a_date);
    g_test_add_func("/pdf-prepare/object-shared-by-two-fields", test_object_shared_by_two_fields);
    g_test_add_func("/pdf-prepare/form-too-large-to-be-known", test_form_too_large_to_be_known);
    return g_test_run();
}
