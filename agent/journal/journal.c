/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/journal/journal.h"
#include "agent/journal/ledger.h"

#include "ipc/base/clock.h"

#define BATCH_MAX 256 /* records of one transaction */

/* A record on its way to the disk. Owned by the one who waits for it, never by the writer. */
typedef struct {
    KysoRecord *record;
    GTask *task; /* NULL: a thread waits in kyso_journal_append */
    GError *error;
    gboolean is_done;
} Entry;

struct _KysoJournal {
    GObject parent_instance;

    char *dir;
    KysoLedger *ledger; /* the writer's, once there is one */
    GAsyncQueue *queue; /* Entry, or last_entry */

    GMutex lock; /* for the two below, and Entry.is_done */
    GThread *writer;
    GCond written;
};

G_DEFINE_FINAL_TYPE(KysoJournal, kyso_journal, G_TYPE_OBJECT)

static Entry last_entry; /* tells the writer to end */

static Entry *
entry_new(const KysoRecord *record)
{
    Entry *entry = g_new0(Entry, 1);

    entry->record = kyso_record_copy(record);
    if (entry->record->time == NULL) {
        g_autoptr(GDateTime) now = kyso_clock_now();
        entry->record->time = kyso_clock_to_rfc3339(now);
    }
    kyso_record_normalize(entry->record);
    return entry;
}

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    kyso_record_free(entry->record);
    g_clear_object(&entry->task);
    g_clear_error(&entry->error);
    g_free(entry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_free)

/* In the context of the one who asked. */
static gboolean
entry_written(gpointer data)
{
    Entry *entry = data;

    if (entry->error != NULL)
        g_task_return_error(entry->task, g_steal_pointer(&entry->error));
    else
        g_task_return_int(entry->task, entry->record->sequence);
    return G_SOURCE_REMOVE;
}

/* The task ends in its own context and not here, or its last reference could be dropped on the
 * writer's thread, which would then wait for itself. */
static void
hand_back(KysoJournal *self, Entry *entry)
{
    if (entry->task != NULL) {
        g_autoptr(GSource) source = g_idle_source_new();
        g_source_set_priority(source, g_task_get_priority(entry->task));
        g_source_set_callback(source, entry_written, entry, entry_free);
        g_source_attach(source, g_task_get_context(entry->task));
        return;
    }

    g_mutex_lock(&self->lock);
    entry->is_done = TRUE;
    g_cond_broadcast(&self->written);
    g_mutex_unlock(&self->lock);
}

static void
write_batch(KysoJournal *self, GPtrArray *entries)
{
    g_autofree KysoRecord **records = g_new(KysoRecord *, entries->len);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < entries->len; i++)
        records[i] = ((Entry *) entries->pdata[i])->record;
    gboolean is_written = kyso_ledger_append(self->ledger, records, entries->len, &error);

    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = entries->pdata[i];
        if (!is_written)
            entry->error = g_error_copy(error);
        hand_back(self, entry);
    }
}

/* One sync costs the same for one record as for all that came while the last sync ran. */
static gpointer
write_until_closed(gpointer data)
{
    KysoJournal *self = data;
    g_autoptr(GPtrArray) entries = g_ptr_array_new();
    Entry *entry = g_async_queue_pop(self->queue);

    while (entry != &last_entry) {
        g_ptr_array_set_size(entries, 0);
        while (entry != NULL && entry != &last_entry && entries->len < BATCH_MAX) {
            g_ptr_array_add(entries, entry);
            entry = g_async_queue_try_pop(self->queue);
        }
        write_batch(self, entries);
        if (entry == NULL)
            entry = g_async_queue_pop(self->queue);
    }
    return NULL;
}

static void
push(KysoJournal *self, Entry *entry)
{
    g_mutex_lock(&self->lock);
    if (self->writer == NULL)
        self->writer = g_thread_new("kyso-journal", write_until_closed, self);
    g_mutex_unlock(&self->lock);
    g_async_queue_push(self->queue, entry);
}

static void
kyso_journal_finalize(GObject *object)
{
    KysoJournal *self = KYSO_JOURNAL(object);

    if (self->writer != NULL) {
        g_async_queue_push(self->queue, &last_entry);
        g_thread_join(self->writer);
    }
    kyso_ledger_free(self->ledger);
    g_async_queue_unref(self->queue);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->written);
    g_free(self->dir);
    G_OBJECT_CLASS(kyso_journal_parent_class)->finalize(object);
}

