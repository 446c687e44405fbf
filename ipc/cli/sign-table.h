/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The documents of a batch in a table: the first row names the columns. "input" is needed;
 * "output", "name", "number", "day", "month", "text", "place", "number-place", "day-place" and
 * "month-place" are as the options of kyso sign; a name that begins with a capital letter is that
 * of a metadatum, such as CodeNumber or SignerInfo.FullName. An empty cell says nothing.
 */

#include "ipc/cli/sign-list.h"

/* Fills @list, which is empty, out of the table at list->table: paths relative to its folder. An
 * output that is not given is left NULL. @common (may be NULL): metadata of all. NULL, or what is
 * wrong in which line, in the person's language. g_free. */
char *kyso_sign_table_read(KysoSignList *list, const char *const *common);
