/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Keeps CONNECTIONS x DEPTH requests under way for SECONDS, each followed at once by the next one,
 * and prints "running" and then their latencies. One epoll loop, or a blocking read where one
 * connection is enough.
 *
 * usage: load-socket FORMAT SOCKET CONNECTIONS DEPTH SECONDS METHOD PARAMS [FIRST-REQUEST]
 *   FIRST-REQUEST  one line sent on the first connection before the run; in PARAMS "@SAD@" stands
 *                  for the value of "SAD" in its answer
 */

#include "tests/bench/bench-latency.h"
#include "tests/bench/wire-format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_DEPTH 4096
#define BUFFER (512 * 1024)
#define MAX_REQUEST 2048
#define EVENTS 256
#define SAD_MARK "@SAD@"

typedef struct {
    int fd;
    char *data;
    size_t size;
    int64_t *sent; /* by id */
} Connection;

static const KysoWireFormat *format;
static const char *method;
static char params[MAX_REQUEST];
static int depth;
static int64_t begin, end;
static KysoBenchLatency latency;

static void
give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void
connect_to(Connection *self, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        exit(2);
    strcpy(address.sun_path, path);
    self->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    self->data = malloc(BUFFER);
    self->sent = calloc((size_t) depth, sizeof *self->sent);
    if (self->fd < 0 || self->data == NULL || self->sent == NULL ||
        connect(self->fd, (struct sockaddr *) &address, sizeof address) < 0)
        give_up(path);
}

static void
send_all(Connection *self, const char *data, size_t size)
{
    if (write(self->fd, data, size) != (ssize_t) size)
        give_up("write");
}

static void
send_request(Connection *self, int id)
{
    char request[MAX_REQUEST + 256];
    size_t size = format->write(method, params, id, request, sizeof request);

    self->sent[id] = kyso_bench_latency_now();
    send_all(self, request, size);
}

static void
receive(Connection *self)
{
    ssize_t n = read(self->fd, self->data + self->size, BUFFER - self->size);

    if (n <= 0)
        give_up("the server closed");
    self->size += (size_t) n;
}

static void
drop(Connection *self, size_t used)
{
    self->size -= used;
    memmove(self->data, self->data + used, self->size);
}

/* Sends the request, waits for its answer and puts its SAD into the parameters. */
static void
authorize(Connection *self, const char *request)
{
    KysoWireFormatEvent event = KYSO_WIRE_FORMAT_NOTE;
    size_t used = 0;
    int id;

    send_all(self, request, strlen(request));
    send_all(self, "\n", 1);
    while (event < KYSO_WIRE_FORMAT_ANSWER) {
        drop(self, used);
        used = 0;
        while ((event = format->read(self->data, self->size, &used, &id)) == KYSO_WIRE_FORMAT_NONE)
            receive(self);
    }
    self->data[used - 1] = '\0';
    const char *sad = strstr(self->data, "\"SAD\":\"");
    char *mark = strstr(params, SAD_MARK);
    if (event == KYSO_WIRE_FORMAT_REFUSED || sad == NULL || mark == NULL) {
        fprintf(stderr, "%s\n", self->data);
        exit(1);
    }
    sad += strlen("\"SAD\":\"");
    char rest[MAX_REQUEST];
    snprintf(rest, sizeof rest, "%s", mark + strlen(SAD_MARK));
    snprintf(mark, sizeof params - (size_t) (mark - params), "%.*s%s", (int) strcspn(sad, "\""),
             sad, rest);
    drop(self, used);
}

static void
answered(Connection *self, KysoWireFormatEvent event, int id, size_t used)
{
    int64_t now = kyso_bench_latency_now();

    if (event == KYSO_WIRE_FORMAT_REFUSED && latency.n_errors++ == 0)
        fprintf(stderr, "%.*s", (int) used, self->data);
    if (id < 0 || id >= depth)
        exit(1);
    if (now >= begin && now < end)
        kyso_bench_latency_add(&latency, now - self->sent[id]);
    send_request(self, id);
}

static void
read_answers(Connection *self)
{
    size_t used;
    int id = 0;
    KysoWireFormatEvent event;

    receive(self);
    while ((event = format->read(self->data, self->size, &used, &id)) != KYSO_WIRE_FORMAT_NONE) {
        if (event != KYSO_WIRE_FORMAT_NOTE)
            answered(self, event, id, used);
        drop(self, used);
    }
}

static void
run(Connection *connections, int n)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (int i = 0; i < n; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
        for (int id = 0; id < depth; id++)
            send_request(&connections[i], id);
    }
    while (kyso_bench_latency_now() < end) {
        if (n == 1) {
            read_answers(&connections[0]);
            continue;
        }
        int ready = epoll_wait(epoll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++)
            read_answers(events[i].data.ptr);
    }
}

int
main(int argc, char **argv)
{
    if (argc < 8)
        return 2;
    format = kyso_wire_format_find(argv[1]);
    int n = atoi(argv[3]);
    depth = atoi(argv[4]);
    int64_t run_ns = (int64_t) (atof(argv[5]) * 1e9);
    method = argv[6];
    if (format == NULL || n < 1 || depth < 1 || depth > MAX_DEPTH || run_ns <= 0 ||
        snprintf(params, sizeof params, "%s", argv[7]) >= (int) sizeof params)
        return 2;

    Connection *connections = calloc((size_t) n, sizeof *connections);
    if (connections == NULL)
        abort();
    for (int i = 0; i < n; i++)
        connect_to(&connections[i], argv[2]);
    if (argc > 8)
        authorize(&connections[0], argv[8]);
    puts("running");
    fflush(stdout);
    begin = kyso_bench_latency_now() + run_ns / 5; /* warm by then */
    end = begin + run_ns;
    run(connections, n);
    kyso_bench_latency_print(&latency, run_ns);
    return latency.n == 0;
}
