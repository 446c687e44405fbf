/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/csv.h"

#include <string.h>

#include "ipc/cli/words.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

typedef struct {
    const char *at;
    guint line;
    char separator;
    GPtrArray *rows;
    const char *wrong; /* in the line @line */
} Reader;

void
kyso_csv_row_free(KysoCsvRow *self)
{
    g_ptr_array_unref(self->cells);
    g_free(self);
}

static char
separator_of(const char *text)
{
    gsize n = strcspn(text, "\r\n");

    if (memchr(text, '\t', n) != NULL)
        return '\t';
    return memchr(text, ';', n) != NULL ? ';' : ',';
}

static gboolean
is_line_end(char c)
{
    return c == '\n' || c == '\r' || c == '\0';
}

/* Over CR LF, LF or CR. */
static void
skip_line_end(Reader *self)
{
    if (self->at[0] == '\r' && self->at[1] == '\n')
        self->at++;
    if (*self->at != '\0')
        self->at++;
    self->line++;
}

/* What stands in quotes may have line ends and separators; a quote is written twice. */
static char *
read_quoted(Reader *self)
{
    g_autoptr(GString) cell = g_string_new(NULL);
    guint begin = self->line;

    for (self->at++; *self->at != '\0'; self->at++) {
        if (self->at[0] == '"' && self->at[1] == '"') {
            self->at++;
        } else if (*self->at == '"') {
            self->at++;
            if (*self->at != self->separator && !is_line_end(*self->at))
                self->wrong = T("sau dấu ngoặc kép đóng còn chữ.");
            return g_strdup(cell->str);
        } else if (*self->at == '\n') {
            self->line++;
        }
        g_string_append_c(cell, *self->at);
    }
    self->line = begin;
    self->wrong = T("dấu ngoặc kép không được đóng.");
    return NULL;
}

static char *
read_cell(Reader *self)
{
    while (*self->at == ' ')
        self->at++;
    if (*self->at == '"')
        return read_quoted(self);
    const char *begin = self->at;
    while (*self->at != self->separator && !is_line_end(*self->at))
        self->at++;
    return g_strstrip(g_strndup(begin, (gsize) (self->at - begin)));
}

static gboolean
is_blank(const KysoCsvRow *row)
{
    for (guint i = 0; i < row->cells->len; i++)
        if (*(const char *) row->cells->pdata[i] != '\0')
            return FALSE;
    return TRUE;
}

static void
read_row(Reader *self)
{
    KysoCsvRow *row = g_new0(KysoCsvRow, 1);
    gboolean is_more = TRUE;

    row->line = self->line;
    row->cells = g_ptr_array_new_with_free_func(g_free);
    while (is_more && self->wrong == NULL) {
        g_ptr_array_add(row->cells, read_cell(self));
        is_more = *self->at == self->separator;
        if (is_more)
            self->at++;
    }
    if (self->wrong == NULL)
        skip_line_end(self);
    if (self->wrong == NULL && !is_blank(row))
        g_ptr_array_add(self->rows, row);
    else
        kyso_csv_row_free(row);
}

GPtrArray *
kyso_csv_parse(const char *text, gsize length, guint *ret_line, const char **ret_wrong)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_csv_row_free);
    g_autofree char *copy = g_strndup(text, length);
    const char *end;
    Reader reader = {.at = copy, .line = 1, .rows = rows};

    if (!g_utf8_validate(text, (gssize) length, &end)) {
        for (const char *at = text; at < end; at++)
            reader.line += *at == '\n';
        reader.wrong = T("không phải văn bản UTF-8; hãy lưu lại dạng CSV, bảng mã UTF-8.");
    }
    if (g_str_has_prefix(copy, BYTE_ORDER_MARK))
        reader.at += strlen(BYTE_ORDER_MARK);
    reader.separator = separator_of(reader.at);
    while (reader.wrong == NULL && *reader.at != '\0')
        read_row(&reader);
    *ret_line = reader.line;
    *ret_wrong = reader.wrong;
    return reader.wrong == NULL ? g_steal_pointer(&rows) : NULL;
}
