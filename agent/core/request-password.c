/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/request-password.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "ipc/base/error.h"

static gboolean
is_fine(int fd)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_WRONLY &&
           fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= 1 &&
           status.st_size <= KYSO_REQUEST_PASSWORD_MAX;
}

gboolean
kyso_request_password_take(KysoJob *job, const json_t *params, KysoFd *ret, GError **error)
{
    g_auto(KysoFd) fd = -1;

    *ret = -1;
    if (!kyso_json_take_fd(params, "password", KYSO_JSON_OPTIONAL, kyso_job_fds(job), &fd, error))
        return FALSE;
    if (fd >= 0 && !is_fine(fd)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"password\" is a descriptor of a file of 1 to %d bytes",
                    KYSO_REQUEST_PASSWORD_MAX);
        return FALSE;
    }
    *ret = kyso_fd_steal(&fd);
    return TRUE;
}
