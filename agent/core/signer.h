/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The signing module: certificates, CMS, policy, journal and the methods that need them. It is
 * loaded at the first request for one of these, so that an idle agent holds neither OpenSSL nor
 * SQLite. It is never unloaded. Main thread only.
 */

#include "agent/core/methods.h"

typedef struct {
    const char *name;
    KysoHandler handler;
} KysoSignerMethod;

/* What the module exports under the name "kyso_signer_module". */
typedef struct {
    /* Reads trust, roles and journal. KYSO_ERROR_CONFIGURATION, KYSO_ERROR_JOURNAL_*. */
    KysoSigner *(*open)(KysoAgent *agent, GError **error);
    void (*close)(KysoSigner *self);
    void (*connection_closed)(KysoSigner *self, KysoConnection *connection);
    const KysoSignerMethod *methods; /* ends with a NULL name */
} KysoSignerModule;

extern const KysoSignerModule kyso_signer_module;

/* The handler of method @name; loads and opens the module at the first call. Where opening failed,
 * the next call tries again: a mended configuration needs no restart. */
KysoHandler kyso_signer_find_handler(KysoAgent *agent, const char *name, GError **error);

void kyso_signer_forget_connection(KysoAgent *agent, KysoConnection *connection);
void kyso_signer_free(KysoAgent *agent);
