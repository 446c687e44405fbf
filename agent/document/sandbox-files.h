/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The file wall: Landlock, by raw system calls (glibc 2.36 has no wrappers).
 */

#include <glib.h>

/* From here on only @folders (NULL-ended, or NULL: none) can be read and nothing be written,
 * connected to or signalled. *ret_is_fenced is FALSE where the kernel has no Landlock: not an
 * error, the caller then forbids opening. no_new_privs must be set. KYSO_ERROR_INTERNAL. */
gboolean kyso_sandbox_files_fence(const char *const *folders, gboolean *ret_is_fenced,
                                  GError **error);
