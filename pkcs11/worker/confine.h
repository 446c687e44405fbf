/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The walls around a vendor's module: limits, Landlock, a filter of system calls.
 *
 * Inside it can read files, write where it was allowed to, run threads and speak to pcscd. Never:
 * the network, a program, a process of its own, a signal or a trace to another one, a file made or
 * changed elsewhere. What is refused fails with EPERM or EACCES and kills nobody: modules try a lot
 * that they can do without.
 */

#include <glib.h>

typedef struct {
    const char *const *writes; /* files and folders, NULL-ended; NULL: none */
    gboolean network;          /* may be used */
} KysoConfinement;

/* Enters; there is no way back. Before the module is loaded and before there is a second thread;
 * the process is hardened already (ipc/base/harden.h). A folder that may be written to and is
 * missing is made. Without Landlock the walls around files are not there: service.info tells.
 * FALSE with KYSO_ERROR_INTERNAL where the kernel refuses a wall: the process must end. */
gboolean kyso_confine_enter(const KysoConfinement *self, GError **error);
