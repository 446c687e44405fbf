/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The password of an encrypted PDF on its way from a person to kyso: out of a file or a terminal
 * that does not echo, into a memfd. In this process it stands in locked memory only; never an
 * argument, in the environment or on the screen.
 */

#include "ipc/cli/cli.h"

/* A new descriptor of what @file holds, without one line's end behind it. "-": standard input,
 * which is asked without echo where it is a terminal; NULL: none, *ret is -1. KYSO_ERROR_CANCELLED
 * where nothing was typed, KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_cli_password_open(const char *file, int *ret, GError **error);

/* TRUE where @error says that a password is needed, none was given in *fd (-1), and a person at the
 * terminal has now typed one: *fd is its descriptor, and @error is cleared. */
gboolean kyso_cli_password_ask(const KysoCli *cli, int *fd, GError **error);
