/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Tables as spreadsheets export them: RFC 4180 in UTF-8, with or without a byte order mark, lines
 * ended in any way; cells parted by comma, semicolon or tab. Pure.
 */

#include <glib.h>

typedef struct {
    guint line;       /* where it begins, from 1 */
    GPtrArray *cells; /* of texts */
} KysoCsvRow;

void kyso_csv_row_free(KysoCsvRow *self);

/* New: the rows of @text, @length bytes, but for empty ones. What parts the cells is told by the
 * first row: a tab, where it has one, else a semicolon, else a comma. White space around a cell
 * without quotes is left out. NULL: *ret_line is the line where it is no such table, *ret_wrong
 * what is wrong there, in the person's language. */
GPtrArray *kyso_csv_parse(const char *text, gsize length, guint *ret_line, const char **ret_wrong);
