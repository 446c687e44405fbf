/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-layout.h"

#include "agent/document/pdf-lexer.h"
#include "ipc/base/descriptor.h"

#include <string.h>

#define MAX_OBJECTS 500000 /* of the appended part */

typedef struct {
    KysoPdfFile *file;
    KysoPdfLexer *lexer;
    GArray *placed; /* KysoPdfPlaced */
    guint revision;
    gboolean is_open; /* something stands after the last "startxref" */
} Layout;

/* What is asked of the dictionary that is being passed. */
typedef struct {
    gboolean is_xref, has_second_table;
    gint64 length; /* /Length, -1: none */
    int length_id; /* where it is a reference, or 0 */
} Passed;

static gboolean
reads_word(KysoPdfLexer *lexer, const char *word)
{
    KysoPdfToken token;

    kyso_pdf_lexer_read(lexer, &token);
    return kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_WORD, word);
}

/* After "/Length": a number, or a reference to one. */
static void
pass_length(KysoPdfLexer *lexer, Passed *passed)
{
    KysoPdfToken token;

    if (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_INTEGER) {
        kyso_pdf_lexer_seek(lexer, token.start);
        return;
    }
    goffset after = token.end;
    passed->length = token.integer;
    if (kyso_pdf_lexer_read(lexer, &token) == KYSO_PDF_TOKEN_INTEGER && reads_word(lexer, "R"))
        passed->length_id = (int) CLAMP(passed->length, 0, G_MAXINT);
    else
        kyso_pdf_lexer_seek(lexer, after);
}

static void
pass_name(KysoPdfLexer *lexer, const KysoPdfToken *name, Passed *passed)
{
    KysoPdfToken token;

    if (strcmp(name->text, "/Length") == 0) {
        pass_length(lexer, passed);
    } else if (strcmp(name->text, "/XRefStm") == 0) {
        passed->has_second_table = TRUE;
    } else if (strcmp(name->text, "/Type") == 0) {
        kyso_pdf_lexer_read(lexer, &token);
        passed->is_xref = kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/XRef");
        if (!passed->is_xref)
            kyso_pdf_lexer_seek(lexer, token.start);
    }
}

/* One object of any kind, up to the word that ends it. FALSE: broken. */
static gboolean
pass_value(KysoPdfLexer *lexer, Passed *passed, KysoPdfToken *ret_after)
{
    gint depth = 0;

    for (;;) {
        KysoPdfTokenType type = kyso_pdf_lexer_read(lexer, ret_after);
        if (type == KYSO_PDF_TOKEN_END || type == KYSO_PDF_TOKEN_BAD)
            return FALSE;
        depth += type == KYSO_PDF_TOKEN_OPEN ? 1 : type == KYSO_PDF_TOKEN_CLOSE ? -1 : 0;
        if (depth < 0)
            return FALSE;
        if (depth == 1 && type == KYSO_PDF_TOKEN_NAME)
            pass_name(lexer, ret_after, passed);
        if (type == KYSO_PDF_TOKEN_WORD &&
            (strcmp(ret_after->text, "endobj") == 0 || strcmp(ret_after->text, "stream") == 0 ||
             strcmp(ret_after->text, "startxref") == 0))
            return depth == 0;
    }
}

/* After the word "stream": its bytes and the words behind them. */
static gboolean
pass_stream(Layout *self, const Passed *passed)
{
    gint64 length = passed->length;
    int c = kyso_pdf_lexer_read_byte(self->lexer);

    if (c == '\r')
        c = kyso_pdf_lexer_read_byte(self->lexer);
    if (c != '\n')
        return FALSE;
    if (passed->length_id != 0) {
        KysoQpdfReader *reader = self->file->reader;
        length = -1;
        kyso_qpdf_reader_as_int(reader, kyso_qpdf_reader_object(reader, passed->length_id, 0),
                                &length);
    }
    if (length < 0 || length > self->file->size - kyso_pdf_lexer_tell(self->lexer))
        return FALSE;
    kyso_pdf_lexer_seek(self->lexer, kyso_pdf_lexer_tell(self->lexer) + length);
    return reads_word(self->lexer, "endstream") && reads_word(self->lexer, "endobj");
}

static gboolean
read_object(Layout *self, const KysoPdfToken *number)
{
    Passed passed = {.length = -1};
    KysoPdfToken token;

    if (number->integer <= 0 || number->integer > G_MAXINT ||
        kyso_pdf_lexer_read(self->lexer, &token) != KYSO_PDF_TOKEN_INTEGER || token.integer < 0 ||
        token.integer > 65535 || !reads_word(self->lexer, "obj") || self->placed->len > MAX_OBJECTS)
        return FALSE;
    KysoPdfPlaced placed = {(int) number->integer, (int) token.integer, number->start,
                            self->revision, FALSE};
    if (!pass_value(self->lexer, &passed, &token) || strcmp(token.text, "startxref") == 0 ||
        passed.has_second_table)
        return FALSE;
    placed.is_xref = passed.is_xref;
    self->is_open = TRUE;
    g_array_append_val(self->placed, placed);
    return strcmp(token.text, "endobj") == 0 || pass_stream(self, &passed);
}

