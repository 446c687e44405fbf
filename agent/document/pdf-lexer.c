/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-lexer.h"

#include "ipc/base/descriptor.h"

#include <string.h>

#define WINDOW_SIZE (64 * 1024)

struct _KysoPdfLexer {
    int fd;               /* -1: memory */
    const guint8 *window; /* of the file, or all of the memory */
    guint8 *buffer;       /* the window's own bytes, of a file */
    goffset window_start;
    gsize window_size;
    goffset offset, end;
};

KysoPdfLexer *
kyso_pdf_lexer_new(int fd, goffset start, goffset end)
{
    KysoPdfLexer *self = g_new0(KysoPdfLexer, 1);

    self->fd = fd;
    self->buffer = g_malloc(WINDOW_SIZE);
    self->window = self->buffer;
    self->offset = start;
    self->end = end;
    return self;
}

KysoPdfLexer *
kyso_pdf_lexer_new_memory(const void *bytes, gsize size)
{
    KysoPdfLexer *self = g_new0(KysoPdfLexer, 1);

    self->fd = -1;
    self->window = bytes;
    self->window_size = size;
    self->end = (goffset) size;
    return self;
}

void
kyso_pdf_lexer_free(KysoPdfLexer *self)
{
    if (self == NULL)
        return;
    g_free(self->buffer);
    g_free(self);
}

goffset
kyso_pdf_lexer_tell(KysoPdfLexer *self)
{
    return self->offset;
}

void
kyso_pdf_lexer_seek(KysoPdfLexer *self, goffset offset)
{
    self->offset = MAX(offset, 0);
}

static gboolean
fill(KysoPdfLexer *self)
{
    gsize n = (gsize) MIN(self->end - self->offset, WINDOW_SIZE);

    if (self->fd < 0 || !kyso_fd_read_at(self->fd, self->buffer, n, self->offset, NULL)) {
        self->end = MIN(self->end, self->offset);
        return FALSE;
    }
    self->window_start = self->offset;
    self->window_size = n;
    return TRUE;
}

static inline int
peek(KysoPdfLexer *self)
{
    goffset at = self->offset - self->window_start;

    if (self->offset >= self->end)
        return -1;
    if (at >= 0 && at < (goffset) self->window_size)
        return self->window[at];
    return fill(self) ? self->window[0] : -1;
}

int
kyso_pdf_lexer_read_byte(KysoPdfLexer *self)
{
    int byte = peek(self);

    if (byte >= 0)
        self->offset++;
    return byte;
}

static inline gboolean
is_space(int c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}

static inline gboolean
is_regular(int c)
{
    return c >= 0 && !is_space(c) && strchr("()<>[]{}/%", c) == NULL;
}

static void
skip_space(KysoPdfLexer *self)
{
    int c;

    while ((c = peek(self)) >= 0 && (is_space(c) || c == '%')) {
        if (c == '%')
            while (c >= 0 && c != '\n' && c != '\r') {
                self->offset++;
                c = peek(self);
            }
        else
            self->offset++;
    }
}

static KysoPdfTokenType
read_literal_string(KysoPdfLexer *self)
{
    guint depth = 0;
    int c;

    while ((c = kyso_pdf_lexer_read_byte(self)) >= 0) {
        if (c == '\\')
            kyso_pdf_lexer_read_byte(self);
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return KYSO_PDF_TOKEN_STRING;
    }
    return KYSO_PDF_TOKEN_BAD;
}

/* After the first '<'. */
static KysoPdfTokenType
read_after_less(KysoPdfLexer *self)
{
    int c = peek(self);

    if (c == '<') {
        self->offset++;
        return KYSO_PDF_TOKEN_OPEN;
    }
    while ((c = kyso_pdf_lexer_read_byte(self)) >= 0 && c != '>')
        if (!g_ascii_isxdigit((char) c) && !is_space(c))
            return KYSO_PDF_TOKEN_BAD;
    return c == '>' ? KYSO_PDF_TOKEN_HEX_STRING : KYSO_PDF_TOKEN_BAD;
}

