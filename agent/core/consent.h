/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A person's yes and the PIN: asks through kyso-prompt, hands the PIN's pipe on to kyso-token, and
 * gives back the login. The two ends of the pipe pass through here; its bytes never do. Main
 * thread only.
 */

#include "agent/core/agent.h"
#include "agent/pki/certificate.h"

typedef struct {
    KysoCredential *credential;
    const KysoToken *token;
    const KysoCertificate *certificate;
    gboolean is_agency;
    const char *purpose; /* name of the API */
    const KysoAskDocument *documents;
    guint n_documents;
} KysoConsentSpec;

/* Nothing of @spec needs to outlive the call. */
void kyso_consent_ask_async(KysoAgent *agent, KysoJob *job, const KysoConsentSpec *spec,
                            GAsyncReadyCallback done, gpointer user_data);

/* KYSO_ERROR_PIN_LOCKED (nothing was asked), and the errors of agent/prompt/prompt.h and
 * kyso_pool_login_finish. */
KysoLogin *kyso_consent_ask_finish(GAsyncResult *result, GError **error);
