/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The corpus of odd PDFs (tests/kit/odd_pdfs.py) through the readers, without sandbox and agent, so
 * that the sanitizers look on. What becomes of each in an office, tests/show/odd-input shows. */

#include "tests/unit/pdf-fixture.h"

#include <glib/gstdio.h>
#include <locale.h>

typedef struct {
    char *name, *expected;
    GString *data;
    double place[4];
} Odd;

static void
odd_free(gpointer data)
{
    Odd *self = data;

    g_free(self->name);
    g_free(self->expected);
    g_string_free(self->data, TRUE);
    g_free(self);
}

static Odd *
read_odd(const char *folder, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 6);
    g_autofree char *file = g_strdup_printf("%s/%s.pdf", folder, words[0]);
    Odd *self = g_new0(Odd, 1);
    char *contents;
    gsize size;

    g_assert_cmpuint(g_strv_length(words), ==, 6);
    g_assert_true(g_file_get_contents(file, &contents, &size, NULL));
    g_unlink(file);
    self->name = g_strdup(words[0]);
    self->expected = g_strdup(words[1]);
    self->data = g_string_new_len(contents, (gssize) size);
    for (guint i = 0; i < 4; i++)
        self->place[i] = g_ascii_strtod(words[2 + i], NULL);
    g_free(contents);
    return self;
}

static GPtrArray *
make_corpus(void)
{
    g_autofree char *folder = g_dir_make_tmp("kyso-odd-XXXXXX", NULL);
    g_autofree char *script = g_test_build_filename(G_TEST_DIST, "..", "kit", "odd_pdfs.py", NULL);
    const char *argv[] = {"python3", "-B", script, folder, NULL};
    GPtrArray *corpus = g_ptr_array_new_with_free_func(odd_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL,
                 &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(out), "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        g_ptr_array_add(corpus, read_odd(folder, lines[i]));
    g_rmdir(folder);
    return corpus;
}

static json_t *
rect(const Odd *odd, double up)
{
    return json_pack("[f, f, f, f]", odd->place[0], odd->place[1] + up, odd->place[2],
                     odd->place[3] + up);
}

static char *
approval(const Odd *odd)
{
    g_autoptr(json_t) params = json_pack(
        "{s:{s:s, s:o}, s:s, s:{s:s}, s:[{s:s, s:s, s:i, s:o}]}", "field", "name", "Kit", "rect",
        rect(odd, 0), "signing_time", "D:20260826101530+07", "text", "value", "Ký", "reserve",
        "type", "text", "name", "So van ban", "page", 1, "rect", rect(odd, 80));
    return json_dumps(params, JSON_COMPACT);
}

/* The code of the first fault of inspecting and preparing, or 0. */
static int
read_and_prepare(const Odd *odd, const GString *data)
{
    g_autofree char *params = approval(odd);
    g_autoptr(TestString) increment = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) inspection =
        test_call(kyso_inspect_service_inspect, data, "{'pages': [1, -1]}", -1, NULL, &error);
    if (inspection == NULL)
        return kyso_error_code(error);
    g_autoptr(json_t) prepared =
        test_call(kyso_document_service_prepare, data, params, -1, &increment, &error);
    return prepared != NULL ? 0 : kyso_error_code(error);
}

/* NULL where it cannot be. */
static GString *
rewrite(const GString *data, int *ret_code)
{
    g_autoptr(GError) error = NULL;
    GString *rewritten = NULL;
    g_autoptr(json_t) result =
        test_call(kyso_document_service_rewrite, data, "{}", -1, &rewritten, &error);

    *ret_code = result != NULL ? 0 : kyso_error_code(error);
    return rewritten;
}

static gboolean
is_told(int code)
{
    return g_str_equal(kyso_error_info(code)->layer, "document") ||
           code == KYSO_ERROR_SIGNED_AND_DAMAGED || code == KYSO_ERROR_SIGNING_NOT_PERMITTED;
}

