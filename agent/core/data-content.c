/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/data-content.h"

#include "agent/cms/cms-envelope.h"
#include "agent/cms/file-hash.h"
#include "agent/core/data-report.h"
#include "agent/jose/jws-reader.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define BLOCK (1024 * 1024)

typedef struct {
    int fd;
    goffset size;
    char *dir;
} Order;

/* What is written is what is hashed. */
typedef struct {
    int fd;
    KysoFileHash *hash;
    goffset size;
} Sink;

static void
order_free(Order *order)
{
    g_free(order->dir);
    g_free(order);
}

static gboolean
put(Sink *sink, const void *data, gsize size, GError **error)
{
    kyso_file_hash_add_bytes(sink->hash, data, size);
    sink->size += (goffset) size;
    return kyso_fd_write_all(sink->fd, data, size, error);
}

static gboolean
put_part(Sink *sink, int fd, const KysoCmsRange *part, GCancellable *cancellable, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);

    for (goffset done = 0; done < part->length; done += BLOCK) {
        gsize length = (gsize) MIN(BLOCK, part->length - done);
        if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
            !kyso_fd_read_at(fd, block, length, part->offset + done, error) ||
            !put(sink, block, length, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
has_none(GError **error)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                        "the signature carries no content");
    return FALSE;
}

static gboolean
put_cms(Sink *sink, const Order *order, GCancellable *cancellable, GError **error)
{
    g_autoptr(KysoCmsEnvelope) envelope = kyso_cms_envelope_read(order->fd, order->size, error);

    if (envelope == NULL)
        return FALSE;
    if (!envelope->has_content)
        return has_none(error);
    for (guint i = 0; i < envelope->content->len; i++)
        if (!put_part(sink, order->fd, &g_array_index(envelope->content, KysoCmsRange, i),
                      cancellable, error))
            return FALSE;
    return TRUE;
}

static gboolean
put_jws(Sink *sink, const Order *order, GError **error)
{
    g_autoptr(GBytes) file = kyso_data_report_read_jws(order->fd, order->size, error);
    g_autoptr(KysoJws) jws = file != NULL ? kyso_jws_read(file, error) : NULL;

    if (jws == NULL)
        return FALSE;
    if (jws->payload == NULL)
        return has_none(error);
    return put(sink, g_bytes_get_data(jws->payload, NULL), g_bytes_get_size(jws->payload), error);
}

static void
take_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    g_autoptr(KysoSignDataResult) result = g_new0(KysoSignDataResult, 1);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    Sink sink = {.hash = hash};
    GError *error = NULL;

    result->file = kyso_temporary_new(order->dir, &error);
    if (result->file != NULL) {
        sink.fd = kyso_temporary_fd(result->file);
        if (kyso_data_report_is_cms(order->fd, order->size))
            put_cms(&sink, order, cancellable, &error);
        else
            put_jws(&sink, order, &error);
    }
    if (error != NULL) {
        g_task_return_error(task, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    result->digest = kyso_file_hash_to_hex(digest);
    result->size = sink.size;
    g_task_return_pointer(task, g_steal_pointer(&result),
                          (GDestroyNotify) kyso_sign_data_result_free);
}

void
kyso_data_content_take_async(int fd, goffset size, const char *dir, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Order *order = g_new0(Order, 1);

    order->fd = fd;
    order->size = size;
    order->dir = g_strdup(dir);
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, take_in_thread);
}

KysoSignDataResult *
kyso_data_content_take_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
