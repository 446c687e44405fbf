/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/evidence-keeping.h"

typedef struct {
    KysoEvidenceStore *store;
    KysoEvidence *evidence; /* NULL: to forget */
    gint64 id;
} Order;

static void
order_free(Order *self)
{
    kyso_evidence_store_unref(self->store);
    g_clear_pointer(&self->evidence, kyso_evidence_free);
    g_free(self);
}

gboolean
kyso_evidence_keeping_is_wanted(const KysoSigner *signer)
{
    return signer->agent->configuration->keeps_evidence;
}

static void
start(Order *order, GTaskThreadFunc work, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done, user_data);

    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, work);
}

static void
put_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *order = task_data;
    GError *error = NULL;

    if (kyso_evidence_store_put(order->store, order->evidence, &error))
        g_task_return_int(task, (gssize) order->evidence->id);
    else
        g_task_return_error(task, error);
}

void
kyso_evidence_keeping_put_async(KysoSigner *signer, const KysoEvidenceFacts *facts,
                                GAsyncReadyCallback done, gpointer user_data)
{
    GError *error = NULL;
    KysoEvidenceStore *store = kyso_signer_get_evidence(signer, &error);

    if (store == NULL) {
        g_task_report_error(NULL, done, user_data, kyso_evidence_keeping_put_async, error);
        return;
    }
    Order *order = g_new0(Order, 1);
    order->store = kyso_evidence_store_ref(store);
    order->evidence = kyso_evidence_content_new(facts);
    start(order, put_in_thread, done, user_data);
}

gint64
kyso_evidence_keeping_put_finish(GAsyncResult *result, GError **error)
{
    gint64 id = g_task_propagate_int(G_TASK(result), error);

    return MAX(id, 0);
}

static void
forget_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    g_autoptr(GError) error = NULL;

    if (!kyso_evidence_store_forget(order->store, order->id, &error))
        g_warning("evidence %" G_GINT64_FORMAT " of a document that was not handed over: %s",
                  order->id, error->message);
    g_task_return_boolean(task, TRUE);
}

void
kyso_evidence_keeping_forget(KysoSigner *signer, gint64 id)
{
    if (id == 0 || signer->evidence == NULL)
        return;
    Order *order = g_new0(Order, 1);
    order->store = kyso_evidence_store_ref(signer->evidence);
    order->id = id;
    start(order, forget_in_thread, NULL, NULL);
}
