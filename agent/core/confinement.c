/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/confinement.h"

#include "ipc/base/fence.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

static gboolean
has_filter(void)
{
    guint32 action = SECCOMP_RET_ERRNO;

    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Both programs put up all walls that the kernel has, and end where it refuses one that it has. */
static json_t *
describe_program(void)
{
    return json_pack("{s:b, s:b, s:i}", "no_new_privs", TRUE, "seccomp", has_filter(), "landlock",
                     kyso_fence_abi());
}

json_t *
kyso_confinement_describe(void)
{
    return json_pack("{s:o, s:o}", "token", describe_program(), "document", describe_program());
}
