/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The report of kyso verify as a page to print and to put into the file: HTML that needs nothing
 * but itself. Texts of the document are hostile: they are shown, never markup.
 */

#include "ipc/cli/cli.h"

/* Writes @path, whole or not at all. @document: how the file is called. */
gboolean kyso_verify_html_write(const KysoResult *result, const char *document, const char *path,
                                GError **error);
