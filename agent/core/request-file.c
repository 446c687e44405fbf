/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/request-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/error.h"

/* The path of a file parameter, or NULL where it is a descriptor. */
static gboolean
read_path(KysoJob *job, const char *param, const json_t *value, int mount_code,
          const char **ret_path, GError **error)
{
    *ret_path = json_string_value(json_object_get(value, "path"));
    if (*ret_path == NULL)
        return TRUE;
    if (json_object_size(value) != 1 || !g_path_is_absolute(*ret_path)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"%s\": \"path\" must be absolute and alone", param);
        return FALSE;
    }
    if (kyso_peer_shares_mounts(kyso_job_peer(job)))
        return TRUE;
    g_set_error(error, KYSO_ERROR, mount_code,
                "\"%s\": the caller sees other files than kyso; send a descriptor", param);
    return FALSE;
}

static gboolean
is_regular(int fd, const char *param, int code, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return TRUE;
    g_set_error(error, KYSO_ERROR, code, "\"%s\" is no regular file", param);
    return FALSE;
}

static gboolean
has_access(int fd, int wanted)
{
    int flags = fcntl(fd, F_GETFL);
    int mode = flags & O_ACCMODE;
    return flags >= 0 && (flags & O_PATH) == 0 && (mode == wanted || mode == O_RDWR);
}

gboolean
kyso_request_file_open_input(KysoJob *job, const json_t *params, const char *param,
                             KysoJsonNeed need, KysoFd *ret, char **ret_name, GError **error)
{
    const json_t *value = json_object_get(params, param);
    g_auto(KysoFd) fd = -1;
    const char *path;

    *ret = -1;
    if (!read_path(job, param, value, KYSO_ERROR_INPUT_UNREADABLE, &path, error))
        return FALSE;
    if (path != NULL) {
        /* O_NONBLOCK: a FIFO put there must not stop the agent. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, path);
            return FALSE;
        }
        if (ret_name != NULL)
            *ret_name = g_path_get_basename(path);
    } else if (!kyso_json_take_fd(params, param, need, kyso_job_fds(job), &fd, error)) {
        return FALSE;
    }
    if (fd < 0)
        return TRUE;
    if (!is_regular(fd, param, KYSO_ERROR_INPUT_UNREADABLE, error))
        return FALSE;
    if (!has_access(fd, O_RDONLY)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                    "\"%s\" is not open for reading", param);
        return FALSE;
    }
    *ret = kyso_fd_steal(&fd);
    return TRUE;
}

/* The path must be such that a whole file can take its place: no folder, no device. */
static gboolean
is_replaceable(const char *path, GError **error)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ||
               (kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, path), FALSE);
    if (S_ISREG(st.st_mode))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE, "%s: no regular file", path);
    return FALSE;
}

gboolean
kyso_request_file_read_output(KysoJob *job, const json_t *params, const char *param, KysoFd *ret_fd,
                              char **ret_path, GError **error)
{
    const json_t *value = json_object_get(params, param);
    g_auto(KysoFd) fd = -1;
    const char *path;

    *ret_fd = -1;
    *ret_path = NULL;
    if (!read_path(job, param, value, KYSO_ERROR_OUTPUT_NOT_WRITABLE, &path, error))
        return FALSE;
    if (path != NULL) {
        if (!is_replaceable(path, error))
            return FALSE;
        *ret_path = g_strdup(path);
        return TRUE;
    }
    if (!kyso_json_take_fd(params, param, KYSO_JSON_REQUIRED, kyso_job_fds(job), &fd, error) ||
        !is_regular(fd, param, KYSO_ERROR_OUTPUT_NOT_WRITABLE, error))
        return FALSE;
    if (!has_access(fd, O_WRONLY)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE,
                    "\"%s\" is not open for writing", param);
        return FALSE;
    }
    *ret_fd = kyso_fd_steal(&fd);
    return TRUE;
}
