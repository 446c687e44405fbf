/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One login on one token: from the right PIN until the last reference is dropped.
 *
 * Dropped, it is logged out and its worker process ends, so that no PIN and no opened key stays in
 * memory. It never outlives the worker: after any fault of the token it is spent, and every later
 * signature fails at once. Main thread only.
 */

#include "pkcs11/token/credential.h"

#include <gio/gio.h>

#define KYSO_TYPE_LOGIN (kyso_login_get_type())
G_DECLARE_FINAL_TYPE(KysoLogin, kyso_login, KYSO, LOGIN, GObject)

/* Borrowed. */
KysoCredential *kyso_login_get_credential(KysoLogin *self);
const char *kyso_login_get_key_type(KysoLogin *self); /* "RSA" or "EC" */
guint kyso_login_get_key_bits(KysoLogin *self);
const char *kyso_login_get_key_curve(KysoLogin *self); /* "P-256", "P-384"; NULL for RSA */

/* TRUE: the token wants the PIN with each signature. The first takes that of the login; each
 * further one is asked for with kyso_pool_sign_with_pin_async. */
gboolean kyso_login_wants_pin_each_time(KysoLogin *self);

/* FALSE once a fault has spent it. */
gboolean kyso_login_is_usable(KysoLogin *self);
