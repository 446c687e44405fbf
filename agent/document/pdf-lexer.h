/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The tokens of PDF syntax (ISO 32000-1 §7.2, §7.3) with the places where they stand, out of a part
 * of a file or of memory. For questions of layout that a parser of objects does not answer: what
 * stands between two revisions, where a string begins, who refers to whom.
 *
 * Nothing is understood, nothing fails: what is no token reads as KYSO_PDF_TOKEN_BAD, a part that
 * cannot be read as its end. Where readers part a run of characters differently ("0R"), the finer
 * parting is taken. Memory: one window of 64 KiB. One thread at a time.
 */

#include <glib.h>

#define KYSO_PDF_LEXER_MAX_TEXT 40 /* bytes kept of a name or word */

typedef enum {
    KYSO_PDF_TOKEN_END,
    KYSO_PDF_TOKEN_BAD,
    KYSO_PDF_TOKEN_INTEGER,
    KYSO_PDF_TOKEN_NAME, /* its text decoded, with the slash */
    KYSO_PDF_TOKEN_WORD, /* keywords, and numbers that are not integers */
    KYSO_PDF_TOKEN_STRING,
    KYSO_PDF_TOKEN_HEX_STRING,
    KYSO_PDF_TOKEN_OPEN, /* of an array or dictionary */
    KYSO_PDF_TOKEN_CLOSE,
} KysoPdfTokenType;

typedef struct {
    KysoPdfTokenType type;
    goffset start, end;                     /* the bytes [start, end) */
    gint64 integer;                         /* G_MAXINT64 for what is larger */
    char text[KYSO_PDF_LEXER_MAX_TEXT + 1]; /* cut where longer */
} KysoPdfToken;

typedef struct _KysoPdfLexer KysoPdfLexer;

/* @fd and @bytes are borrowed and must outlive the lexer. It begins at @start and sees nothing
 * beyond @end. */
KysoPdfLexer *kyso_pdf_lexer_new(int fd, goffset start, goffset end);
KysoPdfLexer *kyso_pdf_lexer_new_memory(const void *bytes, gsize size);
void kyso_pdf_lexer_free(KysoPdfLexer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPdfLexer, kyso_pdf_lexer_free)

goffset kyso_pdf_lexer_tell(KysoPdfLexer *self);
void kyso_pdf_lexer_seek(KysoPdfLexer *self, goffset offset);

/* The next token; comments and white space before it are passed. Returns its type. */
KysoPdfTokenType kyso_pdf_lexer_read(KysoPdfLexer *self, KysoPdfToken *ret);

/* The next byte as it stands, or -1 at the end. */
int kyso_pdf_lexer_read_byte(KysoPdfLexer *self);

gboolean kyso_pdf_token_is(const KysoPdfToken *token, KysoPdfTokenType type, const char *text);
