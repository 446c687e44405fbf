/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A person's yes and the PIN: asks through kyso-prompt, hands the PIN's pipe on to kyso-token, and
 * gives back the login. The two ends of the pipe pass through here; its bytes never do. Main
 * thread only.
 */

#include "agent/core/agent.h"
#include "agent/pki/certificate.h"
#include "ipc/base/descriptor.h"

typedef struct {
    KysoCredential *credential;
    const KysoToken *token;
    const KysoCertificate *certificate;
    gboolean is_agency;
    const char *purpose; /* name of the API */
    const KysoAskDocument *documents;
    guint n_documents;
    gboolean shows_each; /* each document in a window of its own first */
    guint number, total; /* ask_again: which of how many documents; else 0 */
} KysoConsentSpec;

/* Nothing of @spec needs to outlive the call. */
void kyso_consent_ask_async(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec,
                            GAsyncReadyCallback done, gpointer user_data);

/* *ret_left_out (may be NULL) is a new array of guint, the indices of the documents that the person
 * has left out (with shows_each only), or NULL. KYSO_ERROR_PIN_LOCKED (nothing was asked), and the
 * errors of agent/prompt/prompt.h and kyso_pool_login_finish. */
KysoLogin *kyso_consent_ask_finish(GAsyncResult *result, GArray **ret_left_out, GError **error);

/* The PIN for one more signature with a key that wants it for each: no login is made. */
void kyso_consent_ask_again_async(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec,
                                  GAsyncReadyCallback done, gpointer user_data);

/* *ret_pin is the read end of the PIN's pipe, or -1 where the reader's keypad takes it. */
gboolean kyso_consent_ask_again_finish(GAsyncResult *result, KysoFd *ret_pin, GError **error);
