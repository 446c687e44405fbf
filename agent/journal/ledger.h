/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The file under the journal: SQLite, rows that are only ever added, and the head row that is
 * changed in the same transaction.
 *
 * Blocking; one thread at a time. A reader and the writer may be open at the same time.
 */

#include "agent/journal/journal.h"

typedef struct _KysoLedger KysoLedger;

/* Opens or starts the file in @dir for writing, alone: a lock file keeps other writers out. Errors
 * as kyso_journal_open. */
KysoLedger *kyso_ledger_open(const char *dir, GError **error);

/* Opens the existing file in @dir for reading. */
KysoLedger *kyso_ledger_open_reader(const char *dir, GError **error);

void kyso_ledger_free(KysoLedger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoLedger, kyso_ledger_free)

/* Adds @n normalized records in one transaction; sets their sequence and hash. FALSE: none of
 * them was added. Errors as kyso_journal_append_finish. */
gboolean kyso_ledger_append(KysoLedger *self, KysoRecord *const *records, guint n, GError **error);

gboolean kyso_ledger_read_head(KysoLedger *self, gint64 *ret_count, char **ret_hash,
                               GError **error);

GPtrArray *kyso_ledger_list(KysoLedger *self, gint64 from_sequence, guint limit, GError **error);

/* As kyso_journal_verify, over one snapshot of the file. */
gboolean kyso_ledger_verify(KysoLedger *self, KysoJournalVerdict *ret, GError **error);
