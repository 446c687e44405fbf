/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Waits for pcscd's socket to be made, without looking for it again and again: inotify tells.
 *
 * One thread.
 */

#include <glib.h>

typedef struct _KysoPcscdSocket KysoPcscdSocket;

/* The socket that libpcsclite connects to (PCSCLITE_CSOCK_NAME, else pcscd's own). */
const char *kyso_pcscd_socket_path(void);

/* Starts watching: what happens to the socket from now on ends the next wait. Never NULL; where the
 * system gives no inotify, only @wake_fd and the time end a wait. */
KysoPcscdSocket *kyso_pcscd_socket_watch(const char *path);
void kyso_pcscd_socket_free(KysoPcscdSocket *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPcscdSocket, kyso_pcscd_socket_free)

typedef enum {
    KYSO_PCSCD_SOCKET_CHANGED,
    KYSO_PCSCD_SOCKET_WOKEN, /* @wake_fd is readable */
    KYSO_PCSCD_SOCKET_TIMED_OUT,
} KysoPcscdSocketEnd;

/* Blocks until the socket was made or changed, @wake_fd is readable, or @timeout_ms (-1: never). */
KysoPcscdSocketEnd kyso_pcscd_socket_wait(KysoPcscdSocket *self, int wake_fd, int timeout_ms);
