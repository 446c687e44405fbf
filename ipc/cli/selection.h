/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The certificates on the tokens, as people see and choose them.
 */

#include "ipc/cli/cli.h"

/* One credential of the result of credentials.list, as a block of lines. */
void kyso_selection_print(const KysoResult *credentials, guint i);

/* The credential meant by @wanted: its whole id, or 8 or more hex digits that one id here starts
 * with; NULL: the only fitting one for @purpose. One that is not there is left for the agent to
 * refuse. g_free. NULL with *ret_exit after telling why. */
char *kyso_selection_choose(KysoCli *cli, const char *wanted, const char *purpose, int *ret_exit);
