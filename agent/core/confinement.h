/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which walls stand around the helper programs on this machine, for service.info. The kernel is
 * asked, no helper is started.
 */

#include "ipc/wire/json.h"

/* A new object: program -> what holds. */
json_t *kyso_confinement_describe(void);
