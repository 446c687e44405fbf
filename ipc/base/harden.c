/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/error.h"

static mode_t user_umask = 022;

/* A closed descriptor 0 to 2 would be taken by the next file opened, and written to by mistake. */
static void
open_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            g_error("cannot open descriptor %d", fd);
}

void
kyso_harden_process(void)
{
    struct rlimit none = {0, 0};

    open_standard_descriptors();
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file-size limit is an error of write, not a death */
    if (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        g_error("cannot harden this process: %s", g_strerror(errno));
}

gboolean
kyso_harden_limit(int resource, guint64 limit, GError **error)
{
    struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};

    (void) getrlimit((__rlimit_resource_t) resource, &now);
    rlim_t lowered = MIN(now.rlim_max, (rlim_t) limit);
    struct rlimit limits = {lowered, lowered};
    if (setrlimit((__rlimit_resource_t) resource, &limits) == 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot lower a limit");
    return FALSE;
}

guint
kyso_harden_user_umask(void)
{
    return user_umask;
}
