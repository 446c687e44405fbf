/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-encryption.h"

#include "agent/document/pdf-lexer.h"
#include "ipc/base/error.h"

#include <errno.h>
#include <nettle/aes.h>
#include <nettle/arcfour.h>
#include <nettle/cbc.h>
#include <string.h>
#include <sys/random.h>

#define STREAM_END "\nendstream"

typedef struct {
    KysoQpdfReader *reader;
    const KysoQpdfSecurity *security;
    guint32 id;
    int generation;
    KysoPdfLexer *lexer;
    const char *plain;
    gsize size;
    gsize copied;  /* bytes of @plain that are in @text, as they were or encrypted */
    gint64 length; /* of the stream, -1: not told yet */
    GString *text;
    GError **error;
} Part;

static gboolean
fail(Part *self, const char *what)
{
    g_set_error(self->error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "cannot encrypt object %u: %s",
                self->id, what);
    return FALSE;
}

/* Ciphers */

static void
put_rc4(GString *text, GBytes *key, const guint8 *bytes, gsize size)
{
    gsize start = text->len, key_size = 0;
    const guint8 *key_bytes = g_bytes_get_data(key, &key_size);
    struct arcfour_ctx context;

    arcfour_set_key(&context, key_size, key_bytes);
    g_string_set_size(text, start + size);
    arcfour_crypt(&context, size, (guint8 *) text->str + start, bytes);
    explicit_bzero(&context, sizeof context);
}

/* An initial vector, then the padded text (ISO 32000-1 §7.6.2, RFC 8018 §6.1.1). */
static gboolean
put_aes(Part *self, GString *text, GBytes *key, const guint8 *bytes, gsize size)
{
    gsize start = text->len, key_size = 0;
    gsize padding = AES_BLOCK_SIZE - size % AES_BLOCK_SIZE;
    const guint8 *key_bytes = g_bytes_get_data(key, &key_size);
    guint8 vector[AES_BLOCK_SIZE];
    struct aes256_ctx long_context;
    struct aes128_ctx context;

    if (key_size != AES128_KEY_SIZE && key_size != AES256_KEY_SIZE)
        return fail(self, "its key has a wrong length");
    if (getrandom(vector, sizeof vector, 0) != (gssize) sizeof vector)
        return fail(self, "no random bytes");
    g_string_append_len(text, (const char *) vector, sizeof vector);
    g_string_append_len(text, (const char *) bytes, (gssize) size);
    for (gsize i = 0; i < padding; i++)
        g_string_append_c(text, (char) padding);

    guint8 *block = (guint8 *) text->str + start + sizeof vector;
    if (key_size == AES128_KEY_SIZE) {
        aes128_set_encrypt_key(&context, key_bytes);
        cbc_encrypt(&context, (nettle_cipher_func *) aes128_encrypt, AES_BLOCK_SIZE, vector,
                    size + padding, block, block);
    } else {
        aes256_set_encrypt_key(&long_context, key_bytes);
        cbc_encrypt(&long_context, (nettle_cipher_func *) aes256_encrypt, AES_BLOCK_SIZE, vector,
                    size + padding, block, block);
    }
    explicit_bzero(&context, sizeof context);
    explicit_bzero(&long_context, sizeof long_context);
    return TRUE;
}

static gboolean
put_encrypted(Part *self, GString *text, KysoQpdfCipher cipher, const void *bytes, gsize size)
{
    g_autoptr(GBytes) key =
        kyso_qpdf_security_key(self->reader, self->id, self->generation, cipher);

    if (key == NULL)
        return fail(self, "it has no key");
    if (cipher == KYSO_QPDF_AES)
        return put_aes(self, text, key, bytes, size);
    put_rc4(text, key, bytes, size);
    return TRUE;
}

static gint64
encrypted_size(KysoQpdfCipher cipher, gint64 size)
{
    return cipher == KYSO_QPDF_AES ? AES_BLOCK_SIZE + (size / AES_BLOCK_SIZE + 1) * AES_BLOCK_SIZE
                                   : size;
}

/* Strings as they stand (ISO 32000-1 §7.3.4) */

static void
decode_hex(const char *digits, gsize size, GString *ret)
{
    int high = -1;

    for (gsize i = 0; i < size; i++) {
        int digit = g_ascii_xdigit_value(digits[i]);
        if (digit < 0)
            continue;
        if (high >= 0)
            g_string_append_c(ret, (char) (high << 4 | digit));
        high = high >= 0 ? -1 : digit;
    }
    if (high >= 0)
        g_string_append_c(ret, (char) (high << 4));
}

/* What follows a backslash at @text[*at]; *at is then behind it. */
static void
decode_escape(const char *text, gsize size, gsize *at, GString *ret)
{
    static const char letters[] = "nrtbf", meant[] = "\n\r\t\b\f";
    char c = text[(*at)++];
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    int value = c - '0';

    if (letter != NULL) {
        g_string_append_c(ret, meant[letter - letters]);
    } else if (c >= '0' && c <= '7') {
        for (int i = 1; i < 3 && *at < size && text[*at] >= '0' && text[*at] <= '7'; i++)
            value = value * 8 + text[(*at)++] - '0';
        g_string_append_c(ret, (char) value);
    } else if (c == '\r' || c == '\n') {
        if (c == '\r' && *at < size && text[*at] == '\n')
            (*at)++;
    } else {
        g_string_append_c(ret, c);
    }
}

