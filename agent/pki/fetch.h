/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One question over HTTP to a service of a CA: timestamp, OCSP, CRL.
 *
 * Answers come over plain HTTP from anybody: whoever gets them checks their signature, nothing is
 * believed for the way it came. Size, time and redirects are bounded; there are no cookies, no
 * passwords, no cache. An address of this machine itself is refused unless the rules allow it: an
 * address in a certificate must not reach what listens on the loopback alone.
 *
 * Blocks; to be called from a thread that is not the main one. Thread-safe.
 */

#include <gio/gio.h>

#define KYSO_FETCH_MAX_REDIRECTS 3

typedef struct {
    const char *proxy;            /* "http://host:port"; "none"; NULL: as the system is set up */
    gboolean is_loopback_allowed; /* may the service be on this machine? */
    guint seconds;                /* for one address, redirects and the whole answer included */
} KysoFetchRules;

typedef struct {
    const char *url;          /* http or https */
    const char *content_type; /* of @body, which is then POSTed; NULL: GET */
    GBytes *body;
    gsize max_size;       /* bytes of the answer */
    int unavailable_code; /* KysoErrorCode where there is no answer */
} KysoFetchRequest;

/* The body of a 200 answer. NULL with @request->unavailable_code (no such host, nobody listens,
 * another status, an address that is not allowed), KYSO_ERROR_SERVICE_TOO_SLOW,
 * KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE, KYSO_ERROR_CANCELLED; the message names the address. */
GBytes *kyso_fetch_run(const KysoFetchRules *rules, const KysoFetchRequest *request,
                       GCancellable *cancellable, GError **error);

/* Of two failures with the same question, the one that says more about what is wrong: a false
 * answer before one too large, one too slow, none at all. Takes both; either may be NULL. */
GError *kyso_fetch_worse_error(GError *one, GError *other);
