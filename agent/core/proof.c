/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/proof.h"

#include "agent/pki/timestamp-service.h"
#include "ipc/base/error.h"

typedef struct {
    KysoConfiguration *configuration; /* borrowed: the agent's, which outlives every request */
    KysoTrust *trust;
    GPtrArray *chains; /* of GPtrArray of KysoCertificate */
    GBytes *digest;
    gboolean only_crls;
    int code; /* of the first fault of those that are gathered */
} Order;

static void
order_free(Order *self)
{
    kyso_trust_unref(self->trust);
    g_ptr_array_unref(self->chains);
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self);
}

static Order *
order_new(KysoSigner *signer, GBytes *digest)
{
    Order *self = g_new0(Order, 1);

    self->configuration = signer->agent->configuration;
    self->trust = kyso_trust_ref(signer->trust);
    self->chains = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    self->digest = digest != NULL ? g_bytes_ref(digest) : NULL;
    return self;
}

static void
add_chain(Order *self, const GPtrArray *chain)
{
    GPtrArray *copy = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);

    for (guint i = 0; i < chain->len; i++)
        g_ptr_array_add(copy, kyso_certificate_ref(chain->pdata[i]));
    g_ptr_array_add(self->chains, copy);
}

static Order *
order_new_with(KysoSigner *signer, const GPtrArray *chains)
{
    Order *self = order_new(signer, NULL);

    for (guint i = 0; i < chains->len; i++)
        add_chain(self, chains->pdata[i]);
    return self;
}

static void
start(Order *order, GTaskThreadFunc work, GCancellable *cancellable, GAsyncReadyCallback done,
      gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);

    /* An error of our own says more than that it was cancelled. */
    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, work);
}

static KysoFetchRules
rules(const KysoConfiguration *configuration, guint seconds)
{
    return (KysoFetchRules){configuration->proxy, configuration->is_loopback_allowed, seconds};
}

static gboolean
check_chain(const Order *order, guint i, KysoProofs *proofs, GCancellable *cancellable,
            GError **error)
{
    const KysoConfiguration *configuration = order->configuration;
    g_autofree char *cache = g_build_filename(configuration->state_dir, "proofs", NULL);
    const KysoRevocationService service = {rules(configuration, configuration->revocation_seconds),
                                           cache, order->only_crls};

    return kyso_revocation_check(&service, order->chains->pdata[i], proofs, cancellable, error);
}

static gboolean
check_all(const Order *order, KysoProofs *proofs, GCancellable *cancellable, GError **error)
{
    for (guint i = 0; i < order->chains->len; i++)
        if (!check_chain(order, i, proofs, cancellable, error))
            return FALSE;
    return TRUE;
}

static void
collect_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    g_autoptr(KysoProofs) proofs = kyso_proofs_new();
    GError *error = NULL;

    if (check_all(task_data, proofs, cancellable, &error))
        g_task_return_pointer(task, g_steal_pointer(&proofs), (GDestroyNotify) kyso_proofs_free);
    else
        g_task_return_error(task, error);
}

void
kyso_proof_collect_async(KysoSigner *signer, const GPtrArray *chains, gboolean only_crls,
                         GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    Order *order = order_new_with(signer, chains);

    order->only_crls = only_crls;
    start(order, collect_in_thread, cancellable, done, user_data);
}

KysoProofs *
kyso_proof_collect_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void
gather_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *order = task_data;
    KysoProofs *proofs = kyso_proofs_new();

    for (guint i = 0; i < order->chains->len; i++) {
        g_autoptr(GError) fault = NULL;
        if (!check_chain(order, i, proofs, cancellable, &fault) && order->code == 0)
            order->code = kyso_error_code(fault);
    }
    g_task_return_pointer(task, proofs, (GDestroyNotify) kyso_proofs_free);
}

void
kyso_proof_gather_async(KysoSigner *signer, const GPtrArray *chains, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data)
{
    start(order_new_with(signer, chains), gather_in_thread, cancellable, done, user_data);
}

KysoProofs *
kyso_proof_gather_finish(GAsyncResult *result, int *ret_code)
{
    const Order *order = g_task_get_task_data(G_TASK(result));

    *ret_code = order->code;
    return g_task_propagate_pointer(G_TASK(result), NULL);
}

static void
stamp_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    const KysoConfiguration *configuration = order->configuration;
    const KysoTimestampService service = {
        .rules = rules(configuration, configuration->timestamp_seconds),
        .urls = (const char *const *) configuration->timestamp_urls,
        .policy = configuration->timestamp_policy,
        .tries = configuration->timestamp_tries,
    };
    GError *error = NULL;
    KysoTimestamp *timestamp = kyso_timestamp_service_ask(&service, "SHA256", order->digest,
                                                          order->trust, cancellable, &error);

    if (timestamp != NULL)
        g_task_return_pointer(task, timestamp, (GDestroyNotify) kyso_timestamp_free);
    else
        g_task_return_error(task, error);
}

void
kyso_proof_stamp_async(KysoSigner *signer, GBytes *digest, GCancellable *cancellable,
                       GAsyncReadyCallback done, gpointer user_data)
{
    start(order_new(signer, digest), stamp_in_thread, cancellable, done, user_data);
}

KysoTimestamp *
kyso_proof_stamp_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
