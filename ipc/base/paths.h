/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where things are. Every function returns a new string (g_free).
 */

#include <glib.h>

/* $XDG_RUNTIME_DIR/kyso/agent.sock; without XDG_RUNTIME_DIR, /run/user/UID/kyso/agent.sock. */
char *kyso_paths_socket(void);

/* $XDG_STATE_HOME/kyso: journal and private copies. */
char *kyso_paths_state(void);

/* The configuration of the machine: /etc/kyso. */
char *kyso_paths_configuration(void);

/* Absolute path of one of our own programs ("kyso-token"). Beside the running program where that
 * stands in a build tree (@build_folder: "pkcs11/worker"), else in the installed libexec folder. */
char *kyso_paths_program(const char *name, const char *build_folder);

/* The same for what comes with kyso as data ("modules.d", "packaging"): DATADIR/kyso/modules.d. */
char *kyso_paths_data(const char *name, const char *build_folder);

/* Makes @dir and its parents with mode 0700 where missing. KYSO_ERROR_OUTPUT_NOT_WRITABLE. */
gboolean kyso_paths_make_private(const char *dir, GError **error);

/* TRUE where @path, links resolved, is a regular file or folder owned by root or by us and
 * writable by nobody else, and so is every folder above it (sticky folders are allowed).
 * KYSO_ERROR_CONFIGURATION says which part is not. */
gboolean kyso_paths_is_trusted(const char *path, GError **error);