static void
kyso_journal_class_init(KysoJournalClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_journal_finalize;
}

static void
kyso_journal_init(KysoJournal *self)
{
    self->queue = g_async_queue_new();
    g_mutex_init(&self->lock);
    g_cond_init(&self->written);
}

KysoJournal *
kyso_journal_open(const char *dir, GError **error)
{
    KysoLedger *ledger = kyso_ledger_open(dir, error);
    if (ledger == NULL)
        return NULL;

    KysoJournal *self = g_object_new(KYSO_TYPE_JOURNAL, NULL);
    self->dir = g_strdup(dir);
    self->ledger = ledger;
    return self;
}

void
kyso_journal_append_async(KysoJournal *self, const KysoRecord *record, GAsyncReadyCallback done,
                          gpointer user_data)
{
    Entry *entry = entry_new(record);

    entry->task = g_task_new(self, NULL, done, user_data);
    g_task_set_source_tag(entry->task, kyso_journal_append_async);
    push(self, entry);
}

gboolean
kyso_journal_append_finish(KysoJournal *self, GAsyncResult *result, gint64 *ret_sequence,
                           GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
    gssize sequence = g_task_propagate_int(G_TASK(result), error);

    if (sequence < 0)
        return FALSE;
    if (ret_sequence != NULL)
        *ret_sequence = sequence;
    return TRUE;
}

gboolean
kyso_journal_append(KysoJournal *self, const KysoRecord *record, gint64 *ret_sequence,
                    GError **error)
{
    g_autoptr(Entry) entry = entry_new(record);

    push(self, entry);
    g_mutex_lock(&self->lock);
    while (!entry->is_done)
        g_cond_wait(&self->written, &self->lock);
    g_mutex_unlock(&self->lock);

    if (entry->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&entry->error));
        return FALSE;
    }
    if (ret_sequence != NULL)
        *ret_sequence = entry->record->sequence;
    return TRUE;
}

gboolean
kyso_journal_get_head(KysoJournal *self, gint64 *ret_count, char **ret_hash, GError **error)
{
    g_autoptr(KysoLedger) reader = kyso_ledger_open_reader(self->dir, error);

    *ret_hash = NULL;
    return reader != NULL && kyso_ledger_read_head(reader, ret_count, ret_hash, error);
}

GPtrArray *
kyso_journal_list(KysoJournal *self, gint64 from_sequence, guint limit, GError **error)
{
    g_autoptr(KysoLedger) reader = kyso_ledger_open_reader(self->dir, error);

    return reader != NULL ? kyso_ledger_list(reader, from_sequence, limit, error) : NULL;
}

gboolean
kyso_journal_verify(const char *dir, KysoJournalVerdict *ret, GError **error)
{
    *ret = (KysoJournalVerdict){0};
    g_autoptr(KysoLedger) reader = kyso_ledger_open_reader(dir, error);

    return reader != NULL && kyso_ledger_verify(reader, ret, error);
}

/* What the thread found; the verdict counts on FALSE too. */
typedef struct {
    char *dir;
    KysoJournalVerdict verdict;
} Verification;

static void
verification_free(gpointer data)
{
    Verification *verification = data;

    g_free(verification->dir);
    g_free(verification);
}

static void
verify_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Verification *verification = data;
    GError *error = NULL;

    if (kyso_journal_verify(verification->dir, &verification->verdict, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
kyso_journal_verify_async(KysoJournal *self, GCancellable *cancellable, GAsyncReadyCallback done,
                          gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    Verification *verification = g_new0(Verification, 1);

    verification->dir = g_strdup(self->dir);
    g_task_set_task_data(task, verification, verification_free);
    g_task_run_in_thread(task, verify_on_thread);
}

gboolean
kyso_journal_verify_finish(KysoJournal *self, GAsyncResult *result, KysoJournalVerdict *ret,
                           GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), FALSE);
    Verification *verification = g_task_get_task_data(G_TASK(result));

    *ret = verification->verdict;
    return g_task_propagate_boolean(G_TASK(result), error);
}
