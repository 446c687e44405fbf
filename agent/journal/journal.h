/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Signing journal: one record an attempt, refused ones too, oldest first, never rewritten.
 *
 * Each record holds the hash of the one before it, so that an altered, removed, inserted or moved
 * record shows. A second row, the head, keeps the number of records and the last hash, so that a
 * cut-off end shows too. What this cannot show: there is no key in it, so somebody who may write
 * the file and knows this program can compute the chain anew from any point on, head included, or
 * put back an older copy of the whole file. That is found only by comparing with a head noted
 * elsewhere before (kyso_journal_get_head).
 *
 * One process at a time writes a journal. Objects belong to the main thread; writing happens on a
 * thread of its own, which sleeps when there is nothing to write.
 */

#include "agent/journal/record.h"

#include <gio/gio.h>

#define KYSO_TYPE_JOURNAL (kyso_journal_get_type())
G_DECLARE_FINAL_TYPE(KysoJournal, kyso_journal, KYSO, JOURNAL, GObject)

/* Opens or starts the journal in @dir (made with mode 0700 where missing). Checks the last record
 * and the head only. KYSO_ERROR_JOURNAL_BROKEN: they do not fit together, or the file is no
 * journal. KYSO_ERROR_JOURNAL_UNAVAILABLE: another process has it open, or it cannot be opened.
 * KYSO_ERROR_DISK_FULL. */
KysoJournal *kyso_journal_open(const char *dir, GError **error);

/* Writes a copy of @record; records are written in the order of the calls, and all that wait are
 * committed by one sync. Cannot be cancelled. */
void kyso_journal_append_async(KysoJournal *self, const KysoRecord *record,
                               GAsyncReadyCallback done, gpointer user_data);

/* TRUE means the record is on disk; its sequence goes to @ret_sequence (or NULL). On FALSE nothing
 * of it is, and the caller must not let the signature out. KYSO_ERROR_DISK_FULL,
 * KYSO_ERROR_JOURNAL_BROKEN (somebody else changed the file), KYSO_ERROR_JOURNAL_UNAVAILABLE. */
gboolean kyso_journal_append_finish(KysoJournal *self, GAsyncResult *result, gint64 *ret_sequence,
                                    GError **error);

/* The same, blocking; from any thread. */
gboolean kyso_journal_append(KysoJournal *self, const KysoRecord *record, gint64 *ret_sequence,
                             GError **error);

/* Number of records and hash of the last one (zeros where there is none): what an office notes
 * elsewhere, so that later nobody can rewrite what was before. @ret_hash is a new string. */
gboolean kyso_journal_get_head(KysoJournal *self, gint64 *ret_count, char **ret_hash,
                               GError **error);

/* At most @limit records from @from_sequence on, oldest first: KysoRecord, owned by the array.
 * Blocks for the reading. Their hashes are given as stored, not checked. */
GPtrArray *kyso_journal_list(KysoJournal *self, gint64 from_sequence, guint limit, GError **error);

typedef struct {
    gint64 n_records; /* in the file */
    gint64 first_bad; /* 0: none; else the first sequence that is altered, missing or added */
    char head[KYSO_RECORD_HASH_SIZE + 1]; /* hash of the last record that holds */
} KysoJournalVerdict;

/* Walks the whole chain of the journal in @dir, whether a process has it open or not, and fills
 * @ret (also where the chain is broken). TRUE: every record holds. KYSO_ERROR_JOURNAL_BROKEN with
 * the sequence in message and details {"first_bad": N, "records": N};
 * KYSO_ERROR_JOURNAL_UNAVAILABLE where it cannot be read. Blocks (about 10 s for a million
 * records); from any thread. */
gboolean kyso_journal_verify(const char *dir, KysoJournalVerdict *ret, GError **error);

/* The same on a thread. */
void kyso_journal_verify_async(KysoJournal *self, GCancellable *cancellable,
                               GAsyncReadyCallback done, gpointer user_data);
gboolean kyso_journal_verify_finish(KysoJournal *self, GAsyncResult *result,
                                    KysoJournalVerdict *ret, GError **error);