static void
test_each_signs_is_mended_or_told(void)
{
    g_autoptr(GPtrArray) corpus = make_corpus();

    g_assert_cmpuint(corpus->len, >=, 100);
    for (guint i = 0; i < corpus->len; i++) {
        const Odd *odd = g_ptr_array_index(corpus, i);
        int code = read_and_prepare(odd, odd->data), rewrite_code;
        g_autoptr(TestString) rewritten = rewrite(odd->data, &rewrite_code);

        g_test_message("%s: %s, %d, %d", odd->name, odd->expected, code, rewrite_code);
        g_assert_true((code == 0 || is_told(code)) && (rewrite_code == 0 || is_told(rewrite_code)));
        if (g_str_equal(odd->expected, "signs"))
            g_assert_cmpint(code, ==, 0);
        if (!g_str_equal(odd->expected, "repaired"))
            continue;
        g_assert_cmpint(code, !=, 0);
        g_assert_cmpint(rewrite_code, ==, 0);
        g_assert_cmpint(read_and_prepare(odd, rewritten), ==, 0);
    }
}

static void
test_what_is_written_anew_is_the_same_each_time(void)
{
    g_autoptr(TestString) plain = test_pdf_plain();
    int code;

    g_string_truncate(plain, plain->len - 8);
    g_autoptr(TestString) once = rewrite(plain, &code), twice = rewrite(plain, &code);
    g_assert_cmpint(code, ==, 0);
    g_assert_true(g_string_equal(once, twice));
}

static void
test_no_trace_of_a_signature_is_written_over(void)
{
    static const char *const traces[] = {
        "/Perms << /DocMDP 4 0 R >>",
        "/Perms << /UR3 4 0 R >>",
        "/Kit << /Byte#52ange [0 1 2 3] >>",
        "/AcroForm << /Fields [<< /FT /Sig /T (a) /V << /Type /Sig >> >>] >>",
        "/Kit (/ByteRange)",
        "/Kit (/ETSI.CAdES.detached)",
        "/Kit (/adbe.pkcs7.detached)",
    };

    for (guint i = 0; i < G_N_ELEMENTS(traces); i++) {
        g_autoptr(TestPdf) pdf = test_pdf_new_page(traces[i], "");
        int code;

        test_pdf_end_with_table(pdf, "/Root 1 0 R");
        g_autoptr(TestString) rewritten = rewrite(pdf->text, &code);
        g_test_message("%s", traces[i]);
        g_assert_null(rewritten);
        g_assert_cmpint(code, ==, KYSO_ERROR_SIGNED_AND_DAMAGED);
    }
}

/* A mark may stand across the border of two reads. */
static void
test_a_trace_is_found_wherever_it_stands(void)
{
    for (gsize at = 256 * 1024 - 12; at < 256 * 1024 + 4; at++) {
        g_autoptr(TestString) plain = test_pdf_plain();
        int code;

        while (plain->len < at)
            g_string_append_c(plain, ' ');
        g_string_append(plain, "/ByteRange");
        g_autoptr(TestString) rewritten = rewrite(plain, &code);
        g_assert_null(rewritten);
        g_assert_cmpint(code, ==, KYSO_ERROR_SIGNED_AND_DAMAGED);
    }
}

/* qpdf 11.3 writes "/a#23b" as "/a#b". */
static void
test_a_name_with_a_hash_stays_as_it_is(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("/Kit [/a#23b << /c#23d /e#20f >>]", "");

    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    g_autoptr(TestString) document = g_string_new_len(pdf->text->str, (gssize) pdf->text->len);
    g_autoptr(json_t) prepared = test_prepare(
        document, "{'field': {'name': 'a'}, 'signing_time': 'D:20260826101530+07'}", -1);
    g_assert_nonnull(strstr(document->str + pdf->text->len, "/Kit [ /a#23b << /c#23d /e#20f >> ]"));
    json_decref(test_inspect(document, "{'pages': [1]}"));
}

int
main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/odd-pdfs/each-signs-is-mended-or-told", test_each_signs_is_mended_or_told);
    g_test_add_func("/odd-pdfs/what-is-written-anew-is-the-same-each-time",
                    test_what_is_written_anew_is_the_same_each_time);
    g_test_add_func("/odd-pdfs/no-trace-of-a-signature-is-written-over",
                    test_no_trace_of_a_signature_is_written_over);
    g_test_add_func("/odd-pdfs/a-trace-is-found-wherever-it-stands",
                    test_a_trace_is_found_wherever_it_stands);
    g_test_add_func("/odd-pdfs/a-name-with-a-hash-stays-as-it-is",
                    test_a_name_with_a_hash_stays_as_it_is);
    return g_test_run();
}
