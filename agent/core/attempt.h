/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One attempt to sign on its way into the journal: filled as facts become known, written once with
 * its outcome. Main thread only.
 */

#include "agent/core/signer-state.h"
#include "agent/journal/record.h"

/* A record with who asks and what for. */
KysoRecord *kyso_attempt_new(KysoJob *job, const char *purpose);

/* What is known of the key. */
void kyso_attempt_set_certificate(KysoRecord *record, const KysoCertificate *certificate,
                                  KysoRole role, const char *token_serial);

/* The outcome that @error means: a person's no, a rule's no, or a fault. */
void kyso_attempt_set_failure(KysoRecord *record, const GError *error);
