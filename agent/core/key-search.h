/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The key that a request asks for: found on a token, or waited for until that token is plugged in.
 *
 * Only a credential that the office has configured (credentials.d) is waited for, as only then is
 * it known whose token is wanted. While requests wait, a window tells the person so; one for all of
 * them, and its cancel button cancels those that it names. Where no window can be shown they wait
 * all the same. What looks again is the pool's "changed", and a listing that a client asks for.
 * Nothing polls. Main thread only.
 */

#include "agent/core/signer-state.h"

typedef struct {
    const char *credential_id;
    gboolean waits;       /* else what is not there is told at once */
    const char *purpose;  /* name of the API */
    const char *document; /* of the first one; what the window calls it */
    guint n_documents;
    void (*waiting_has_begun)(
        gpointer user_data); /* may be NULL; before the call's end, not in it */
    gpointer user_data;
} KysoKeySearchSpec;

KysoKeySearches *kyso_key_search_new_set(KysoSigner *signer);
void kyso_key_search_free_set(KysoKeySearches *self);

/* Texts of @spec are copied. Ends early when @job is stopped. */
void kyso_key_search_async(KysoAgent *agent, KysoJob *job, const KysoKeySearchSpec *spec,
                           GAsyncReadyCallback done, gpointer user_data);

/* As kyso_pool_find_finish. KYSO_ERROR_CANCELLED: the job was stopped, or kyso_key_search_stop. */
KysoCredential *kyso_key_search_finish(GAsyncResult *result, KysoToken **ret_token, GError **error);

/* @job has no use for the key any more: where it waits for a token, it waits no longer, and hears
 * so later. */
void kyso_key_search_stop(KysoSigner *signer, KysoJob *job);

/* Somebody has seen tokens: those who wait look again. */
void kyso_key_search_look_again(KysoSigner *signer);
