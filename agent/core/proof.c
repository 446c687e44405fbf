/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/proof.h"

#include "agent/pki/timestamp-service.h"

typedef struct {
    KysoConfiguration *configuration; /* borrowed: the agent's, which outlives every request */
    KysoTrust *trust;
    GPtrArray *chains; /* of GPtrArray of KysoCertificate */
    GBytes *digest;
    gboolean only_crls;
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
check_all(const Order *order, KysoProofs *proofs, GCancellable *cancellable, GError **error)
{
    const KysoConfiguration *configuration = order->configuration;
    g_autofree char *cache = g_build_filename(configuration->state_dir, "proofs", NULL);
    const KysoRevocationService service = {rules(configuration, configuration->revocation_seconds),
                                           cache, order->only_crls};

    for (guint i = 0; i < order->chains->len; i++)
        if (!kyso_revocation_check(&service, order->chains->pdata[i], proofs, cancellable, error))
            return FALSE;
    return TRUE;
}

static void
check_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    GError *error = NULL;

    if (check_all(task_data, NULL, cancellable, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
kyso_proof_check_async(KysoSigner *signer, const GPtrArray *chain, GCancellable *cancellable,
                       GAsyncReadyCallback done, gpointer user_data)
{
    Order *order = order_new(signer, NULL);

    add_chain(order, chain);
    start(order, check_in_thread, cancellable, done, user_data);
}

gboolean
kyso_proof_check_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
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
    Order *order = order_new(signer, NULL);

    for (guint i = 0; i < chains->len; i++)
        add_chain(order, chains->pdata[i]);
    order->only_crls = only_crls;
    start(order, collect_in_thread, cancellable, done, user_data);
}

KysoProofs *
kyso_proof_collect_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
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
