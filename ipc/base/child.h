/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Child processes that are owned: started with exactly the descriptors given, watched through a
 * pidfd, ended by SIGKILL, reaped always.
 *
 * A child gets descriptors 0 (null), 1 (null), 2 (ours) and from 3 on those it was given. It ends
 * with its parent. Main thread only.
 */

#include <glib-object.h>

#define KYSO_TYPE_CHILD (kyso_child_get_type())
G_DECLARE_FINAL_TYPE(KysoChild, kyso_child, KYSO, CHILD, GObject)

typedef struct {
    const char *const *argv; /* argv[0] is an absolute path */
    const char *const *envp; /* NULL: our environment */
    const int *fds;          /* become 3, 4, ...; not taken */
    guint n_fds;
} KysoChildSpec;

/* Called once, from the main loop of the starting thread. @status is that of waitid: exit code
 * where @signal is 0. */
typedef void (*KysoChildEnded)(KysoChild *child, int exit_code, int signal, gpointer user_data);

/* NULL with KYSO_ERROR_INTERNAL where the program cannot be started. */
KysoChild *kyso_child_start(const KysoChildSpec *spec, KysoChildEnded ended, gpointer user_data,
                            GError **error);

GPid kyso_child_get_pid(KysoChild *self);
gboolean kyso_child_is_running(KysoChild *self);

/* SIGKILL; `ended` follows from the main loop. Dropping the last reference kills and reaps too,
 * without the call. */
void kyso_child_kill(KysoChild *self);
