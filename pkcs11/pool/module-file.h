/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The ".module" files of a folder, as pkcs11.conf(5) has them: lines of "key: value", blanks around
 * both left out, # begins a line of comment.
 *
 * Only keys and values; what they mean is modules.c's and module-quirks.c's. Main thread.
 */

#include <glib.h>

/* Why a file was not read, in place of its keys. */
#define KYSO_MODULE_FILE_FAULT "fault"

/* A new table of tables of text: name without ".module" -> key -> value. */
GHashTable *kyso_module_file_new_table(void);

/* The keys of each file in @dir go over those that @files has of the same name. A folder that is
 * not there counts as empty. A file that others could write gets KYSO_MODULE_FILE_FAULT.
 * KYSO_ERROR_CONFIGURATION: the folder itself cannot be read, or others could write it. */
gboolean kyso_module_file_read_folder(GHashTable *files, const char *dir, GError **error);

/* The value of @key, or "". */
const char *kyso_module_file_value(GHashTable *keys, const char *key);

/* The parts of the comma-separated @list, blanks around them left out, none of them empty. */
GPtrArray *kyso_module_file_split(const char *list);
