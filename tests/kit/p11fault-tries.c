/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "tests/kit/p11fault-tries.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static char place[4096]; /* of the file that is not the module's */

static int
result_of(long value)
{
    return value == -1 ? errno : 0;
}

static int
open_socket(int family, int type)
{
    int fd = socket(family, type, 0);
    int result = result_of(fd);

    if (fd >= 0)
        close(fd);
    return result;
}

static int
tcp(void)
{
    return open_socket(AF_INET, SOCK_STREAM);
}

static int
udp(void)
{
    return open_socket(AF_INET6, SOCK_DGRAM);
}

static int
netlink(void)
{
    return open_socket(AF_NETLINK, SOCK_RAW);
}

static int
io_uring(void)
{
    char parameters[120] = {0};

    return result_of(syscall(SYS_io_uring_setup, 1, parameters));
}

/* Last: where it goes through, nothing of this process comes after it, nor is it told. */
static int
program(void)
{
    char *argv[] = {"/bin/false", NULL};

    return result_of(execv(argv[0], argv));
}

static int
process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return result_of(pid);
}

static int
trace(void)
{
    return result_of(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL)); /* ends with us, stops nobody */
}

static int
memory_of_another(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *) &program, 1};

    return result_of(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int
signal_to_another(void)
{
    return result_of(kill(getppid(), 0));
}

static int
write_elsewhere(void)
{
    int fd = open(place, O_WRONLY | O_CLOEXEC);
    int result = result_of(fd);

    if (fd >= 0)
        close(fd);
    return result;
}

static int
remove_elsewhere(void)
{
    return result_of(unlink(place));
}

static int
shorten_elsewhere(void)
{
    return result_of(truncate(place, 0));
}

static int
change_mode_elsewhere(void)
{
    return result_of(chmod(place, 0666));
}

static int
change_mode_of_open_file(void)
{
    int fd = open(place, O_RDONLY | O_CLOEXEC);
    int result = fd < 0 ? 0 : result_of(fchmod(fd, 0666));

    if (fd >= 0)
        close(fd);
    return result;
}

static int
dumpable(void)
{
    return result_of(prctl(PR_SET_DUMPABLE, 1));
}

static int
outlive_the_agent(void)
{
    return result_of(prctl(PR_SET_PDEATHSIG, 0));
}

static int namespace(void)
{
    return result_of(syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */));
}

static int
new_root(void)
{
    return result_of(setuid(0));
}

/* The tries that end well: what a module needs. */
static int
read_elsewhere(void)
{
    int fd = open(place, O_RDONLY | O_CLOEXEC);
    int result = result_of(fd);

    if (fd >= 0)
        close(fd);
    return result;
}

static int
unix_socket(void)
{
    return open_socket(AF_UNIX, SOCK_STREAM);
}

static int
write_to_null(void)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int result = result_of(fd);

    if (fd >= 0)
        close(fd);
    return result;
}

static int
executable_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return errno;
    munmap(page, 4096);
    return 0;
}

#define TRY(name)                                                                                  \
    {                                                                                              \
#name, name                                                                                \
    }
static const struct {
    const char *what;
    int (*attempt)(void);
} tries[] = {
    TRY(tcp),
    TRY(udp),
    TRY(netlink),
    TRY(io_uring),
    TRY(process),
    TRY(trace),
    TRY(memory_of_another),
    TRY(signal_to_another),
    TRY(write_elsewhere),
    TRY(shorten_elsewhere),
    TRY(change_mode_elsewhere),
    TRY(change_mode_of_open_file),
    TRY(remove_elsewhere),
    TRY(dumpable),
    TRY(outlive_the_agent),
    TRY(namespace),
    TRY(new_root),
    TRY(read_elsewhere),
    TRY(unix_socket),
    TRY(write_to_null),
    TRY(executable_memory),
    TRY(program),
};

void
p11fault_try_all(const char *elsewhere, P11FaultTried tried)
{
    snprintf(place, sizeof place, "%s/victim", elsewhere);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++)
        tried(tries[i].what, tries[i].attempt());
}
