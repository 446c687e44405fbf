/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The least that a signing server can do: one epoll loop, frames of 33 bytes in (a kind, a SHA-256
 * digest), two bytes of size and a signature out, two threads that sign. It asks nobody, checks
 * nothing and remembers nothing.
 *
 * usage: floor-server SOCKET MODULE SERIAL KEY-ID <pin
 */

#include "tests/bench/bench-ready.h"
#include "tests/bench/raw-token.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST (1 + KYSO_RAW_TOKEN_DIGEST)
#define N_THREADS 2
#define MAX_WAITING 4096 /* one request of each connection */
#define EVENTS 64

typedef struct {
    int fd;
    uint8_t request[REQUEST];
    size_t size;
    int n_waiting; /* answers not sent yet; under the lock, as the next */
    bool is_gone;
} Client;

static KysoRawToken token;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_came = PTHREAD_COND_INITIALIZER;
static Client *waiting[MAX_WAITING];
static size_t first, n_waiting;

static void
client_free(Client *client)
{
    close(client->fd);
    free(client);
}

static void *
sign_for_ever(void *unused)
{
    CK_SESSION_HANDLE session = kyso_raw_token_new_session(&token);
    uint8_t answer[2 + KYSO_RAW_TOKEN_MAX_SIGNATURE];

    for (;;) {
        pthread_mutex_lock(&lock);
        while (n_waiting == 0)
            pthread_cond_wait(&work_came, &lock);
        Client *client = waiting[first];
        first = (first + 1) % MAX_WAITING;
        n_waiting--;
        pthread_mutex_unlock(&lock);

        size_t size = kyso_raw_token_sign(&token, session, client->request + 1, answer + 2);
        answer[0] = (uint8_t) (size & 0xff);
        answer[1] = (uint8_t) (size >> 8);
        (void) !send(client->fd, answer, size + 2, MSG_NOSIGNAL);
        pthread_mutex_lock(&lock);
        bool is_last = --client->n_waiting == 0 && client->is_gone;
        pthread_mutex_unlock(&lock);
        if (is_last)
            client_free(client);
    }
    return unused;
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        exit(2);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
        listen(fd, 1024) < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

static void
accept_client(int epoll, int listener)
{
    Client *client = calloc(1, sizeof *client);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    if (client == NULL)
        abort();
    client->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        free(client);
}

static void
close_client(int epoll, Client *client)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, client->fd, NULL);
    pthread_mutex_lock(&lock);
    client->is_gone = true;
    bool is_waiting = client->n_waiting > 0;
    pthread_mutex_unlock(&lock);
    if (!is_waiting)
        client_free(client);
}

static void
read_client(int epoll, Client *client)
{
    ssize_t n = read(client->fd, client->request + client->size, REQUEST - client->size);

    if (n <= 0) {
        close_client(epoll, client);
        return;
    }
    client->size += (size_t) n;
    if (client->size < REQUEST)
        return;
    client->size = 0;
    pthread_mutex_lock(&lock);
    client->n_waiting++;
    waiting[(first + n_waiting++) % MAX_WAITING] = client;
    pthread_cond_signal(&work_came);
    pthread_mutex_unlock(&lock);
}

int
main(int argc, char **argv)
{
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    pthread_t thread;

    if (argc != 5)
        return 2;
    token = kyso_raw_token_open(argv[2], argv[3], argv[4]);
    int listener = listen_at(argv[1]);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (int i = 0; i < N_THREADS; i++)
        pthread_create(&thread, NULL, sign_for_ever, NULL);
    kyso_bench_ready_tell();

    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                accept_client(epoll, listener);
            else
                read_client(epoll, events[i].data.ptr);
        }
    }
}
