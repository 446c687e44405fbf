/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * For LD_PRELOAD: ends a program by SIGKILL just before its N-th call that leaves a trace outside
 * of it, so that a test can end it between any two of them.
 *
 *   KILLPOINT_PROGRAM  the program meant; those that it starts inherit the environment
 *   KILLPOINT_AT       N, from 1; 0: never
 *   KILLPOINT_LOG      one line for each call: its name
 */

/* The names with and without 64 are two symbols, and both are wrapped. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;

static void
write_log(const char *name)
{
    const char *path = getenv("KILLPOINT_LOG");
    int fd = path == NULL ? -1
                          : (int) syscall(SYS_openat, AT_FDCWD, path,
                                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct iovec line[] = {{(char *) name, strlen(name)}, {(char *) "\n", 1}};

    if (fd < 0)
        return;
    syscall(SYS_writev, fd, line, 2);
    syscall(SYS_close, fd);
}

static void
reach(const char *name)
{
    const char *program = getenv("KILLPOINT_PROGRAM"), *at = getenv("KILLPOINT_AT");
    int saved_errno = errno;

    if (program == NULL || at == NULL || strcmp(program, program_invocation_short_name) != 0)
        return;
    int number = atomic_fetch_add(&calls, 1) + 1;
    write_log(name);
    if (number == atoi(at))
        kill(getpid(), SIGKILL);
    errno = saved_errno;
}

#define WRAP(type, name, parameters, arguments)                                                    \
    __attribute__((visibility("default"))) type name parameters;                                   \
    type name parameters                                                                           \
    {                                                                                              \
        static type(*real) parameters;                                                             \
        if (real == NULL)                                                                          \
            *(void **) &real = dlsym(RTLD_NEXT, #name);                                            \
        reach(#name);                                                                              \
        return real arguments;                                                                     \
    }

/* clang-format off */
WRAP(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size))
WRAP(ssize_t, writev, (int fd, const struct iovec *parts, int n), (fd, parts, n))
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t offset), (fd, data, size, offset))
WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t offset), (fd, data, size, offset))
WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
WRAP(ssize_t, sendfile, (int to, int from, off_t *offset, size_t size), (to, from, offset, size))
WRAP(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t size), (to, from, offset, size))
WRAP(ssize_t, copy_file_range, (int from, off64_t *in, int to, off64_t *out, size_t size, unsigned flags), (from, in, to, out, size, flags))
WRAP(int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, fsync, (int fd), (fd))
WRAP(int, fdatasync, (int fd), (fd))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, link, (const char *path, const char *new_path), (path, new_path))
WRAP(int, linkat, (int dir, const char *path, int new_dir, const char *new_path, int flags), (dir, path, new_dir, new_path, flags))
WRAP(int, rename, (const char *path, const char *new_path), (path, new_path))
WRAP(int, unlink, (const char *path), (path))
/* clang-format on */
