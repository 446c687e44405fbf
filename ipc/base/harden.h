/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What each of our processes does to itself before it reads a byte from anybody.
 */

#include <glib.h>

/* No core dump, not dumpable (so no ptrace and no /proc/PID/mem by the same user), no new
 * privileges, umask 077, SIGPIPE and SIGXFSZ ignored, descriptors 0 to 2 open. Aborts where the
 * kernel says no.
 */
void kyso_harden_process(void);

/* Lowers one of the process's limits (RLIMIT_AS, ...) to @limit, for good; one that is lower
 * already stays. KYSO_ERROR_INTERNAL. */
gboolean kyso_harden_limit(int resource, guint64 limit, GError **error);

/* The umask as it was before: the user's, for files that are handed over to him. */
guint kyso_harden_user_umask(void);