static void
keep(KysoPdfToken *token, gsize *length, int c)
{
    if (*length < KYSO_PDF_LEXER_MAX_TEXT)
        token->text[(*length)++] = (char) c;
    token->text[*length] = '\0';
}

/* "/A#42" is the name "/AB" (ISO 32000-1 §7.3.5). */
static int
read_name_byte(KysoPdfLexer *self)
{
    int c = kyso_pdf_lexer_read_byte(self);
    goffset after = self->offset;

    if (c != '#')
        return c;
    int high = kyso_pdf_lexer_read_byte(self), low = kyso_pdf_lexer_read_byte(self);
    if (high >= 0 && low >= 0 && g_ascii_isxdigit((char) high) && g_ascii_isxdigit((char) low))
        return g_ascii_xdigit_value((char) high) << 4 | g_ascii_xdigit_value((char) low);
    self->offset = after;
    return c;
}

static KysoPdfTokenType
read_name(KysoPdfLexer *self, KysoPdfToken *token)
{
    gsize length = 0;

    keep(token, &length, '/');
    while (is_regular(peek(self)))
        keep(token, &length, read_name_byte(self));
    return KYSO_PDF_TOKEN_NAME;
}

/* Digits, with or without a sign; what follows them without a space is the next token, unless it
 * makes them a real number. */
static KysoPdfTokenType
read_number(KysoPdfLexer *self, KysoPdfToken *token)
{
    gsize length = 0;

    keep(token, &length, kyso_pdf_lexer_read_byte(self));
    while (peek(self) >= 0 && g_ascii_isdigit((char) peek(self)))
        keep(token, &length, kyso_pdf_lexer_read_byte(self));
    if (peek(self) == '.' || !g_ascii_isdigit(token->text[length - 1])) {
        while (is_regular(peek(self)))
            keep(token, &length, kyso_pdf_lexer_read_byte(self));
        return KYSO_PDF_TOKEN_WORD;
    }
    token->integer = g_ascii_strtoll(token->text, NULL, 10);
    return KYSO_PDF_TOKEN_INTEGER;
}

static KysoPdfTokenType
read_word(KysoPdfLexer *self, KysoPdfToken *token)
{
    gsize length = 0;

    while (is_regular(peek(self)))
        keep(token, &length, kyso_pdf_lexer_read_byte(self));
    return KYSO_PDF_TOKEN_WORD;
}

static KysoPdfTokenType
read_token(KysoPdfLexer *self, KysoPdfToken *token)
{
    int c = peek(self);

    if (c < 0)
        return KYSO_PDF_TOKEN_END;
    if (c == '(')
        return read_literal_string(self);
    if (g_ascii_isdigit((char) c) || c == '+' || c == '-')
        return read_number(self, token);
    if (is_regular(c))
        return read_word(self, token);

    self->offset++;
    switch (c) {
    case '/':
        return read_name(self, token);
    case '<':
        return read_after_less(self);
    case '[':
        return KYSO_PDF_TOKEN_OPEN;
    case ']':
        return KYSO_PDF_TOKEN_CLOSE;
    case '>':
        if (peek(self) != '>')
            return KYSO_PDF_TOKEN_BAD;
        self->offset++;
        return KYSO_PDF_TOKEN_CLOSE;
    default:
        return KYSO_PDF_TOKEN_BAD;
    }
}

KysoPdfTokenType
kyso_pdf_lexer_read(KysoPdfLexer *self, KysoPdfToken *ret)
{
    skip_space(self);
    ret->text[0] = '\0';
    ret->integer = 0;
    ret->start = self->offset;
    ret->type = read_token(self, ret);
    ret->end = self->offset;
    return ret->type;
}

gboolean
kyso_pdf_token_is(const KysoPdfToken *token, KysoPdfTokenType type, const char *text)
{
    return token->type == type && strcmp(token->text, text) == 0;
}
