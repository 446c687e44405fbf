/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The walls around a process that reads hostile files. There is no way back; the caller has opened
 * and loaded before whatever it needs.
 *
 * Inside: the descriptors it has, memory, memfds, the clock. Never: a new file for writing, a
 * network socket, another process, a signal to one, code that was not there before.
 * Opening a file or socket fails with EACCES (libraries live with that); what no library of ours
 * has a reason to try (execve, ptrace, mount, ...) kills the process.
 */

#include <glib.h>

/* Enters. @folders (NULL-ended, or NULL) may still be read where the kernel has Landlock (5.13);
 * without Landlock, or without folders, no file can be opened at all. FALSE with
 * KYSO_ERROR_INTERNAL where the kernel refuses a wall: the process must end. */
gboolean kyso_sandbox_enter(const char *const *folders, GError **error);
