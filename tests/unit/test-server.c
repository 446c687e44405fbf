/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"

#define MANY 1000
#define FOREIGN_UID 65534
#define EX_LISTENING 42 /* exit code of this program in the role of an activated service */

typedef struct {
    char *dir, *path;
    KysoServer *server;
    guint n_messages, n_closed;
} Fixture;

static void
message_received(KysoConnection *connection, KysoMessage *message, gpointer user_data)
{
    Fixture *f = user_data;
    g_autoptr(json_t) body = kyso_rpc_result(json_object_get(message->body, "id"), json_object());
    f->n_messages++;
    kyso_connection_send(connection, body, NULL, 0);
}

static void
connection_closed(KysoConnection *connection, gpointer user_data)
{
    Fixture *f = user_data;
    f->n_closed++;
}

static const KysoServerEvents events = {message_received, connection_closed};

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    const guint *max_connections = data;

    f->dir = g_dir_make_tmp("kyso-server-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "kyso", "agent.sock", NULL);
    int fd = kyso_server_listen(f->path, &error);
    g_assert_no_error(error);
    f->server = kyso_server_new(fd, max_connections != NULL ? *max_connections : MANY, &events, f);
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
    g_autofree char *inner = g_path_get_dirname(f->path);

    kyso_server_free(f->server);
    g_unlink(f->path);
    g_rmdir(inner);
    g_rmdir(f->dir);
    g_free(f->path);
    g_free(f->dir);
}

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *) &address, sizeof address), ==, 0);
    return fd;
}

static void
turn_until(guint *counter, guint wanted)
{
    while (*counter < wanted)
        g_main_context_iteration(NULL, TRUE);
}

/* Whatever the loop has to do now. */
static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* What stands in the socket by now, as text. */
static char *
read_now(int fd)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char block[4096];
    gssize n;

    while ((n = recv(fd, block, sizeof block, MSG_DONTWAIT)) > 0)
        g_string_append_len(text, block, n);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
expect_answer(Fixture *f, int fd, const char *request, const char *expected)
{
    g_assert_cmpint(write(fd, request, strlen(request)), ==, strlen(request));
    for (;;) {
        settle();
        g_autofree char *answer = read_now(fd);
        if (*answer == '\0')
            continue;
        g_assert_nonnull(strstr(answer, expected));
        return;
    }
}

static void
test_socket_is_private(Fixture *f, gconstpointer data)
{
    g_autofree char *inner = g_path_get_dirname(f->path);
    struct stat st;

    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(stat(inner, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0700);
}

static void
test_socket_in_use(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(kyso_server_listen(f->path, &error), ==, -1);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
    g_auto(KysoFd) fd = connect_to(f->path);
    expect_answer(f, fd, "{\"id\":1}\n", "\"result\"");
}

/* An agent that hangs has its backlog full: asking whether it lives must not hang too. */
static void
test_socket_of_a_hung_agent(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) clients = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GError) error = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    g_strlcpy(address.sun_path, f->path, sizeof address.sun_path);
    for (;;) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        g_array_append_val(clients, fd);
        if (connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
            break;
    }
    g_assert_cmpint(errno, ==, EAGAIN);
    alarm(20);
    g_assert_cmpint(kyso_server_listen(f->path, &error), ==, -1);
    alarm(0);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
    for (guint i = 0; i < clients->len; i++)
        close(g_array_index(clients, int, i));
}

static void
test_socket_of_a_dead_agent(void)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-server-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "agent.sock", NULL);
    g_autoptr(GError) error = NULL;

    close(kyso_server_listen(path, &error));
    g_assert_no_error(error);
    close(kyso_server_listen(path, &error));
    g_assert_no_error(error);
    g_unlink(path);
    g_rmdir(dir);
}

static void
test_path_too_long(void)
{
    g_autofree char *name = g_strnfill(120, 'x'), *path = g_strdup_printf("/tmp/%s", name);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(kyso_server_listen(path, &error), ==, -1);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
}

static void
test_thousand_clients(Fixture *f, gconstpointer data)
{
    g_autofree int *fds = g_new(int, MANY);

    for (guint i = 0; i < MANY; i++) {
        fds[i] = connect_to(f->path);
        settle();
    }
    g_assert_cmpuint(kyso_server_get_n_connections(f->server), ==, MANY);
    expect_answer(f, fds[0], "{\"id\":1}\n", "\"result\"");
    expect_answer(f, fds[MANY - 1], "{\"id\":1}\n", "\"result\"");

    /* Idle, they cost nothing: there is nothing to do. */
    g_assert_false(g_main_context_pending(NULL));
    for (guint i = 0; i < MANY; i++)
        close(fds[i]);
    turn_until(&f->n_closed, MANY);
    g_assert_cmpuint(kyso_server_get_n_connections(f->server), ==, 0);
}

