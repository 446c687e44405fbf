/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent's side of the tokens: one kyso-token process for each module and, where it is a PC/SC
 * module, for each card that may be its own. Started when needed, killed past a deadline, replaced
 * after any fault. One broken module, or one token that does not answer, never spoils the others.
 *
 * PC/SC is the truth about presence: what is asked of a token that is taken out fails at once, and
 * no process or handle serves two insertions. A worker that crashes or hangs is started again at
 * once, then later and later; from the fourth time within a minute its module is left alone, at
 * that reader where it works by reader, for five minutes, or until a token is plugged in there
 * (KYSO_ERROR_MODULE_QUARANTINED).
 *
 * The PIN never comes here: its pipe's read end is handed on to the worker. A caller names a
 * certificate, never a module, slot or label. No worker outlives 30 idle seconds or one login; the
 * card is reset after a login, so that no other program can use it. Main thread only; nothing
 * polls.
 *
 * Signals: "changed": tokens may have come or gone; "logins-changed": kyso_pool_count_logins may
 * have.
 *
 * Errors of all calls, besides those named: KYSO_ERROR_TOKEN_HUNG (past the deadline),
 * KYSO_ERROR_TOKEN_CRASHED (names module and signal), KYSO_ERROR_TOKEN_REMOVED,
 * KYSO_ERROR_TOKEN_FAILED (details {"ckr": "0x30", "function": "C_Sign"}),
 * KYSO_ERROR_MODULE_FAILED, KYSO_ERROR_MODULE_QUARANTINED (details {"module": path, "crashes": n,
 * "last": text, "seconds_left": n}), KYSO_ERROR_CANCELLED.
 */

#include "pkcs11/pcsc/monitor.h"
#include "pkcs11/pool/login.h"
#include "pkcs11/pool/modules.h"
#include "pkcs11/token/token.h"

#define KYSO_TYPE_POOL (kyso_pool_get_type())
G_DECLARE_FINAL_TYPE(KysoPool, kyso_pool, KYSO, POOL, GObject)

/* A module, or a reader, that could not be asked. */
typedef struct {
    char *path; /* or the reader's name, or "pcscd" */
    GError *error;
} KysoModuleFault;
void kyso_module_fault_free(KysoModuleFault *self);

/* @modules: KysoModule, a reference is taken; those with a fault are only reported.
 * @worker_program: absolute path of kyso-token. Nothing is started yet. */
KysoPool *kyso_pool_new(GPtrArray *modules, const char *worker_program);

/* From now on the modules that know PC/SC readers are asked too, a worker for each card.
 * @reset_program: absolute path of kyso-card-reset. Once. */
void kyso_pool_attach_readers(KysoPool *self, KysoPcscMonitor *monitor, const char *reset_program);

/* TRUE as long as the insertion lasts in which @credential was seen. */
gboolean kyso_pool_has(KysoPool *self, const KysoCredential *credential);

/* Why kyso_pool_has is FALSE: KYSO_ERROR_TOKEN_REMOVED, or KYSO_ERROR_TOKEN_CHANGED where another
 * card, or the same one put in anew, is in its reader. */
GError *kyso_pool_explain_absence(KysoPool *self, const KysoCredential *credential);

/* Live ones. */
guint kyso_pool_count_logins(KysoPool *self);

/* Every live login, and each that is under way or waits for its turn, ends with @reason: no PIN
 * that was typed before is used afterwards. */
void kyso_pool_end_logins(KysoPool *self, const GError *reason);

/* Lists the tokens of all modules, in the modules' order, without any PIN. A module with a live
 * login answers from the listing made before it. Each module has @deadline_ms; one that is silent
 * for five seconds is told as a fault (KYSO_ERROR_TOKEN_HUNG) and not waited for. */
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
 * this certificate. Where it was not found and there was a fault, that fault; of these
 * KYSO_ERROR_PCSC_UNAVAILABLE and KYSO_ERROR_READER_BUSY are found only here. */
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

/* The same with a PIN typed for this one signature, read from @pin_fd to its end (borrowed,
 * duplicated before this returns); @deadline_ms then includes the time until it is written. For a
 * login of kyso_login_wants_pin_each_time; KYSO_ERROR_WRONG_PARAMETERS with any other. */
void kyso_pool_sign_with_pin_async(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash,
                                   GBytes *digest, int pin_fd, guint deadline_ms,
                                   GCancellable *cancellable, GAsyncReadyCallback done,
                                   gpointer user_data);

/* The signature, already verified with the certificate's key. KYSO_ERROR_MECHANISM_UNSUPPORTED,
 * KYSO_ERROR_SIGNATURE_WRONG, KYSO_ERROR_NOT_SUPPORTED (a second signature with a key that wants
 * the PIN for each, without one). With a PIN: KYSO_ERROR_PIN_INCORRECT and KYSO_ERROR_PIN_LOCKED as
 * from a login, KYSO_ERROR_PIN_CANCELLED (nothing was written: no try was made); of these only
 * PIN_LOCKED spends the login. */
GBytes *kyso_pool_sign_finish(KysoLogin *login, GAsyncResult *result, GError **error);

/* The process of @module_path now running, or 0. For diagnostics and tests. */
GPid kyso_pool_get_worker_pid(KysoPool *self, const char *module_path);