/* The entries of a table are qpdf's business; here they only must be entries. */
static gboolean
read_table(Layout *self)
{
    KysoPdfToken token;
    Passed passed = {.length = -1};

    self->is_open = TRUE;
    do {
        kyso_pdf_lexer_read(self->lexer, &token);
    } while (token.type == KYSO_PDF_TOKEN_INTEGER ||
             kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_WORD, "n") ||
             kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_WORD, "f"));
    if (!kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_WORD, "trailer") ||
        !pass_value(self->lexer, &passed, &token) || strcmp(token.text, "startxref") != 0)
        return FALSE;
    kyso_pdf_lexer_seek(self->lexer, token.start);
    return !passed.has_second_table;
}

static gboolean
read_start(Layout *self)
{
    KysoPdfToken token;

    self->revision++;
    self->is_open = FALSE;
    return kyso_pdf_lexer_read(self->lexer, &token) == KYSO_PDF_TOKEN_INTEGER;
}

static gboolean
read_all(Layout *self)
{
    KysoPdfToken token;

    while (kyso_pdf_lexer_read(self->lexer, &token) != KYSO_PDF_TOKEN_END) {
        gboolean is_read = token.type == KYSO_PDF_TOKEN_INTEGER   ? read_object(self, &token)
                           : token.type != KYSO_PDF_TOKEN_WORD    ? FALSE
                           : strcmp(token.text, "xref") == 0      ? read_table(self)
                           : strcmp(token.text, "startxref") == 0 ? read_start(self)
                                                                  : FALSE;
        if (!is_read)
            return FALSE;
    }
    return !self->is_open && kyso_pdf_layout_is_end(self->file, self->file->size);
}

GArray *
kyso_pdf_layout_read(KysoPdfFile *file, goffset from)
{
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new(file->fd, from, file->size);
    g_autoptr(GArray) placed = g_array_new(FALSE, FALSE, sizeof(KysoPdfPlaced));
    Layout layout = {file, lexer, placed, 0, FALSE};

    return read_all(&layout) ? g_steal_pointer(&placed) : NULL;
}

goffset
kyso_pdf_layout_start(KysoPdfFile *file, goffset offset)
{
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new(file->fd, offset, file->size);
    KysoPdfToken token;

    kyso_pdf_lexer_read(lexer, &token);
    return token.start;
}

gboolean
kyso_pdf_layout_is_end(KysoPdfFile *file, goffset end)
{
    static const char marker[] = "%%EOF";
    char tail[sizeof marker + 1];
    gsize n = sizeof tail;

    if (end < (goffset) n || !kyso_fd_read_at(file->fd, tail, n, end - (goffset) n, NULL))
        return FALSE;
    if (tail[n - 1] == '\n')
        n--;
    if (tail[n - 1] == '\r')
        n--;
    gsize length = strlen(marker);
    return n >= length && memcmp(tail + n - length, marker, length) == 0;
}

static gboolean
reads_range(KysoPdfLexer *lexer, const gint64 range[4])
{
    KysoPdfToken token;

    if (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_OPEN)
        return FALSE;
    for (int i = 0; i < 4; i++)
        if (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_INTEGER ||
            token.integer != range[i])
            return FALSE;
    return kyso_pdf_lexer_read(lexer, &token) == KYSO_PDF_TOKEN_CLOSE;
}

static gboolean
reads_gap(KysoPdfLexer *lexer, const gint64 range[4])
{
    KysoPdfToken token;

    return kyso_pdf_lexer_read(lexer, &token) == KYSO_PDF_TOKEN_HEX_STRING &&
           token.start == range[0] + range[1] && token.end == range[2];
}

gboolean
kyso_pdf_layout_has_gap(KysoPdfFile *file, goffset offset, const gint64 range[4])
{
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new(file->fd, offset, file->size);
    KysoPdfToken token;
    int depth = 0, n_gaps = 0, n_ranges = 0;
    gboolean is_right = TRUE;

    for (int i = 0; i < 3; i++)
        kyso_pdf_lexer_read(lexer, &token); /* "n g obj" */
    do {
        kyso_pdf_lexer_read(lexer, &token);
        depth += token.type == KYSO_PDF_TOKEN_OPEN    ? 1
                 : token.type == KYSO_PDF_TOKEN_CLOSE ? -1
                                                      : 0;
        if (depth == 1 && kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/Contents")) {
            n_gaps++;
            is_right = is_right && reads_gap(lexer, range);
        } else if (depth == 1 && kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/ByteRange")) {
            n_ranges++;
            is_right = is_right && reads_range(lexer, range);
        }
    } while (is_right && depth > 0 && token.type != KYSO_PDF_TOKEN_END &&
             token.type != KYSO_PDF_TOKEN_BAD);
    return is_right && depth == 0 && n_gaps == 1 && n_ranges == 1;
}
