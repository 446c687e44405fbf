/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * kyso tokens --watch: what is there, then a line for each change, until it is interrupted.
 */

#include "ipc/cli/cli.h"

/* The exit code. */
int kyso_token_events_print(KysoCli *cli);
