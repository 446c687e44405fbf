/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * All lanes of a pool asked for their tokens at the same time, and those that come meanwhile too.
 * Whoever looks for one certificate is answered by the first lane that has it: a token that does
 * not answer never delays another. Whoever wants the whole list is answered after a few seconds
 * without those that are still silent.
 *
 * Main thread only. Used inside this folder.
 */

#include "pkcs11/pool/pool.h"

typedef struct {
    KysoPool *pool;     /* a reference is taken */
    const char *wanted; /* credential id; NULL: the whole list */
    guint deadline_ms;  /* of each lane */
} KysoSurveySpec;

void kyso_survey_start_async(const KysoSurveySpec *spec, GCancellable *cancellable,
                             GAsyncReadyCallback done, gpointer user_data);

/* New references: the tokens in the lanes' order, and the faults of those that could not be asked.
 * *ret_token (may be NULL): the one that has the wanted certificate, or NULL. FALSE only where
 * cancelled. */
gboolean kyso_survey_start_finish(GAsyncResult *result, GPtrArray **ret_tokens,
                                  GPtrArray **ret_faults, KysoToken **ret_token, GError **error);
