/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parameters of credentials.authorize and signatures.signHash, read and checked. Main thread
 * only.
 */

#include "agent/journal/record.h"
#include "ipc/wire/json.h"

#define KYSO_MAX_HASHES 256
#define KYSO_MAX_AUTHORIZED 1000000

typedef struct {
    char *credential_id;
    char *sign_algo;   /* OID or NULL */
    char *description; /* what the person is shown */
    gint64 n_signatures;
    gboolean wait_for_token;

    /* signHash only; digests is NULL for authorize */
    const char *hash;   /* "SHA256", ... */
    GPtrArray *digests; /* GBytes */
    char *sad;          /* NULL: ask */
} KysoHashRequest;

/* KYSO_ERROR_WRONG_PARAMETERS. */
KysoHashRequest *kyso_hash_request_read_authorize(const json_t *params, GError **error);
KysoHashRequest *kyso_hash_request_read_sign(const json_t *params, GError **error);
void kyso_hash_request_free(KysoHashRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoHashRequest, kyso_hash_request_free)

/* Writes what is to be signed, and then what came out, into @record. */
void kyso_hash_request_describe(const KysoHashRequest *self, KysoRecord *record);
void kyso_hash_request_describe_result(const KysoHashRequest *self, const GPtrArray *signatures,
                                       KysoRecord *record);
