/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * How long a daemon takes from the start of its process until it is ready: until READY=1 comes, or
 * its first output (p11-kit server and ssh-agent print their address once they listen).
 *
 * usage: start-time NOTIFY-SOCKET-TO-MAKE PROGRAM [ARGUMENT...]     prints microseconds
 */

#include "tests/bench/bench-latency.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST_MS 30000

extern char **environ;

static int
open_notify_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *) &address, sizeof address) < 0)
        return -1;
    setenv("NOTIFY_SOCKET", path, 1);
    return fd;
}

static pid_t
start(char **argv, int output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

int
main(int argc, char **argv)
{
    int output[2];

    if (argc < 3)
        return 2;
    int notify = open_notify_socket(argv[1]);
    if (notify < 0 || pipe2(output, O_CLOEXEC) < 0)
        return 1;

    int64_t begin = kyso_bench_latency_now();
    pid_t pid = start(argv + 2, output[1]);
    struct pollfd ready[] = {{.fd = notify, .events = POLLIN}, {.fd = output[0], .events = POLLIN}};
    if (pid < 0)
        return 1;
    close(output[1]);
    int n = poll(ready, 2, LONGEST_MS);
    int64_t end = kyso_bench_latency_now();
    char buffer[64];
    int is_good = n > 0 && (ready[0].revents & POLLIN || read(output[0], buffer, 1) == 1);

    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    unlink(argv[1]);
    if (!is_good)
        return 1;
    printf("%.1f\n", (double) (end - begin) / 1000);
    return 0;
}
