/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "ipc/wire/rpc.h"
#include "ipc/wire/watch.h"

#define EVENTS_A_TURN 64
#define MESSAGES_A_TURN 256 /* of one connection, so that none starves the others */
#define BACKLOG 128
#define ACCEPT_AGAIN_S 1    /* after the system had no descriptor or memory for a connection */
#define OWN_DESCRIPTORS 512 /* of the whole program, besides two a connection */
#define ACTIVATED_FD 3

struct _KysoServer {
    int listen_fd;
    int epoll_fd;
    guint watch;
    guint max_connections;
    GHashTable *connections; /* set of KysoConnection */
    GPtrArray *closing;      /* freed at the end of the turn */
    guint closing_source;
    guint accept_again; /* timer, while no connection is accepted */
    const KysoServerEvents *events;
    gpointer user_data;
};

struct _KysoConnection {
    KysoServer *server;
    KysoChannel *channel;
    KysoPeer *peer;
    guint32 watched;       /* epoll events */
    guint continue_source; /* more messages are already in the buffer */
    gboolean is_closing;
};

static void
connection_free(KysoConnection *self)
{
    if (self->continue_source != 0)
        g_source_remove(self->continue_source);
    kyso_channel_free(self->channel);
    kyso_peer_unref(self->peer);
    g_free(self);
}

static void
free_closing(KysoServer *self)
{
    while (self->closing->len > 0) {
        KysoConnection *connection = g_ptr_array_steal_index_fast(self->closing, 0);
        self->events->connection_closed(connection, self->user_data);
        g_hash_table_remove(self->connections, connection);
    }
}

static gboolean
free_closing_later(gpointer user_data)
{
    KysoServer *self = user_data;

    self->closing_source = 0;
    free_closing(self);
    return G_SOURCE_REMOVE;
}

/* Freed from the loop, never under the feet of a caller that still holds the connection. */
static void
close_connection(KysoConnection *connection)
{
    KysoServer *self = connection->server;

    if (connection->is_closing)
        return;
    connection->is_closing = TRUE;
    epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, kyso_channel_fd(connection->channel), NULL);
    g_ptr_array_add(self->closing, connection);
    if (self->closing_source == 0)
        self->closing_source = g_idle_add_full(G_PRIORITY_HIGH, free_closing_later, self, NULL);
}

static void
watch(KysoConnection *connection, int operation)
{
    guint32 wanted = EPOLLIN | (kyso_channel_has_unsent(connection->channel) ? EPOLLOUT : 0u);
    struct epoll_event event = {.events = wanted, .data.ptr = connection};

    if (operation == EPOLL_CTL_MOD && wanted == connection->watched)
        return;
    connection->watched = wanted;
    if (epoll_ctl(connection->server->epoll_fd, operation, kyso_channel_fd(connection->channel),
                  &event) < 0)
        close_connection(connection);
}

void
kyso_connection_send(KysoConnection *connection, const json_t *body, const int *fds, guint n_fds)
{
    if (connection->is_closing)
        return;
    if (kyso_channel_send(connection->channel, body, fds, n_fds, NULL))
        watch(connection, EPOLL_CTL_MOD);
    else
        close_connection(connection);
}

static void
send_error(KysoConnection *connection, const json_t *id, const GError *error)
{
    g_autoptr(json_t) body = kyso_rpc_error(id, error);
    kyso_connection_send(connection, body, NULL, 0);
}

/* The id under which a bad message can be answered, or NULL. */
static const json_t *
readable_id(const KysoMessage *message)
{
    json_t *id = message != NULL ? json_object_get(message->body, "id") : NULL;
    return json_is_string(id) || json_is_integer(id) ? id : NULL;
}

