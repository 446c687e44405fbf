/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/client-parameters.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ipc/base/error.h"

void
kyso_client_parameters_clear(KysoClientParameters *self)
{
    json_decref(self->params);
    kyso_fd_list_free(self->opened);
}

KysoClientParameters
kyso_client_parameters_new(void)
{
    return (KysoClientParameters){.params = json_object(), .opened = kyso_fd_list_new()};
}

void
kyso_client_parameters_set_text(KysoClientParameters *self, json_t *object, const char *name,
                                const char *text)
{
    if (text != NULL && json_object_set_new(object, name, json_string(text)) < 0)
        self->broken = name;
}

void
kyso_client_parameters_set_descriptor(KysoClientParameters *self, json_t *object, const char *name,
                                      int fd)
{
    if (self->n_fds == G_N_ELEMENTS(self->fds)) {
        self->has_too_many = TRUE;
        return;
    }
    json_object_set_new(object, name, kyso_json_fd(self->n_fds));
    self->fds[self->n_fds++] = fd;
}

/* A path as it is, for the agent to open or to make. @code where it cannot be said. */
static gboolean
set_path(json_t *object, const char *name, const char *path, int code, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);

    if (!g_utf8_validate(absolute, -1, NULL)) {
        g_set_error(error, KYSO_ERROR, code, "the path of \"%s\" is not UTF-8", name);
        return FALSE;
    }
    json_object_set_new(object, name, json_pack("{s:s}", "path", absolute));
    return TRUE;
}

gboolean
kyso_client_parameters_set_input(KysoClientParameters *self, json_t *object, const char *name,
                                 const KysoFile *file, gboolean is_listed, int code, GError **error)
{
    if (file->path == NULL && file->fd == 0)
        return TRUE;
    if (file->path == NULL) {
        kyso_client_parameters_set_descriptor(self, object, name, file->fd);
        return TRUE;
    }
    if (is_listed)
        return set_path(object, name, file->path, code, error);
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        kyso_error_set_errno(error, code, errno, file->path);
        return FALSE;
    }
    kyso_fd_list_append(self->opened, fd);
    kyso_client_parameters_set_descriptor(self, object, name, fd);
    return TRUE;
}

gboolean
kyso_client_parameters_set_output(KysoClientParameters *self, json_t *object, const char *name,
                                  const KysoFile *file, GError **error)
{
    if (file->path != NULL)
        return set_path(object, name, file->path, KYSO_ERROR_OUTPUT_NOT_WRITABLE, error);
    if (file->fd != 0)
        kyso_client_parameters_set_descriptor(self, object, name, file->fd);
    return TRUE;
}

gboolean
kyso_client_parameters_is_whole(const KysoClientParameters *self, GError **error)
{
    if (self->broken != NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" must be %sUTF-8 text",
                    self->broken, strcmp(self->broken, "metadata") == 0 ? "KEY=VALUE, " : "");
    else if (self->reserves_twice)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "reserve_all goes without reserved places");
    else if (self->has_too_many)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_DESCRIPTORS, "over %d descriptors",
                    KYSO_CHANNEL_MAX_FDS);
    else
        return TRUE;
    return FALSE;
}
