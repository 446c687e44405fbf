/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who is at the other end of a socket: facts, no decisions.
 *
 * The executable and the unit are read at the first asking, through the pidfd taken when the
 * connection was made, so that a re-used pid is never mistaken for the caller. Ref-counted, one
 * thread.
 */

#include <glib.h>
#include <sys/types.h>

typedef struct _KysoPeer KysoPeer;

/* The peer of connected socket @fd (SO_PEERCRED, SO_PEERPIDFD where the kernel has it). */
KysoPeer *kyso_peer_new(int fd, GError **error);
KysoPeer *kyso_peer_ref(KysoPeer *self);
void kyso_peer_unref(KysoPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPeer, kyso_peer_unref)

uid_t kyso_peer_uid(KysoPeer *self);
pid_t kyso_peer_pid(KysoPeer *self);

/* Resolved executable, or "" where it cannot be known (gone, other mount namespace). */
const char *kyso_peer_executable(KysoPeer *self);

/* The systemd unit out of the cgroup, or "". */
const char *kyso_peer_unit(KysoPeer *self);

/* TRUE where the peer sees the same files as we do, so that its paths mean what it thinks. */
gboolean kyso_peer_shares_mounts(KysoPeer *self);
