/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands where in a file: tokens, revisions, the gap of a signature.
 */
#include "agent/document/pdf-layout.h"
#include "agent/document/pdf-lexer.h"
#include "tests/unit/pdf-fixture.h"

static void
assert_tokens(const char *text, const char *expected)
{
    static const char letters[] = "EBINWSH<>";
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new_memory(text, strlen(text));
    g_autoptr(GString) found = g_string_new(NULL);
    KysoPdfToken token;

    while (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_END)
        g_string_append_c(found, letters[token.type]);
    g_assert_cmpstr(found->str, ==, expected);
}

static void
test_tokens_are_told_apart(void)
{
    assert_tokens("", "");
    assert_tokens("5 0 R", "IIW");
    assert_tokens("5 0R", "IIW"); /* some readers take it for a reference */
    assert_tokens("5%x\n0 % 7 \r R", "IIW");
    assert_tokens("<</A#42[1 -2 .5 1.5 +]>>", "<N<IIWWW>>");
    assert_tokens("(a(b)\\)c) <4142> <41 42>", "SHH");
    assert_tokens("(open", "B");
    assert_tokens("<4g>", "BB");
    assert_tokens("true/A/B(x)/C", "WNNSN");
    assert_tokens("99999999999999999999", "I");
}

static void
test_names_are_decoded(void)
{
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new_memory("/Con#74ents /A#4", 16);
    KysoPdfToken token;

    kyso_pdf_lexer_read(lexer, &token);
    g_assert_true(kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/Contents"));
    kyso_pdf_lexer_read(lexer, &token);
    g_assert_true(kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/A#4"));
}

/* What follows a plain document, and whether it is a revision (-1: it is not) of so many objects.
 */
static const struct {
    const char *appended;
    int n_objects;
} TAILS[] = {
    {"", 0},
    {"5 0 obj\n<< >>\nendobj\nxref\n5 1\n0000000000 00000 n \ntrailer\n<< /Size 6 >>\n"
     "startxref\n9\n%%EOF\n",
     1},
    {"5 0 obj<</Length 9>>stream\nendstream\nendstream endobj xref trailer <<>> startxref 9 %%EOF",
     1},
    {"5 0 obj << /Length 4 0 R >> stream\nx\nendstream endobj startxref 9 %%EOF", -1},
    {"5 0 obj << /Length 99999 >> stream\nx\nendstream endobj startxref 9 %%EOF", -1},
    {"junk", -1},
    {"% comment", -1},
    {"5 0 obj\n<< >>\nendobj\n", -1},
    {"xref\ntrailer\n<< /XRefStm 9 >>\nstartxref\n9\n%%EOF\n", -1},
    {"xref\ntrailer\n<< >>\nstartxref\n9\n%%EOF\njunk", -1},
    {"xref\ntrailer\n<< >>\nstartxref\n9\n%%EOF\n\n\n", -1},
    {"5 0 obj\n<< /A [ >>\nendobj\nstartxref\n9\n%%EOF\n", -1},
};

static void
test_only_revisions_may_follow(void)
{
    g_autoptr(TestString) plain = test_pdf_plain();
    g_auto(KysoFd) plain_fd = kyso_fd_new_memory("test", plain->str, plain->len, NULL);
    g_autoptr(KysoPdfFile) file = kyso_pdf_file_open(plain_fd, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(TAILS); i++) {
        g_autofree char *text = g_strconcat(plain->str, TAILS[i].appended, NULL);
        gsize before = strlen(text) - strlen(TAILS[i].appended);
        g_auto(KysoFd) fd = kyso_fd_new_memory("test", text, strlen(text), NULL);
        /* Not opened anew: most of these could not be. */
        KysoPdfFile longer = *file;
        longer.fd = fd;
        longer.size = (goffset) strlen(text);
        g_autoptr(GArray) placed = kyso_pdf_layout_read(&longer, (goffset) before);
        g_test_message("%s", TAILS[i].appended);
        g_assert_cmpint(placed == NULL ? -1 : (int) placed->len, ==, TAILS[i].n_objects);
    }
}

static const struct {
    const char *body;
    gboolean is_right;
} GAPS[] = {
    {"1 0 obj << /ByteRange [0 %d %d 9] /Contents <00AB> >>", TRUE},
    {"1 0 obj << /Con#74ents <00AB> /ByteRange [0 %d %d 9] >>", TRUE},
    {"1 0 obj << /ByteRange [0 %d %d 9] /Contents <00AB> /Contents <00> >>", FALSE},
    {"1 0 obj << /ByteRange [0 %d %d 9] /ByteRange [0 1 2 3] /Contents <00AB> >>", FALSE},
    {"1 0 obj << /ByteRange [0 %d %d 8] /Contents <00AB> >>", FALSE},
    {"1 0 obj << /ByteRange [0 %d %d 9] /Contents (00AB) /A <00AB> >>", FALSE},
    {"1 0 obj << /ByteRange [0 %d %d 9] /A << /Contents <00AB> >> >>", FALSE},
    {"1 0 obj << /ByteRange [0 %d %d 9] /Contents <00AB>", FALSE},
};

static void
test_the_gap_is_the_signature(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(GAPS); i++) {
        int start = (int) (strstr(GAPS[i].body, "<00AB>") - GAPS[i].body), end = start + 6;
        /* Both numbers have two digits, as what stands for them. */
        g_assert_true(end < 100 && start >= 10);
        g_auto(GStrv) parts = g_strsplit(GAPS[i].body, "%d", 3);
        g_autofree char *text =
            g_strdup_printf("%s%02d%s%02d%s", parts[0], start, parts[1], end, parts[2]);
        g_auto(KysoFd) fd = kyso_fd_new_memory("test", text, strlen(text), NULL);
        KysoPdfFile file = {.fd = fd, .size = (goffset) strlen(text)};
        gint64 range[4] = {0, start, end, 9};
        g_test_message("%s", text);
        g_assert_true(kyso_pdf_layout_has_gap(&file, 0, range) == GAPS[i].is_right);
        range[2]++;
        g_assert_false(kyso_pdf_layout_has_gap(&file, 0, range));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-layout/tokens-are-told-apart", test_tokens_are_told_apart);
    g_test_add_func("/pdf-layout/names-are-decoded", test_names_are_decoded);
    g_test_add_func("/pdf-layout/only-revisions-may-follow", test_only_revisions_may_follow);
    g_test_add_func("/pdf-layout/the-gap-is-the-signature", test_the_gap_is_the_signature);
    return g_test_run();
}