static gboolean
continue_reading(gpointer user_data)
{
    KysoConnection *connection = user_data;
    connection->continue_source = 0;

    for (guint n = 0; !connection->is_closing; n++) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) error = NULL;

        if (n == MESSAGES_A_TURN) {
            /* Not idle priority: the socket itself is ready still and would always go first. */
            connection->continue_source =
                g_idle_add_full(G_PRIORITY_DEFAULT, continue_reading, connection, NULL);
            break;
        }
        KysoReceived received = kyso_channel_receive(connection->channel, &message, &error);
        if (received == KYSO_RECEIVED_NOTHING)
            break;
        if (received == KYSO_RECEIVED_MESSAGE) {
            connection->server->events->message_received(connection, message,
                                                         connection->server->user_data);
            continue;
        }
        if (error != NULL)
            send_error(connection, readable_id(message), error);
        if (received != KYSO_RECEIVED_BAD)
            close_connection(connection);
    }
    return G_SOURCE_REMOVE;
}

/* Told once, on a socket that nobody serves: what does not fit into its buffer is lost. */
static void
turn_away(int fd, int code, const char *why)
{
    g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, code, why);
    g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
    g_autoptr(KysoChannel) channel = kyso_channel_new(fd);
    (void) kyso_channel_send(channel, body, NULL, 0, NULL);
}

static void
accept_one(KysoServer *self, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoPeer) peer = kyso_peer_new(fd, &error);

    if (peer == NULL) {
        turn_away(fd, KYSO_ERROR_INTERNAL, error->message);
        return;
    }
    if (kyso_peer_uid(peer) != geteuid()) {
        turn_away(fd, KYSO_ERROR_FOREIGN_USER, "the peer has another uid");
        return;
    }
    if (g_hash_table_size(self->connections) >= self->max_connections) {
        turn_away(fd, KYSO_ERROR_TOO_MANY_CLIENTS, "the limit is reached");
        return;
    }
    KysoConnection *connection = g_new0(KysoConnection, 1);
    connection->server = self;
    connection->channel = kyso_channel_new(fd);
    connection->peer = g_steal_pointer(&peer);
    g_hash_table_add(self->connections, connection);
    watch(connection, EPOLL_CTL_ADD);
}

static gboolean
accept_again(gpointer user_data)
{
    KysoServer *self = user_data;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    self->accept_again = 0;
    epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, self->listen_fd, &event);
    return G_SOURCE_REMOVE;
}

/* The waiting client keeps the socket ready: without a pause the loop would spin. */
static void
pause_accepting(KysoServer *self)
{
    struct epoll_event event = {.events = 0, .data.ptr = NULL};

    epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, self->listen_fd, &event);
    if (self->accept_again == 0)
        self->accept_again = g_timeout_add_seconds(ACCEPT_AGAIN_S, accept_again, self);
}

static void
accept_all(KysoServer *self)
{
    for (guint n = 0; n < EVENTS_A_TURN; n++) {
        int fd = accept4(self->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            accept_one(self, fd);
            continue;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            g_warning("accept: %s", g_strerror(errno));
            pause_accepting(self);
        }
        return;
    }
}

static gboolean
epoll_is_ready(int fd, GIOCondition condition, gpointer user_data)
{
    KysoServer *self = user_data;
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(self->epoll_fd, events, EVENTS_A_TURN, 0);

    for (int i = 0; i < n; i++) {
        KysoConnection *connection = events[i].data.ptr;
        if (connection == NULL) {
            accept_all(self);
            continue;
        }
        if (connection->is_closing)
            continue;
        if ((events[i].events & EPOLLOUT) != 0) {
            if (kyso_channel_flush(connection->channel, NULL))
                watch(connection, EPOLL_CTL_MOD);
            else
                close_connection(connection);
        }
        if ((events[i].events & ~(guint32) EPOLLOUT) != 0 && connection->continue_source == 0)
            continue_reading(connection);
    }
    return G_SOURCE_CONTINUE;
}

/* Each connection takes two: its socket and the pidfd of its peer. The soft limit of a session is
 * 1024 (systemd), the hard one far above. */
