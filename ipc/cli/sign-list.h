/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * kyso sign with several documents: one batch, one PIN. The documents are named on the command
 * line, each result then in one folder, under the name of its file, with .p7s or the like behind it
 * where it is no PDF; or a table names them, with what each of them has to itself.
 */

#include "ipc/cli/sign-options.h"

typedef struct {
    char *table;       /* path, NULL: they are named on the command line */
    GArray *documents; /* of KysoSignDocument; they borrow from @texts and @metadata */
    GArray *lines;     /* of guint: where each stands in the table */
    GPtrArray *texts;
    GPtrArray *metadata; /* of NULL-ended lists */
} KysoSignList;

void kyso_sign_list_free(KysoSignList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignList, kyso_sign_list_free)

/* New: those that @options and @files (NULL-ended) name, for @request. NULL: *ret_wrong says what
 * is wrong with them, in the person's language, with the line of the table. g_free. */
KysoSignList *kyso_sign_list_read(const KysoSignOptions *options, char **files,
                                  const KysoSignRequest *request, char **ret_wrong);

KysoResult *kyso_sign_list_run(KysoCli *cli, const KysoSignList *self,
                               const KysoSignRequest *request, KysoClientListProgress progress,
                               GError **error);

/* One line a document, then the numbers and what ended the batch. */
void kyso_sign_list_print(const KysoSignList *self, const KysoResult *result);

/* Says on stderr which document @error is of; nothing where it is of none. */
void kyso_sign_list_blame(const KysoSignList *self, const GError *error);

/* EXIT_FINE where all are signed. */
int kyso_sign_list_exit_code(const KysoResult *result);
