/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* Of kernels up to 6.12 (Documentation/userspace-api/landlock.rst); older headers lack the last. */
#define BIT(n) (G_GUINT64_CONSTANT(1) << (n))
#define TRUNCATE BIT(14)  /* ABI 3 */
#define IOCTL_DEV BIT(15) /* ABI 5 */

#define READ_FOLDER ((guint64) LANDLOCK_ACCESS_FS_READ_DIR)
#define READ_FILE ((guint64) LANDLOCK_ACCESS_FS_READ_FILE)
#define WRITE_FILE (LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | IOCTL_DEV)
#define WRITE_FOLDER                                                                               \
    ((guint64) LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                    \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |     \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | BIT(13))

/* struct landlock_ruleset_attr of kernel 6.12; older headers know its first member only. */
typedef struct {
    guint64 handled_access_fs;
    guint64 handled_access_net;
    guint64 scoped;
} RulesetAttributes;

int
kyso_fence_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return (int) MAX(abi, 0);
}

/* Every right that a kernel of this ABI knows. */
static RulesetAttributes
attributes_of_abi(int abi, gsize *ret_size)
{
    RulesetAttributes attributes = {BIT(13) - 1, 0, 0};

    if (abi >= 2)
        attributes.handled_access_fs |= BIT(13); /* move and link */
    if (abi >= 3)
        attributes.handled_access_fs |= TRUNCATE;
    if (abi >= 5)
        attributes.handled_access_fs |= IOCTL_DEV;
    if (abi >= 4)
        attributes.handled_access_net = 3; /* TCP bind and connect */
    if (abi >= 6)
        attributes.scoped = 3; /* abstract sockets, signals */
    *ret_size = abi >= 6   ? sizeof attributes
                : abi >= 4 ? G_STRUCT_OFFSET(RulesetAttributes, scoped)
                           : G_STRUCT_OFFSET(RulesetAttributes, handled_access_net);
    return attributes;
}

/* @handled: the rights of this kernel; a rule with others would be refused. */
static gboolean
add_place(int ruleset, guint64 handled, const char *path, gboolean can_write, GError **error)
{
    guint64 rights = READ_FILE | (can_write ? WRITE_FILE : 0);
    g_auto(KysoFd) fd = open(path, O_PATH | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return TRUE;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        rights |= READ_FOLDER | (can_write ? WRITE_FOLDER : 0);

    struct landlock_path_beneath_attr rule = {.allowed_access = rights & handled, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot allow a place");
    return FALSE;
}

static gboolean
add_places(int ruleset, guint64 handled, const char *const *paths, gboolean can_write,
           GError **error)
{
    for (; paths != NULL && *paths != NULL; paths++)
        if (!add_place(ruleset, handled, *paths, can_write, error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_fence_close(const KysoFence *self, int *ret_abi, GError **error)
{
    gsize size;
    int abi = kyso_fence_abi();

    *ret_abi = abi;
    if (abi < 1)
        return TRUE;
    RulesetAttributes attributes = attributes_of_abi(abi, &size);
    if (self->may_use_tcp)
        attributes.handled_access_net = 0;
    guint64 handled = attributes.handled_access_fs;
    g_auto(KysoFd) ruleset = (int) syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot fence off files");
        return FALSE;
    }

    if (!add_places(ruleset, handled, self->readable, FALSE, error) ||
        !add_places(ruleset, handled, self->writable, TRUE, error))
        return FALSE;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot fence off files");
        return FALSE;
    }
    return TRUE;
}