static void
test_too_many_clients(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) first = connect_to(f->path), second = connect_to(f->path),
                   third = connect_to(f->path);
    char byte;

    settle();
    g_autofree char *told = read_now(third);
    g_assert_nonnull(strstr(told, "\"too_many_clients\""));
    g_assert_cmpint(recv(third, &byte, 1, MSG_DONTWAIT), ==, 0);
    expect_answer(f, first, "{\"id\":1}\n", "\"result\"");

    close(kyso_fd_steal(&second));
    turn_until(&f->n_closed, 1);
    g_auto(KysoFd) fourth = connect_to(f->path);
    expect_answer(f, fourth, "{\"id\":1}\n", "\"result\"");
}

/* In the role of another user's program: exit code 0 where it is turned away with the reason. */
static int
play_foreigner(const char *path)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char block[4096];
    gssize n;

    if (setgid(FOREIGN_UID) < 0 || setuid(FOREIGN_UID) < 0)
        return 2;
    int fd = connect_to(path);
    while ((n = read(fd, block, sizeof block)) > 0)
        g_string_append_len(text, block, n);
    return strstr(text->str, "\"foreign_user\"") != NULL ? 0 : 1;
}

static void
child_exited(GPid pid, int status, gpointer user_data)
{
    *(int *) user_data = status;
}

static void
test_foreign_user(Fixture *f, gconstpointer data)
{
    g_autofree char *inner = g_path_get_dirname(f->path);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = {self, "--foreigner", f->path, NULL};
    int status = -1;
    GPid pid;

    if (geteuid() != 0) {
        g_test_skip("only root can act as another user");
        return;
    }
    g_assert_cmpint(chmod(f->dir, 0755), ==, 0);
    g_assert_cmpint(chmod(inner, 0755), ==, 0);
    g_assert_cmpint(chmod(f->path, 0666), ==, 0);
    g_assert_true(g_spawn_async(NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                &pid, NULL));
    g_child_watch_add(pid, child_exited, &status);
    while (status == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    g_assert_cmpuint(f->n_messages, ==, 0);
}

/* More than the server takes in one turn: none may be left lying. */
static void
test_pipelined_requests(Fixture *f, gconstpointer data)
{
    const guint wanted = 20000;
    g_auto(KysoFd) fd = connect_to(f->path);
    g_autoptr(GString) requests = g_string_new(NULL);
    gsize sent = 0;

    for (guint i = 0; i < wanted; i++)
        g_string_append_printf(requests, "{\"id\":%u}\n", i);
    alarm(30);
    while (f->n_messages < wanted) {
        gssize n = send(fd, requests->str + sent, requests->len - sent, MSG_DONTWAIT);
        sent += MAX(n, 0);
        settle();
        g_autofree char *answers = read_now(fd);
    }
    alarm(0);
}

static void
test_bad_message_is_answered(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) fd = connect_to(f->path);

    expect_answer(f, fd, "rubbish\n", "\"not_json\"");
    expect_answer(f, fd, "{\"id\":5,\"a\":{\"fd\":0}}\n", "\"id\":5");
    expect_answer(f, fd, "{\"id\":[5],\"a\":{\"fd\":0}}\n", "\"id\":null");
    expect_answer(f, fd, "{\"id\":1}\n", "\"result\"");
    g_assert_cmpuint(f->n_messages, ==, 1);
}

static void
test_too_large_closes(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) fd = connect_to(f->path);
    g_autofree char *block = g_strnfill(64 * 1024, ' ');
    g_autoptr(GString) told = g_string_new(NULL);

    while (f->n_closed == 0) {
        (void) !send(fd, block, 64 * 1024, MSG_DONTWAIT | MSG_NOSIGNAL);
        settle();
        g_autofree char *answer = read_now(fd);
        g_string_append(told, answer);
    }
    g_autofree char *rest = read_now(fd);
    g_string_append(told, rest);
    g_assert_nonnull(strstr(told->str, "\"message_too_large\""));
}

static void
test_closing_is_told(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) closed = connect_to(f->path), half = connect_to(f->path);

    settle();
    close(kyso_fd_steal(&closed));
    turn_until(&f->n_closed, 1);
    shutdown(half, SHUT_WR);
    turn_until(&f->n_closed, 2);
    g_assert_cmpuint(kyso_server_get_n_connections(f->server), ==, 0);
}

static void
test_reader_that_never_reads(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) fd = connect_to(f->path);
    g_autoptr(GString) requests = g_string_new(NULL);

    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(requests, "{\"id\":\"%0200u\"}\n", i);
    while (f->n_closed == 0) {
        (void) !send(fd, requests->str, requests->len, MSG_DONTWAIT | MSG_NOSIGNAL);
        settle();
    }
}

