/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A wall around the files that a process can reach: Landlock, by raw system calls (glibc 2.36 has
 * no wrappers). There is no way back. Before the process has a second thread.
 */

#include <glib.h>

typedef struct {
    const char *const *readable; /* files and folders, NULL-ended; NULL: none */
    const char *const *writable; /* can be read, too */
    gboolean may_use_tcp;
} KysoFence;

/* The version of Landlock that the kernel has; 0: none. */
int kyso_fence_abi(void);

/* From here on only the places of @self can be read and written; nothing can be executed, no
 * process outside be signalled, no abstract socket of others be connected to; as far as the
 * kernel's version knows that right. A place that is not there needs no rule. *ret_abi is that of
 * kyso_fence_abi: 0 is not an error, the caller then closes other ways. no_new_privs must be set.
 * KYSO_ERROR_INTERNAL. */
gboolean kyso_fence_close(const KysoFence *self, int *ret_abi, GError **error);
