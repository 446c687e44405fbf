/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/stat.h>

#include "agent/core/sign-doc-state.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* A detached signature needs the document's digest only: nothing is copied, nothing is parsed.
 * read: hashed for the journal; prepare: hashed for the key, where that is another hash, of the
 * same bytes. */
static void input_hashed(GObject *source, GAsyncResult *result, gpointer user_data);
static void content_hashed(GObject *source, GAsyncResult *result, gpointer user_data);

#define BLOCK (1024 * 1024)

typedef struct {
    int fd;
    const char *hash;
    char *expected; /* hex of the SHA-256 that it had; NULL: any */
} Order;

static void
order_free(Order *order)
{
    g_free(order->expected);
    g_free(order);
}

/* Both see the same bytes, whatever happens to the file meanwhile. */
static gboolean
add_to_both(KysoFileHash *hash, KysoFileHash *other, int fd, goffset size, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);

    for (goffset offset = 0; offset < size; offset += BLOCK) {
        gsize length = (gsize) MIN(BLOCK, size - offset);
        if (!kyso_fd_read_at(fd, block, length, offset, error)) {
            g_prefix_error(error, "the file became shorter: ");
            return FALSE;
        }
        kyso_file_hash_add_bytes(hash, block, length);
        kyso_file_hash_add_bytes(other, block, length);
    }
    return TRUE;
}

/* A caller may write on while a person looks for the token. What the journal has of the document,
 * and what is signed, are one thing. */
static gboolean
hash_unchanged(const Order *order, KysoFileHash *hash, goffset size, GError **error)
{
    g_autoptr(KysoFileHash) check = kyso_file_hash_new("SHA256");

    if (!add_to_both(hash, check, order->fd, size, error))
        return FALSE;
    g_autoptr(GBytes) digest = kyso_file_hash_get(check);
    g_autofree char *hex = kyso_file_hash_to_hex(digest);
    if (g_str_equal(hex, order->expected))
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                        "the file was changed since it was first read");
    return FALSE;
}

static void
hash_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new(order->hash);
    GError *error = NULL;
    struct stat st;

    if (fstat(order->fd, &st) < 0 || st.st_size > KYSO_DOCUMENT_MAX)
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d bytes",
                                KYSO_DOCUMENT_MAX);
    else if (order->expected != NULL ? !hash_unchanged(order, hash, st.st_size, &error)
                                     : !kyso_file_hash_add(hash, order->fd, 0, st.st_size, &error))
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, kyso_file_hash_get(hash), (GDestroyNotify) g_bytes_unref);
}

static void
hash_input(KysoSigningDocument *self, const char *hash, const char *expected,
           GAsyncReadyCallback done)
{
    g_autoptr(GTask) task = g_task_new(NULL, kyso_job_cancellable(self->signing->job), done, self);
    Order *order = g_new0(Order, 1);

    order->fd = self->item->input;
    order->hash = hash;
    order->expected = g_strdup(expected);
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, hash_in_thread);
}

static void
read_file(KysoSigningDocument *self)
{
    hash_input(self, "SHA256", NULL, input_hashed);
}

static void
input_hashed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->content_digest = g_task_propagate_pointer(G_TASK(result), &error);
    if (self->content_digest != NULL)
        self->record->document_digest = kyso_file_hash_to_hex(self->content_digest);
    kyso_sign_document_part_done(self, error);
}

static void
prepare_file(KysoSigningDocument *self)
{
    if (g_str_equal(self->signing->scheme->hash, "SHA256"))
        kyso_sign_document_prepared(self, NULL);
    else
        hash_input(self, self->signing->scheme->hash, self->record->document_digest,
                   content_hashed);
}

static void
content_hashed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    GBytes *digest = g_task_propagate_pointer(G_TASK(result), &error);

    if (digest == NULL) {
        kyso_sign_document_prepared(self, error);
        return;
    }
    g_bytes_unref(self->content_digest);
    self->content_digest = digest;
    kyso_sign_document_prepared(self, NULL);
}

static gboolean
write_result(KysoSigningDocument *self, GError **error)
{
    g_autofree char *dir = kyso_sign_document_work_dir(self);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    gsize size;
    const void *data = g_bytes_get_data(self->cms, &size);

    self->result = kyso_temporary_new(dir, error);
    if (self->result == NULL ||
        !kyso_fd_write_all(kyso_temporary_fd(self->result), data, size, error))
        return FALSE;
    self->result_size = size;
    kyso_file_hash_add_bytes(hash, data, size);
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    self->record->result_digest = kyso_file_hash_to_hex(digest);
    return TRUE;
}

static void
complete_file(KysoSigningDocument *self)
{
    GError *error = NULL;

    kyso_sign_document_set_stage(self, "check");
    self->report =
        kyso_document_report_digest(self->signing->agent->signer, self->cms,
                                    self->signing->scheme->hash, self->content_digest, &error);
    if (self->report != NULL && kyso_sign_doc_check_report(self, self->report, &error))
        write_result(self, &error);
    kyso_sign_document_completed(self, error);
}

const KysoSigningKind kyso_sign_doc_detached = {
    KYSO_CADES_DETACHED, &kyso_sign_maker_cades, read_file, prepare_file, NULL, complete_file};