/* A line's end within a string is a line feed, however it is written. */
static void
decode_literal(const char *text, gsize size, GString *ret)
{
    for (gsize i = 0; i < size;) {
        char c = text[i++];
        if (c == '\\' && i < size) {
            decode_escape(text, size, &i, ret);
        } else if (c == '\r') {
            g_string_append_c(ret, '\n');
            i += i < size && text[i] == '\n';
        } else {
            g_string_append_c(ret, c);
        }
    }
}

/* The parts of an object */

static void
copy_to(Part *self, gsize end)
{
    g_string_append_len(self->text, self->plain + self->copied, (gssize) (end - self->copied));
    self->copied = end;
}

static gboolean
put_string(Part *self, const KysoPdfToken *token)
{
    const char *inner = self->plain + token->start + 1;
    gsize size = (gsize) (token->end - token->start) - 2;
    g_autoptr(GString) value = g_string_new(NULL);
    g_autoptr(GString) encrypted = g_string_new(NULL);

    if (self->security->strings == KYSO_QPDF_CLEAR)
        return TRUE;
    if (token->type == KYSO_PDF_TOKEN_HEX_STRING)
        decode_hex(inner, size, value);
    else
        decode_literal(inner, size, value);
    if (!put_encrypted(self, encrypted, self->security->strings, value->str, value->len))
        return FALSE;

    copy_to(self, (gsize) token->start);
    g_string_append_c(self->text, '<');
    for (gsize i = 0; i < encrypted->len; i++)
        g_string_append_printf(self->text, "%02x", (guint8) encrypted->str[i]);
    g_string_append_c(self->text, '>');
    self->copied = (gsize) token->end;
    return TRUE;
}

/* After "/Length" of a stream's dictionary. */
static gboolean
put_length(Part *self)
{
    KysoPdfToken token;

    if (kyso_pdf_lexer_read(self->lexer, &token) != KYSO_PDF_TOKEN_INTEGER || token.integer < 0)
        return fail(self, "its stream has no length");
    self->length = token.integer;
    copy_to(self, (gsize) token.start);
    g_string_append_printf(self->text, "%" G_GINT64_FORMAT,
                           encrypted_size(self->security->streams, token.integer));
    self->copied = (gsize) token.end;
    return TRUE;
}

/* After the word "stream", which ends at @end. */
static gboolean
put_stream(Part *self, gsize end)
{
    gsize start = end + 1; /* the line feed */
    gsize length = (gsize) self->length;

    if (self->length < 0 || self->size - strlen(STREAM_END) < start ||
        length != self->size - strlen(STREAM_END) - start)
        return fail(self, "its stream has a wrong length");
    copy_to(self, start);
    if (self->security->streams == KYSO_QPDF_CLEAR)
        copy_to(self, start + length);
    else if (!put_encrypted(self, self->text, self->security->streams, self->plain + start, length))
        return FALSE;
    self->copied = start + length;
    return TRUE;
}

static gboolean
put_all(Part *self)
{
    gboolean is_stream =
        self->size > strlen(STREAM_END) &&
        memcmp(self->plain + self->size - strlen(STREAM_END), STREAM_END, strlen(STREAM_END)) == 0;
    KysoPdfToken token;
    int depth = 0;

    while (kyso_pdf_lexer_read(self->lexer, &token) != KYSO_PDF_TOKEN_END) {
        depth += token.type == KYSO_PDF_TOKEN_OPEN    ? 1
                 : token.type == KYSO_PDF_TOKEN_CLOSE ? -1
                                                      : 0;
        if (token.type == KYSO_PDF_TOKEN_BAD)
            return fail(self, "it has a bad token");
        /* Its /Contents would have to stay in clear, whatever stands around it. */
        if (kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/ByteRange")) {
            g_set_error(self->error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_ENCRYPTED,
                        "object %u has a signature in it", self->id);
            return FALSE;
        }
        gboolean is_string =
            token.type == KYSO_PDF_TOKEN_STRING || token.type == KYSO_PDF_TOKEN_HEX_STRING;
        if (is_string && !put_string(self, &token))
            return FALSE;
        if (is_stream && depth == 1 && kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_NAME, "/Length") &&
            !put_length(self))
            return FALSE;
        if (is_stream && depth == 0 && kyso_pdf_token_is(&token, KYSO_PDF_TOKEN_WORD, "stream")) {
            if (!put_stream(self, (gsize) token.end))
                return FALSE;
            break;
        }
    }
    copy_to(self, self->size);
    return TRUE;
}

gboolean
kyso_pdf_encryption_apply(KysoQpdfReader *reader, const KysoQpdfSecurity *security, guint32 id,
                          int generation, GString *text, gsize start, GError **error)
{
    if (security->strings == KYSO_QPDF_CLEAR && security->streams == KYSO_QPDF_CLEAR)
        return TRUE;

    gsize size = text->len - start;
    g_autofree char *plain = g_memdup2(text->str + start, size);
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new_memory(plain, size);
    Part part = {.reader = reader,
                 .security = security,
                 .id = id,
                 .generation = generation,
                 .lexer = lexer,
                 .plain = plain,
                 .size = size,
                 .length = -1,
                 .text = text,
                 .error = error};
    g_string_truncate(text, start);
    return put_all(&part);
}
