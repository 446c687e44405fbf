/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent: what its methods share. Main thread only.
 *
 * Nothing of a token, a certificate or the journal is loaded before somebody asks for it: an idle
 * agent is a socket. What needs OpenSSL or SQLite stands in a module of its own (signer.h).
 */

#include "agent/core/configuration.h"
#include "agent/core/job.h"
#include "agent/prompt/prompt.h"
#include "pkcs11/pcsc/monitor.h"
#include "pkcs11/pool/pool.h"

typedef struct _KysoSigner KysoSigner;
typedef struct _KysoTokenWatch KysoTokenWatch;
typedef struct _KysoSleepWatch KysoSleepWatch;

typedef struct {
    KysoConfiguration *configuration;
    KysoJobs *jobs;
    KysoSigner *signer;       /* NULL until the signing module is loaded */
    KysoPool *pool;           /* NULL until first asked for */
    KysoPcscMonitor *monitor; /* NULL until somebody wants to know of readers */
    KysoPrompt *prompt;
    KysoTokenWatch *token_watch; /* NULL while no connection watches */
    KysoSleepWatch *sleep_watch; /* made with the pool; on the bus while a login lasts */
    guint login_timer;           /* until a login is one that lasts */
} KysoAgent;

/* Takes @configuration. */
KysoAgent *kyso_agent_new(KysoConfiguration *configuration);
void kyso_agent_free(KysoAgent *self);

/* Borrowed. KYSO_ERROR_CONFIGURATION where the list of modules cannot be read. */
KysoPool *kyso_agent_get_pool(KysoAgent *self, GError **error);
/* Borrowed. Looking at the readers from the first call on. */
KysoPcscMonitor *kyso_agent_get_monitor(KysoAgent *self);
KysoPrompt *kyso_agent_get_prompt(KysoAgent *self);

/* Serves @listen_fd (taken) with the methods of methods.h until freed. */
KysoServer *kyso_agent_serve(KysoAgent *self, int listen_fd);
