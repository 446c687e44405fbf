/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent's side of the tokens: one kyso-token process for each module, started when needed,
 * killed past a deadline, replaced after any fault. One broken module never spoils the others.
 *
 * The PIN never comes here: its pipe's read end is handed on to the worker. A caller names a
 * certificate, never a module, slot or label. No worker outlives 30 idle seconds or one login.
 * Main thread only; nothing polls.
 *
 * Errors of all calls, besides those named: KYSO_ERROR_TOKEN_HUNG (past the deadline),
 * KYSO_ERROR_TOKEN_CRASHED (names module and signal), KYSO_ERROR_TOKEN_REMOVED,
 * KYSO_ERROR_TOKEN_FAILED (details {"ckr": "0x30", "function": "C_Sign"}),
 * KYSO_ERROR_MODULE_FAILED, KYSO_ERROR_CANCELLED.
 */

#include "pkcs11/pool/login.h"
#include "pkcs11/pool/modules.h"
#include "pkcs11/token/token.h"

#define KYSO_TYPE_POOL (kyso_pool_get_type())
G_DECLARE_FINAL_TYPE(KysoPool, kyso_pool, KYSO, POOL, GObject)

/* A module that could not be asked. */
typedef struct {
    char *path;
    GError *error;
} KysoModuleFault;
void kyso_module_fault_free(KysoModuleFault *self);

/* @modules: KysoModule, a reference is taken; those with a fault are only reported.
 * @worker_program: absolute path of kyso-token. Nothing is started yet. */
KysoPool *kyso_pool_new(GPtrArray *modules, const char *worker_program);

/* Lists the tokens of all modules, in the modules' order, without any PIN. A module with a live
 * login answers from the listing made before it. Each module has @deadline_ms. */
void kyso_pool_list_async(KysoPool *self, guint deadline_ms, GCancellable *cancellable,
                          GAsyncReadyCallback done, gpointer user_data);

/* KysoToken; *ret_faults (may be NULL): KysoModuleFault. Both arrays may be empty and own their
 * elements. NULL only where cancelled. */
GPtrArray *kyso_pool_list_finish(KysoPool *self, GAsyncResult *result, GPtrArray **ret_faults,
                                 GError **error);

/* The credential named @id on the tokens that are there now. */
void kyso_pool_find_async(KysoPool *self, const char *id, guint deadline_ms,
                          GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data);

/* *ret_token (may be NULL) is the token it is on, with the flags for the PIN question.
 * KYSO_ERROR_NO_TOKEN: no token at all and no fault; KYSO_ERROR_UNKNOWN_CREDENTIAL: tokens, but not
 * this certificate. Where it was not found and a module had a fault, that fault. */
KysoCredential *kyso_pool_find_finish(KysoPool *self, GAsyncResult *result, KysoToken **ret_token,
                                      GError **error);

/* Logs in once with the PIN read from @pin_fd to its end (borrowed, duplicated before this
 * returns; -1 where the token has its own keypad). Waits in order behind an earlier login on the
 * same module; @deadline_ms counts from its turn and includes the time until the PIN is written.
 * Cancelled when the PIN is on its way, it returns once the token has answered. */
void kyso_pool_login_async(KysoPool *self, KysoCredential *credential, int pin_fd,
                           guint deadline_ms, GCancellable *cancellable, GAsyncReadyCallback done,
                           gpointer user_data);

/* KYSO_ERROR_PIN_INCORRECT (details {"pin_count_low": bool, "pin_final_try": bool, "pin_locked":
 * bool, "tries_left": n or null}), KYSO_ERROR_PIN_LOCKED, KYSO_ERROR_PIN_CANCELLED (nothing was
 * written: no try was made), KYSO_ERROR_TOKEN_CHANGED, KYSO_ERROR_UNKNOWN_CREDENTIAL,
 * KYSO_ERROR_KEY_MISSING. Only PIN_INCORRECT has cost a try, and PIN_LOCKED where the token did not
 * say so before. */
KysoLogin *kyso_pool_login_finish(KysoPool *self, GAsyncResult *result, GError **error);

typedef enum {
    KYSO_SIGN_RSA_PKCS1, /* RFC 8017 §8.2 */
    KYSO_SIGN_RSA_PSS,   /* RFC 8017 §8.1, MGF1 of the same hash, salt as long as the digest */
    KYSO_SIGN_ECDSA,     /* DER SEQUENCE {r, s} (RFC 3279 §2.2.3) */
} KysoSignAlgorithm;

/* Signs @digest, which is @hash ("SHA256", "SHA384", "SHA512") of the data. In order of asking;
 * @deadline_ms counts from when the worker is given it. A cancelled call returns at once; the
 * token finishes what it had begun. */
void kyso_pool_sign_async(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                          GBytes *digest, guint deadline_ms, GCancellable *cancellable,
                          GAsyncReadyCallback done, gpointer user_data);

/* The signature, already verified with the certificate's key. KYSO_ERROR_MECHANISM_UNSUPPORTED,
 * KYSO_ERROR_SIGNATURE_WRONG, KYSO_ERROR_NOT_SUPPORTED (a second signature with a key that wants
 * the PIN for each). */
GBytes *kyso_pool_sign_finish(KysoLogin *login, GAsyncResult *result, GError **error);

/* Emits "changed": tokens may have come or gone. */
void kyso_pool_emit_changed(KysoPool *self);

/* Does the key of @login want the PIN for each signature? */
gboolean kyso_login_wants_pin_each_time(KysoLogin *login);

/* The same with the PIN read from @pin_fd (borrowed, duplicated before this returns; -1 where the
 * token has its own keypad). Ends in kyso_pool_sign_finish. */
void kyso_pool_sign_with_pin_async(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                                   GBytes *digest, int pin_fd, guint deadline_ms,
                                   GCancellable *cancellable, GAsyncReadyCallback done,
                                   gpointer user_data);

/* The process of @module_path now running, or 0. For diagnostics and tests. */
GPid kyso_pool_get_worker_pid(KysoPool *self, const char *module_path);
