/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/data-content.h"

#include "agent/cms/cms-envelope.h"
#include "agent/core/data-report.h"
#include "agent/core/hashed-sink.h"
#include "agent/jose/jws-reader.h"
#include "ipc/base/error.h"

typedef struct {
    int fd;
    goffset size;
    char *dir;
} Order;

static void
order_free(Order *order)
{
    g_free(order->dir);
    g_free(order);
}

static gboolean
has_none(GError **error)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                        "the signature carries no content");
    return FALSE;
}

static gboolean
put_cms(KysoHashedSink *sink, const Order *order, GBytes **ret_cms, GCancellable *cancellable,
        GError **error)
{
    g_autoptr(KysoCmsEnvelope) envelope = kyso_cms_envelope_read(order->fd, order->size, error);

    if (envelope == NULL)
        return FALSE;
    if (!envelope->has_content)
        return has_none(error);
    for (guint i = 0; i < envelope->content->len; i++) {
        const KysoCmsRange *part = &g_array_index(envelope->content, KysoCmsRange, i);
        if (!kyso_hashed_sink_put_range(sink, order->fd, part->offset, part->length, cancellable,
                                        error))
            return FALSE;
    }
    *ret_cms = g_bytes_ref(envelope->cms);
    return TRUE;
}

static gboolean
put_jws(KysoHashedSink *sink, const Order *order, GError **error)
{
    g_autoptr(GBytes) file = kyso_data_report_read_jws(order->fd, order->size, error);
    g_autoptr(KysoJws) jws = file != NULL ? kyso_jws_read(file, error) : NULL;

    if (jws == NULL)
        return FALSE;
    if (jws->payload == NULL)
        return has_none(error);
    return kyso_hashed_sink_put_bytes(sink, jws->payload, error);
}

static void
take_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    g_autoptr(KysoSignDataResult) result = g_new0(KysoSignDataResult, 1);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    KysoHashedSink sink = {.hash = hash};
    GError *error = NULL;

    result->file = kyso_temporary_new(order->dir, &error);
    if (result->file != NULL) {
        sink.fd = kyso_temporary_fd(result->file);
        if (kyso_data_report_is_cms(order->fd, order->size))
            put_cms(&sink, order, &result->cms, cancellable, &error);
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