static void
raise_descriptor_limit(guint max_connections)
{
    struct rlimit limit;
    rlim_t wanted = 2 * (rlim_t) max_connections + OWN_DESCRIPTORS;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = MIN(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        g_warning("cannot raise the limit of descriptors: %s", g_strerror(errno));
}

KysoServer *
kyso_server_new(int listen_fd, guint max_connections, const KysoServerEvents *events,
                gpointer user_data)
{
    KysoServer *self = g_new0(KysoServer, 1);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    raise_descriptor_limit(max_connections);
    self->listen_fd = listen_fd;
    self->max_connections = max_connections;
    self->events = events;
    self->user_data = user_data;
    self->connections = g_hash_table_new_full(NULL, NULL, (GDestroyNotify) connection_free, NULL);
    self->closing = g_ptr_array_new();
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (self->epoll_fd < 0 || fcntl(listen_fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) < 0)
        g_error("cannot watch the socket: %s", g_strerror(errno));
    self->watch = kyso_watch_add(self->epoll_fd, G_IO_IN, epoll_is_ready, self);
    return self;
}

void
kyso_server_free(KysoServer *self)
{
    GHashTableIter iter;
    KysoConnection *connection;

    if (self == NULL)
        return;
    g_hash_table_iter_init(&iter, self->connections);
    while (g_hash_table_iter_next(&iter, (gpointer *) &connection, NULL))
        close_connection(connection);
    free_closing(self);
    if (self->closing_source != 0)
        g_source_remove(self->closing_source);
    if (self->accept_again != 0)
        g_source_remove(self->accept_again);
    g_source_remove(self->watch);
    g_hash_table_unref(self->connections);
    g_ptr_array_unref(self->closing);
    kyso_fd_close(self->epoll_fd);
    kyso_fd_close(self->listen_fd);
    g_free(self);
}

guint
kyso_server_get_n_connections(KysoServer *self)
{
    return g_hash_table_size(self->connections);
}

/* Does the process run that called listen()? A child that it had just forked when it was killed
 * keeps its socket open for a moment more. */
static gboolean
has_living_owner(int fd)
{
    struct ucred owner;
    socklen_t size = sizeof owner;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &owner, &size) < 0)
        return TRUE;
    g_auto(KysoFd) pidfd = (int) syscall(SYS_pidfd_open, owner.pid, 0);
    struct pollfd ended = {pidfd, POLLIN, 0};
    return pidfd >= 0 ? poll(&ended, 1, 0) == 0 : errno != ESRCH;
}

/* TRUE where somebody listens at @address; EAGAIN says that there are too many waiting already. */
static gboolean
is_served(const struct sockaddr_un *address)
{
    g_auto(KysoFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return FALSE;
    if (connect(fd, (const struct sockaddr *) address, sizeof *address) == 0)
        return has_living_owner(fd);
    return errno == EAGAIN;
}

int
kyso_server_listen(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *dir = g_path_get_dirname(path);
    g_auto(KysoFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: longer than %zu bytes", path,
                    sizeof address.sun_path - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    if (!kyso_paths_make_private(dir, error))
        return -1;
    /* Two agents that start at once must not take each other's socket for a dead one's. */
    g_auto(KysoFd) lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_CONFIGURATION, errno, dir);
        return -1;
    }
    if (is_served(&address)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: an agent serves it already",
                    path);
        return -1;
    }
    unlink(path);

    mode_t mask = umask(0177);
    gboolean bound = bind(fd, (struct sockaddr *) &address, sizeof address) == 0;
    int saved_errno = errno;
    umask(mask);
    if (!bound || listen(fd, BACKLOG) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_CONFIGURATION, bound ? errno : saved_errno, path);
        return -1;
    }
    return kyso_fd_steal(&fd);
}

int
kyso_server_take_activated(void)
{
    const char *pid = g_getenv("LISTEN_PID"), *n_fds = g_getenv("LISTEN_FDS");
    gboolean is_ours = pid != NULL && n_fds != NULL && atoi(pid) == getpid() && atoi(n_fds) == 1;
    int listening = 0;
    socklen_t size = sizeof listening;

    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    if (!is_ours || getsockopt(ACTIVATED_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) < 0 ||
        !listening)
        return -1;
    fcntl(ACTIVATED_FD, F_SETFD, FD_CLOEXEC);
    return ACTIVATED_FD;
}

KysoPeer *
kyso_connection_peer(KysoConnection *connection)
{
    return connection->peer;
}
