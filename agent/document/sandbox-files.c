/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/sandbox-files.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_RIGHTS ((guint64) LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* struct landlock_ruleset_attr of kernel 6.12; older headers know its first member only. */
typedef struct {
    guint64 handled_access_fs;
    guint64 handled_access_net;
    guint64 scoped;
} RulesetAttributes;

static int
landlock_abi(void)
{
    return (int) syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* Every right that a kernel of this ABI knows (Documentation/userspace-api/landlock.rst). */
static RulesetAttributes
attributes_of_abi(int abi, gsize *ret_size)
{
    RulesetAttributes attributes = {(G_GUINT64_CONSTANT(1) << 13) - 1, 0, 0};

    if (abi >= 2)
        attributes.handled_access_fs |= G_GUINT64_CONSTANT(1) << 13; /* move and link */
    if (abi >= 3)
        attributes.handled_access_fs |= G_GUINT64_CONSTANT(1) << 14; /* truncate */
    if (abi >= 5)
        attributes.handled_access_fs |= G_GUINT64_CONSTANT(1) << 15; /* ioctl on devices */
    if (abi >= 4)
        attributes.handled_access_net = 3; /* TCP bind and connect */
    if (abi >= 6)
        attributes.scoped = 3; /* abstract sockets, signals */
    *ret_size = abi >= 6   ? sizeof attributes
                : abi >= 4 ? G_STRUCT_OFFSET(RulesetAttributes, scoped)
                           : G_STRUCT_OFFSET(RulesetAttributes, handled_access_net);
    return attributes;
}

/* A folder that is not there needs no rule. */
static gboolean
add_folder(int ruleset, const char *folder, GError **error)
{
    g_auto(KysoFd) fd = open(folder, O_PATH | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0)
        return TRUE;

    struct landlock_path_beneath_attr rule = {.allowed_access = READ_RIGHTS, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot allow a folder");
    return FALSE;
}

gboolean
kyso_sandbox_files_fence(const char *const *folders, gboolean *ret_is_fenced, GError **error)
{
    gsize size;
    int abi = landlock_abi();

    *ret_is_fenced = FALSE;
    if (abi < 1)
        return TRUE;
    RulesetAttributes attributes = attributes_of_abi(abi, &size);
    g_auto(KysoFd) ruleset = (int) syscall(SYS_landlock_create_ruleset, &attributes, size, 0);
    if (ruleset < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot fence off files");
        return FALSE;
    }
    for (; folders != NULL && *folders != NULL; folders++)
        if (!add_folder(ruleset, *folders, error))
            return FALSE;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot fence off files");
        return FALSE;
    }
    *ret_is_fenced = TRUE;
    return TRUE;
}
