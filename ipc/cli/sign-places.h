/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where things were put on the pages of a signed document, and whether somebody should look: kyso
 * finds places by itself, and is not always sure.
 */

#include "ipc/cli/cli.h"

/* A line for each place of the result of one document, then a warning where one is doubtful. */
void kyso_sign_places_print(const KysoResult *result);

/* What the result warns of besides, a line each. @path: "" or that of a document, "documents.3.".
 */
void kyso_sign_places_print_warnings(const KysoResult *result, const char *path);

/* The same of a document of a list, at @path ("documents.3"), as the end of a line: " (số: trang 1;
 * ...)". Empty where nothing was put on a page. g_free. */
char *kyso_sign_places_sum_up(const KysoResult *result, const char *path,
                              gboolean *ret_is_doubtful);
