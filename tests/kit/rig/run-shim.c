/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Preloaded into a test's pcscd: it never sees /run/pcscd. Without that a private pcscd would not
 * start as a user where the folder is missing, and as root would overwrite the pid file of the
 * machine's own.
 */

/* Else the compiler would call open what is open64. */
#undef _FILE_OFFSET_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/run/pcscd"

static int
is_ours(const char *path)
{
    return strncmp(path, FOLDER, strlen(FOLDER)) == 0;
}

int
mkdir(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");

    return is_ours(path) ? 0 : real(path, mode);
}

int
chmod(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "chmod");

    return is_ours(path) ? 0 : real(path, mode);
}

int
remove(const char *path)
{
    int (*real)(const char *) = dlsym(RTLD_NEXT, "remove");

    return is_ours(path) ? 0 : real(path);
}

/* Refused and not diverted: pcscd changes the mode of what it has opened. */
static int
open_other(const char *name, const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);

    if (is_ours(path)) {
        errno = EACCES;
        return -1;
    }
    return real(path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_other("open", path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
    va_list list;

    va_start(list, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return open_other("open64", path, flags, mode);
}
