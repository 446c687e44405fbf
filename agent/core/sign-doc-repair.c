/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-doc-repair.h"

#include "agent/core/document-reader.h"
#include "ipc/base/error.h"

/* Write anew -> copy -> digest into the record. Each arrow is one callback; read downwards. */
static void document_rewritten(GObject *source, GAsyncResult *result, gpointer user_data);
static void rewritten_copied(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoSigningDocument *document;
    KysoRepairDone done;
    GError *damage;
    KysoHelper *writer;
    KysoFd rewritten;
} Repair;

static void
repair_end(Repair *self, GError *error)
{
    KysoSigningDocument *document = self->document;
    KysoRepairDone done = self->done;

    g_clear_error(&self->damage);
    g_clear_object(&self->writer);
    kyso_fd_clear(&self->rewritten);
    g_free(self);
    done(document, error);
}

gboolean
kyso_sign_doc_repair_is_wanted(const KysoSigningDocument *self, const GError *error)
{
    int code = kyso_error_code(error);

    return self->signing->request->repair && self->rewritten_digest == NULL &&
           (code == KYSO_ERROR_DOCUMENT_DAMAGED || code == KYSO_ERROR_DOCUMENT_TRUNCATED ||
            code == KYSO_ERROR_DOCUMENT_NOT_PDF);
}

json_t *
kyso_sign_doc_repair_pages(const KysoSigningDocument *self)
{
    const KysoSignItem *item = self->item;

    if (!self->signing->request->repair)
        return NULL;
    json_t *pages = item->place.kind == KYSO_PLACE_RECT ? json_pack("[i]", item->place.page)
                                                        : json_pack("[i, i]", 1, -1);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (item->reserve[i].kind == KYSO_PLACE_RECT)
            json_array_append_new(pages, json_integer(item->reserve[i].page));
    return pages;
}

/* What the readers of the damaged file say of it is of no matter any more. */
static void
forget_readers(KysoSigningDocument *self)
{
    g_clear_object(&self->reader);
    g_clear_object(&self->pages_reader);
    g_clear_error(&self->late_error);
}

void
kyso_sign_doc_repair_start(KysoSigningDocument *document, GError *damage, KysoRepairDone done)
{
    Repair *self = g_new0(Repair, 1);

    self->damage = damage;
    self->document = document;
    self->done = done;
    self->rewritten = -1;
    self->writer = kyso_document_reader_new(document->item->password);
    forget_readers(document);
    kyso_document_reader_rewrite_async(self->writer, document->signing->agent,
                                       document->signing->job, document->copy->read_only,
                                       document_rewritten, self);
}

static void
document_rewritten(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Repair *self = user_data;
    KysoSigningDocument *document = self->document;
    g_autofree char *dir = kyso_sign_document_work_dir(document);
    GError *error = NULL;

    self->rewritten = kyso_document_reader_rewrite_finish(KYSO_HELPER(source), result, &error);
    if (error != NULL && kyso_error_code(error) == KYSO_ERROR_DOCUMENT_DAMAGED) {
        g_error_free(error);
        error = g_steal_pointer(&self->damage);
    }
    if (self->rewritten < 0) {
        repair_end(self, error);
        return;
    }
    kyso_private_copy_async(self->rewritten, dir, document->item->output_path != NULL,
                            kyso_job_cancellable(document->signing->job), rewritten_copied, self);
}

/* The journal has both: the digest of what was brought stays the document's. */
static void
note_digest(KysoSigningDocument *document)
{
    g_autoptr(GBytes) digest = kyso_file_hash_get(document->copy->hash);

    document->rewritten_digest = kyso_file_hash_to_hex(digest);
    kyso_sign_document_note(document, "rewritten_digest", json_string(document->rewritten_digest));
}

static void
rewritten_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Repair *self = user_data;
    KysoSigningDocument *document = self->document;
    GError *error = NULL;
    KysoPrivateCopy *copy = kyso_private_copy_finish(result, &error);

    if (copy == NULL) {
        repair_end(self, error);
        return;
    }
    kyso_private_copy_free(document->copy);
    document->copy = copy;
    note_digest(document);
    document->reader = kyso_document_reader_new(document->item->password);
    document->pages_reader = kyso_document_reader_new_pages(document->item->password);
    repair_end(self, NULL);
}
