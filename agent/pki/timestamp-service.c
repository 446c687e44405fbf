/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/timestamp-service.h"

#include <string.h>

#include "ipc/base/error.h"

#define PAUSE_SECONDS 2 /* after the first round; twice that after the second */

static KysoTimestamp *
ask_one(const KysoTimestampService *service, const char *url, const char *hash, GBytes *digest,
        KysoTrust *trust, GCancellable *cancellable, GError **error)
{
    g_autoptr(KysoTimestampQuery) query =
        kyso_timestamp_query_new(hash, digest, service->policy, error);
    if (query == NULL)
        return NULL;

    const KysoFetchRequest request = {url, "application/timestamp-query",
                                      kyso_timestamp_query_get_der(query), KYSO_TIMESTAMP_MAX_SIZE,
                                      KYSO_ERROR_TIMESTAMP_UNAVAILABLE};
    g_autoptr(GBytes) answer = kyso_fetch_run(&service->rules, &request, cancellable, error);
    if (answer == NULL)
        return NULL;
    KysoTimestamp *timestamp = kyso_timestamp_query_finish(query, answer, trust, error);
    if (timestamp == NULL)
        g_prefix_error(error, "%s: ", url);
    return timestamp;
}

/* TRUE where nobody cancelled it. */
static gboolean
pause_for(guint seconds, GCancellable *cancellable)
{
    GPollFD poll = {0};

    if (!g_cancellable_make_pollfd(cancellable, &poll)) {
        g_usleep(seconds * G_USEC_PER_SEC);
        return TRUE;
    }
    g_poll(&poll, 1, (gint) seconds * 1000);
    g_cancellable_release_fd(cancellable);
    return !g_cancellable_is_cancelled(cancellable);
}

KysoTimestamp *
kyso_timestamp_service_ask(const KysoTimestampService *service, const char *hash, GBytes *digest,
                           KysoTrust *trust, GCancellable *cancellable, GError **error)
{
    GError *fault = NULL;
    gboolean is_going = service->urls != NULL && service->urls[0] != NULL;

    for (guint round = 0; is_going && round < MAX(service->tries, 1); round++) {
        if (round > 0 && !pause_for(round * PAUSE_SECONDS, cancellable))
            break;
        for (const char *const *url = service->urls; is_going && *url != NULL; url++) {
            GError *one = NULL;
            KysoTimestamp *timestamp =
                ask_one(service, *url, hash, digest, trust, cancellable, &one);
            if (timestamp != NULL) {
                g_clear_error(&fault);
                return timestamp;
            }
            fault = kyso_fetch_worse_error(fault, one);
            is_going = !g_cancellable_is_cancelled(cancellable);
        }
    }

    if (g_cancellable_is_cancelled(cancellable)) {
        g_clear_error(&fault);
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
    } else if (fault != NULL) {
        g_propagate_error(error, fault);
    } else {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
                            "kyso.conf names no timestamp service ([timestamp] urls)");
    }
    return NULL;
}
