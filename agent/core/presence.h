/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * No login outlives the person's presence: when the machine goes to sleep or the screen is locked
 * all of them end, with KYSO_ERROR_LOGIN_ENDED. Main thread only.
 */

#include "agent/core/agent.h"

/* Called for each login that is made; it is watched as long as it lives. */
void kyso_presence_guard(KysoAgent *agent, KysoLogin *login);

/* No login lives any more, or none is watched. */
void kyso_presence_free(KysoPresence *self);
