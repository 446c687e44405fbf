/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * kyso sign with several files: one batch, each result in one folder, under the name of its file,
 * with .p7s behind it where it is a detached signature.
 */

#include "ipc/cli/cli.h"

/* FALSE where two of @files (NULL-ended) have the same name, so that one result would take the
 * other's place. */
gboolean kyso_sign_list_is_distinct(char **files);

/* Signs @files into @output_dir; @metadata (may be NULL) is that of each. */
KysoResult *kyso_sign_list_run(KysoCli *cli, const KysoSignRequest *request, char **files,
                               const char *output_dir, const char *const *metadata,
                               KysoClientListProgress progress, GError **error);

/* One line a document, then the numbers and what ended the batch. */
void kyso_sign_list_print(const KysoResult *result, char **files, const KysoSignRequest *request,
                          const char *output_dir);

/* EXIT_FINE where all are signed. */
int kyso_sign_list_exit_code(const KysoResult *result);
