/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Logins that a person has opened for a declared number of bare digests. Each belongs to one
 * connection, and ends when its number is used up, with its time, with its connection, or with the
 * token. Main thread only.
 */

#include "agent/core/hash-request.h"
#include "agent/core/signer-state.h"

typedef struct {
    KysoLogin *login;
    KysoCertificate *certificate;
    KysoRole role;
    KysoConnection *connection;
    gint64 n_signatures;
    guint seconds;
} KysoAuthorizationSpec;

typedef struct _KysoAuthorization KysoAuthorization;
struct _KysoAuthorization {
    char *sad; /* the key in the table */
    KysoLogin *login;
    KysoCertificate *certificate;
    KysoRole role;
    KysoConnection *connection;
    gint64 n_left;
    GHashTable *table;
    guint expiry;
};

GHashTable *kyso_authorization_new_table(void);

/* References are taken. Returns the SAD: 128 random bits, owned by the table. */
const char *kyso_authorization_add(GHashTable *table, const KysoAuthorizationSpec *spec);

/* Takes the signatures of @request off the number. Borrowed until the next call.
 * KYSO_ERROR_AUTHORIZATION_INVALID: unknown, another's, another key's, used up, or the token has
 * gone. */
KysoAuthorization *kyso_authorization_spend(GHashTable *table, const char *sad,
                                            KysoConnection *connection,
                                            const KysoHashRequest *request, GError **error);

/* To be called once what was borrowed is no longer needed: a login that nobody can use any more
 * would keep the token from everybody else. Frees @self where its number is used up. */
void kyso_authorization_end_if_used_up(KysoAuthorization *self);

void kyso_authorization_forget_connection(KysoSigner *signer, KysoConnection *connection);
