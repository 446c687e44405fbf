/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where pinentry shows itself: its environment and its options.
 *
 * The environment is built from nothing out of a list of names, so that no LD_PRELOAD, GTK_MODULES
 * or the like of whoever started the agent gets into the program that reads the PIN.
 */

#include "ipc/wire/json.h"

/* New "NAME=value" list. The screen's own variables come from @given alone where that is not NULL
 * (strings; other names are left out), else from our environment; the rest from ours. */
char **kyso_screen_environment(const json_t *given, const char *language);

/* New list of "name=value" for Assuan's OPTION: the terminal of @environment, and the character
 * set. curses fails with the name of a locale that this machine has not generated (vi_VN.UTF-8), so
 * it is told the one that every machine has. */
char **kyso_screen_options(char **environment);
