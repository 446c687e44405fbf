/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A timestamp from the first of several services that gives a right one.
 *
 * Asks the network and blocks, for minutes where the services are slow: to be called from a thread
 * that is not the main one. Thread-safe.
 */

#include "agent/pki/fetch.h"
#include "agent/pki/timestamp.h"

typedef struct {
    KysoFetchRules rules;    /* GCC's service has been seen to take 131 s */
    const char *const *urls; /* in the order in which they are asked; NULL or empty: none */
    const char *policy;      /* OID in dots; NULL: the service's own */
    guint tries;             /* rounds over the list, at least 1; pauses grow in between */
} KysoTimestampService;

/* KYSO_ERROR_TIMESTAMP_UNAVAILABLE (also where there is no service), KYSO_ERROR_TIMESTAMP_WRONG,
 * KYSO_ERROR_SERVICE_TOO_SLOW, KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE: the most telling of all that
 * went wrong; KYSO_ERROR_CANCELLED. */
KysoTimestamp *kyso_timestamp_service_ask(const KysoTimestampService *service, const char *hash,
                                          GBytes *digest, KysoTrust *trust,
                                          GCancellable *cancellable, GError **error);
