/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-data.h"

#include "agent/cms/cms-envelope.h"
#include "agent/core/hashed-sink.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

typedef struct {
    char *dir;
    GBytes *signature;
    int content;
    goffset size;
} Order;

static void
order_free(Order *order)
{
    g_free(order->dir);
    g_bytes_unref(order->signature);
    g_free(order);
}

void
kyso_sign_data_result_free(KysoSignDataResult *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->file, kyso_temporary_free);
    g_free(self->digest);
    g_clear_pointer(&self->cms, g_bytes_unref);
    g_free(self);
}

static gboolean
put_all(KysoHashedSink *sink, const Order *order, GCancellable *cancellable, GError **error)
{
    g_autoptr(GBytes) before = NULL;
    g_autoptr(GBytes) behind = NULL;

    if (order->content < 0)
        return kyso_hashed_sink_put_bytes(sink, order->signature, error);
    return kyso_cms_envelope_cut(order->signature, order->size, &before, &behind, error) &&
           kyso_hashed_sink_put_bytes(sink, before, error) &&
           kyso_hashed_sink_put_range(sink, order->content, 0, order->size, cancellable, error) &&
           kyso_hashed_sink_put_bytes(sink, behind, error);
}

static void
write_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    g_autoptr(KysoSignDataResult) result = g_new0(KysoSignDataResult, 1);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    GError *error = NULL;

    result->file = kyso_temporary_new(order->dir, &error);
    if (result->file == NULL) {
        g_task_return_error(task, error);
        return;
    }
    KysoHashedSink sink = {.fd = kyso_temporary_fd(result->file), .hash = hash};
    if (!put_all(&sink, order, cancellable, &error)) {
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
kyso_sign_data_write_async(const KysoSignDataSpec *spec, GCancellable *cancellable,
                           GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Order *order = g_new0(Order, 1);

    order->dir = g_strdup(spec->dir);
    order->signature = g_bytes_ref(spec->signature);
    order->content = spec->content;
    order->size = spec->size;
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, write_in_thread);
}

KysoSignDataResult *
kyso_sign_data_write_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