/* Out of descriptors, the server waits: it neither spins nor fills the log. */
static void
test_out_of_descriptors(Fixture *f, gconstpointer data)
{
    g_auto(KysoFd) client = connect_to(f->path);
    struct rlimit before, none;
    guint n_turns = 0;

    int lowest_free = kyso_fd_dup(client, NULL);
    close(lowest_free);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){(rlim_t) lowest_free, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    g_test_expect_message("kyso", G_LOG_LEVEL_WARNING, "accept: *");
    while (n_turns < 1000 && g_main_context_iteration(NULL, FALSE))
        n_turns++;
    setrlimit(RLIMIT_NOFILE, &before);
    g_test_assert_expected_messages();
    g_assert_cmpuint(n_turns, <, 100);
    expect_answer(f, client, "{\"id\":1}\n", "\"result\"");
}

static int
play_activated(void)
{
    g_autofree char *pid = g_strdup_printf("%d", (int) getpid());

    g_setenv("LISTEN_PID", pid, TRUE);
    int fd = kyso_server_take_activated();
    gboolean is_clean = g_getenv("LISTEN_PID") == NULL && g_getenv("LISTEN_FDS") == NULL;
    return fd == 3 && is_clean && fcntl(fd, F_GETFD) == FD_CLOEXEC ? EX_LISTENING : 0;
}

/* Starts this program with @fd as descriptor 3 and LISTEN_FDS=@n; its exit code. */
static int
run_activated(int fd, const char *n)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (fd == 3)
            fcntl(fd, F_SETFD, 0);
        else
            dup2(fd, 3);
        setenv("LISTEN_FDS", n, 1);
        execl("/proc/self/exe", "test-server", "--activated", NULL);
        _exit(127);
    }
    int status;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WEXITSTATUS(status);
}

static void
test_activation(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->dir, "activated.sock", NULL);
    g_auto(KysoFd) listening = kyso_server_listen(path, NULL);
    g_auto(KysoFd) connected = connect_to(path);

    g_assert_cmpint(run_activated(listening, "1"), ==, EX_LISTENING);
    g_assert_cmpint(run_activated(listening, "2"), ==, 0);
    g_assert_cmpint(run_activated(connected, "1"), ==, 0);
    g_setenv("LISTEN_PID", "1", TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_assert_cmpint(kyso_server_take_activated(), ==, -1);
    g_assert_null(g_getenv("LISTEN_PID"));
    g_unlink(path);
}

static void
test_peer_facts(Fixture *f, gconstpointer data)
{
    int pair[2];
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_autoptr(KysoPeer) peer = kyso_peer_new(pair[0], NULL);
    g_assert_cmpint(kyso_peer_uid(peer), ==, getuid());
    g_assert_cmpint(kyso_peer_pid(peer), ==, getpid());
    g_assert_cmpstr(kyso_peer_executable(peer), ==, self);
    g_assert_true(kyso_peer_shares_mounts(peer));
    close(pair[0]);
    close(pair[1]);
}

#define ADD(name, function, data)                                                                  \
    g_test_add("/server/" name, Fixture, data, fixture_set_up, function, fixture_tear_down)

int
main(int argc, char *argv[])
{
    static const guint two = 2;

    if (argc == 3 && strcmp(argv[1], "--foreigner") == 0)
        return play_foreigner(argv[2]);
    if (argc == 2 && strcmp(argv[1], "--activated") == 0)
        return play_activated();

    g_test_init(&argc, &argv, NULL);
    ADD("the socket is the user's own", test_socket_is_private, NULL);
    ADD("a socket that is served is left alone", test_socket_in_use, NULL);
    ADD("a hung agent's socket is left alone at once", test_socket_of_a_hung_agent, NULL);
    g_test_add_func("/server/a dead agent's socket is replaced", test_socket_of_a_dead_agent);
    g_test_add_func("/server/a path too long is told", test_path_too_long);
    ADD("a thousand idle clients cost no turn", test_thousand_clients, NULL);
    ADD("one client too many is told and closed", test_too_many_clients, &two);
    ADD("another user is told and closed", test_foreign_user, NULL);
    ADD("twenty thousand requests at once are all read", test_pipelined_requests, NULL);
    ADD("a bad message is answered", test_bad_message_is_answered, NULL);
    ADD("a message too large is answered and closes", test_too_large_closes, NULL);
    ADD("closing is told, half closing too", test_closing_is_told, NULL);
    ADD("a client that never reads is closed", test_reader_that_never_reads, NULL);
    ADD("out of descriptors it waits", test_out_of_descriptors, NULL);
    ADD("the socket of systemd is taken", test_activation, NULL);
    ADD("the peer's facts are those of its process", test_peer_facts, NULL);
    return g_test_run();
}
