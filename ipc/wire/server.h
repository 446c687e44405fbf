/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The listening socket and its connections: all behind one epoll descriptor in the main loop, so
 * that a thousand idle clients cost nothing.
 *
 * A foreign uid is told KYSO_ERROR_FOREIGN_USER and closed. Too many clients: the new one is told
 * KYSO_ERROR_TOO_MANY_CLIENTS and closed. Main thread only.
 */

#include "ipc/wire/channel.h"
#include "ipc/wire/peer.h"

typedef struct _KysoServer KysoServer;
typedef struct _KysoConnection KysoConnection;

typedef struct {
    /* A whole message; @message is borrowed, its descriptors may be taken. */
    void (*message_received)(KysoConnection *connection, KysoMessage *message, gpointer user_data);
    /* The connection is about to be freed: forget it. */
    void (*connection_closed)(KysoConnection *connection, gpointer user_data);
} KysoServerEvents;

/* Takes @listen_fd (bound and listening). */
KysoServer *kyso_server_new(int listen_fd, guint max_connections, const KysoServerEvents *events,
                            gpointer user_data);
void kyso_server_free(KysoServer *self); /* closes all connections */
guint kyso_server_get_n_connections(KysoServer *self);

/* A listening socket at @path, mode 0600 in a folder of mode 0700. A socket left by a dead agent is
 * replaced; one that answers is not: KYSO_ERROR_CONFIGURATION. */
int kyso_server_listen(const char *path, GError **error);

/* The socket handed over by systemd (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS), or -1. Clears the
 * variables. */
int kyso_server_take_activated(void);

/* Sends; a connection that cannot take it is closed at the next turn of the loop. */
void kyso_connection_send(KysoConnection *self, const json_t *body, const int *fds, guint n_fds);
KysoPeer *kyso_connection_peer(KysoConnection *self);
