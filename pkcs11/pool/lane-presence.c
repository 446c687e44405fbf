/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A lane whose token comes or goes. */

#include "pkcs11/pool/lane-internal.h"

#include "pkcs11/pool/lane-step.h"
#include "pkcs11/pool/login-internal.h"
#include "pkcs11/token/token.h"

void
kyso_lane_end_login(KysoLane *self, const GError *reason)
{
    if (self->state == LANE_LOGGED_IN) {
        kyso_login_break(self->login, reason);
    } else if (self->state == LANE_LOGGING_IN) {
        g_clear_error(&self->doom);
        self->doom = g_error_copy(reason);
    }
}

void
kyso_lane_end_logins(KysoLane *self, const GError *reason)
{
    g_autoptr(KysoLane) alive = g_object_ref(self);

    kyso_lane_step_fail_logins(&self->waiting, reason); /* or the next of them would begin */
    kyso_lane_end_login(self, reason);
}

void
kyso_lane_end(KysoLane *self, const GError *reason)
{
    if (self->ended != NULL)
        return;

    g_autoptr(KysoLane) alive = g_object_ref(self);
    self->ended = g_error_copy(reason);
    if (self->pause_timer != 0)
        g_source_remove(self->pause_timer);
    self->pause_timer = 0;
    kyso_lane_end_login(self, reason);
    kyso_lane_worker_kill(self->worker); /* what is asked of it now ends with "ended" */
    kyso_lane_step_fail_all(&self->waiting, self->ended);
    if (self->state == LANE_PAUSED || self->state == LANE_WAITING_FOR_TURN)
        kyso_lane_become_free(self);
}

void
kyso_lane_refresh(KysoLane *self)
{
    if (self->state < LANE_LISTING)
        kyso_lane_worker_retire(self->worker);
    else
        self->is_stale = TRUE;
}

gboolean
kyso_lane_uses_reader(KysoLane *self, const char *name)
{
    if (self->login == NULL || self->tokens == NULL)
        return FALSE;

    const char *serial = kyso_login_get_credential(self->login)->token_serial;
    for (guint i = 0; i < self->tokens->len; i++) {
        const KysoToken *token = self->tokens->pdata[i];
        if (g_str_equal(token->serial, serial) && token->reader[0] != '\0' &&
            g_str_has_prefix(name, token->reader)) /* PKCS#11 cuts it to 64 bytes */
            return TRUE;
    }
    return FALSE;
}
