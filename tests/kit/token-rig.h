/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Software tokens for a test (tests/kit/softhsm), a pool over them, and the pool's calls made to
 * wait. The module is p11fault, so that a test can make the token misbehave.
 *
 * A failure of the rig itself ends the test.
 */

#include "pkcs11/pool/pool.h"

#define TOKEN_RIG_PIN "73519482" /* digits that stand nowhere else in memory */

typedef struct {
    char *dir;
    char *module;          /* path of p11fault.so */
    GKeyFile *credentials; /* credentials.ini */
    KysoPool *pool;
} TokenRig;

/* @with: the names for softhsm's --with; may be "". */
TokenRig *token_rig_new(const char *with);
void token_rig_free(TokenRig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenRig, token_rig_free)

/* From the next call of the module on, in running workers too; NULL: no harm. */
void token_rig_set_rules(TokenRig *self, const char *rules);

/* Calls of @function that reached the module in all workers so far. */
guint token_rig_count(TokenRig *self, const char *function);

/* A member of the credential in credentials.ini. g_free. */
char *token_rig_get(TokenRig *self, const char *name, const char *member);

/* The pool's calls, with a deadline of @deadline_ms where it is not 0. */
GPtrArray *token_rig_list(TokenRig *self, guint deadline_ms, GPtrArray **ret_faults);
KysoCredential *token_rig_find(TokenRig *self, const char *name, KysoToken **ret_token,
                               GError **error);
KysoLogin *token_rig_login(TokenRig *self, KysoCredential *credential, const char *pin,
                           guint deadline_ms, GError **error);
GBytes *token_rig_sign(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                       guint deadline_ms, GError **error);

/* find and login, with the right PIN; aborts where that fails. */
KysoLogin *token_rig_open(TokenRig *self, const char *name);

/* TRUE where @signature is one of token_rig_sign's digest by the named certificate. */
gboolean token_rig_verify(TokenRig *self, const char *name, KysoSignAlgorithm algorithm,
                          const char *hash, GBytes *signature);

/* Turns the main loop until no worker of the module runs. */
void token_rig_wait_for_end(TokenRig *self, GPid worker);
