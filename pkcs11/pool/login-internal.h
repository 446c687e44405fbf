/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Inside of a login: made by the lane, signed with by pool-sign.c.
 */

#include "pkcs11/pool/lane.h"

struct _KysoLogin {
    GObject parent_instance;
    KysoLane *lane;
    KysoHelper *helper;
    gint64 number; /* the worker's */
    KysoCredential *credential;
    char *key_type;
    char *key_curve; /* NULL for RSA */
    guint key_bits;
    gboolean wants_pin_each_time;
    GQueue waiting; /* signatures not yet handed to the worker, oldest first */
    guint n_in_flight;
    GError *fault; /* NULL: usable */
};

/* @result is the worker's answer to token.login. KYSO_ERROR_MODULE_FAILED: it makes no sense. */
KysoLogin *kyso_login_new(KysoLane *lane, KysoHelper *helper, KysoCredential *credential,
                          const json_t *result, GError **error);

/* After a fault of the token, or when its time is over (@error, copied): no signature any more, who
 * waits for one is told, the worker is killed and the lane is free. */
void kyso_login_break(KysoLogin *self, const GError *error);

/* Every signature that was not handed to the worker fails with the login's fault. In pool-sign.c.
 */
void kyso_login_fail_waiting(KysoLogin *self);
