/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Watches a process and all that it starts, every half millisecond until stdin ends, and prints the
 * highest memory (VmHWM, kB) of each program as one JSON object: {"kyso-agent": N, ...}, after an
 * empty line that says that it has begun. Of two processes of one program, one after the other, the
 * larger one counts.
 *
 * usage: memory-peak PID
 */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PROGRAMS 16
#define DEEPEST 4

static struct {
    char name[32];
    long kb;
} programs[MAX_PROGRAMS];

static size_t
read_file(const char *path, char *ret, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, ret, size - 1) : 0;

    if (fd >= 0)
        close(fd);
    ret[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t) n : 0;
}

static void
note(const char *name, long kb)
{
    for (int i = 0; i < MAX_PROGRAMS; i++) {
        if (programs[i].name[0] == '\0')
            snprintf(programs[i].name, sizeof programs[i].name, "%s", name);
        if (strcmp(programs[i].name, name) == 0) {
            programs[i].kb = kb > programs[i].kb ? kb : programs[i].kb;
            return;
        }
    }
}

/* @parent: its name; a child that still has it has not started its own program yet. */
static void
look(long pid, const char *parent, int depth)
{
    char path[64], text[8192], name[32] = "";
    long kb = 0;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    read_file(path, text, sizeof text);
    const char *peak = strstr(text, "VmHWM:");
    if (peak == NULL || sscanf(text, "Name: %31s", name) != 1)
        return;
    sscanf(peak, "VmHWM: %ld", &kb);
    if (strcmp(name, parent) != 0)
        note(name, kb);

    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, pid);
    read_file(path, text, sizeof text);
    for (char *at = text; depth < DEEPEST && *at != '\0';) {
        long child = strtol(at, &at, 10);
        if (child > 0)
            look(child, name, depth + 1);
        at += strspn(at, " \n");
    }
}

int
main(int argc, char **argv)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    if (argc != 2)
        return 2;
    puts("");
    fflush(stdout);
    do {
        look(atol(argv[1]), "", 0);
        usleep(500);
    } while (poll(&input, 1, 0) == 0);

    for (int i = 0; i < MAX_PROGRAMS && programs[i].name[0] != '\0'; i++)
        printf("%s\"%s\": %ld", i == 0 ? "{" : ", ", programs[i].name, programs[i].kb);
    puts(programs[0].name[0] != '\0' ? "}" : "{}");
    return 0;
}
