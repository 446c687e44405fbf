/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/client/client-private.h"
#include "ipc/wire/channel.h"

#define MAX_FILES 3 /* input, output, image */

/* The parameters as they grow, with the descriptors that they name. */
typedef struct {
    json_t *params;
    int fds[MAX_FILES];
    guint n_fds;
    KysoFdList *opened; /* those of @fds that are ours to close */
    const char *broken; /* name of a text that is not UTF-8 */
} Parameters;

static void
parameters_clear(Parameters *self)
{
    json_decref(self->params);
    kyso_fd_list_free(self->opened);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Parameters, parameters_clear)

static Parameters
parameters_new(void)
{
    return (Parameters){.params = json_object(), .opened = kyso_fd_list_new()};
}

static void
set_member(Parameters *self, json_t *object, const char *name, const char *text)
{
    if (text != NULL && json_object_set_new(object, name, json_string(text)) < 0)
        self->broken = name;
}

static void
set_text(Parameters *self, const char *name, const char *text)
{
    set_member(self, self->params, name, text);
}

static void
set_descriptor(Parameters *self, const char *name, int fd)
{
    json_object_set_new(self->params, name, kyso_json_fd(self->n_fds));
    self->fds[self->n_fds++] = fd;
}

/* A path is opened here: the agent may see other mounts than this program. @code where it cannot.
 */
static gboolean
set_input(Parameters *self, const char *name, const KysoFile *file, int code, GError **error)
{
    if (file->path == NULL && file->fd == 0)
        return TRUE;
    if (file->path == NULL) {
        set_descriptor(self, name, file->fd);
        return TRUE;
    }
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        kyso_error_set_errno(error, code, errno, file->path);
        return FALSE;
    }
    kyso_fd_list_append(self->opened, fd);
    set_descriptor(self, name, fd);
    return TRUE;
}

/* A path goes as it is: only whoever makes the file can make it appear whole. */
static gboolean
set_output(Parameters *self, const KysoFile *file, GError **error)
{
    if (file->path == NULL) {
        if (file->fd != 0)
            set_descriptor(self, "output", file->fd);
        return TRUE;
    }
    g_autofree char *path = g_canonicalize_filename(file->path, NULL);
    if (!g_utf8_validate(path, -1, NULL)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE,
                            "the path of the output is not UTF-8");
        return FALSE;
    }
    json_object_set_new(self->params, "output", json_pack("{s:s}", "path", path));
    return TRUE;
}

static void
set_name(Parameters *self, const KysoSignRequest *request)
{
    if (request->name != NULL) {
        set_text(self, "name", request->name);
    } else if (request->input.path != NULL) {
        g_autofree char *name = g_filename_display_basename(request->input.path);
        set_text(self, "name", name);
    }
}

static void
set_place(json_t *object, const char *name, const KysoPlace *place)
{
    if (place->page != 0)
        json_object_set_new(object, name,
                            json_pack("{s:i, s:[f,f,f,f]}", "page", place->page, "rect",
                                      place->left, place->bottom, place->right, place->top));
}

static void
set_if_any(json_t *params, const char *name, json_t *object)
{
    if (json_object_size(object) > 0)
        json_object_set_new(params, name, object);
    else
        json_decref(object);
}

static void
set_reserve_and_fill(Parameters *self, const KysoSignRequest *request)
{
    json_t *reserve = json_object(), *fill = json_object();

    set_place(reserve, "number", &request->reserve_number);
    set_place(reserve, "day", &request->reserve_day);
    set_place(reserve, "month", &request->reserve_month);
    set_place(reserve, "seal", &request->reserve_seal);
    set_if_any(self->params, "reserve", reserve);

    set_member(self, fill, "number", request->fill_number);
    set_member(self, fill, "day", request->fill_day);
    set_member(self, fill, "month", request->fill_month);
    set_if_any(self->params, "fill", fill);
}

/* "KEY=VALUE"; "OUTER.KEY=VALUE" for a member of a member. */
static void
set_metadata(Parameters *self, const char *const *pairs)
{
    json_t *metadata = json_object();

    for (; pairs != NULL && *pairs != NULL; pairs++) {
        const char *equals = strchr(*pairs, '=');
        if (equals == NULL || !g_utf8_validate(*pairs, -1, NULL)) {
            self->broken = "metadata";
            continue;
        }
        g_autofree char *key = g_strndup(*pairs, (gsize) (equals - *pairs));
        json_t *target = metadata;
        char *name = strchr(key, '.');
        if (name != NULL) {
            *name++ = '\0';
            if (!json_is_object(json_object_get(metadata, key)))
                json_object_set_new(metadata, key, json_object());
            target = json_object_get(metadata, key);
        }
        json_object_set_new(target, name != NULL ? name : key, json_string(equals + 1));
    }
    set_if_any(self->params, "metadata", metadata);
}

static gboolean
is_whole(const Parameters *self, GError **error)
{
    if (self->broken == NULL)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" must be %sUTF-8 text",
                self->broken, strcmp(self->broken, "metadata") == 0 ? "KEY=VALUE, " : "");
    return FALSE;
}

KysoResult *
kyso_client_sign(KysoClient *client, const KysoSignRequest *request, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();

    set_text(&parameters, "purpose", request->purpose);
    set_text(&parameters, "credentialID", request->credential_id);
    set_text(&parameters, "signAlgo", request->algorithm);
    set_name(&parameters, request);
    set_place(parameters.params, "place", &request->place);
    set_reserve_and_fill(&parameters, request);
    if (request->certify)
        json_object_set_new(parameters.params, "certify", json_true());
    set_metadata(&parameters, request->metadata);
    if (!is_whole(&parameters, error) ||
        !set_input(&parameters, "input", &request->input, KYSO_ERROR_INPUT_UNREADABLE, error) ||
        !set_output(&parameters, &request->output, error) ||
        !set_input(&parameters, "image", &request->image, KYSO_ERROR_IMAGE_UNREADABLE, error))
        return NULL;
    return kyso_client_request(client, "signatures.signDoc", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms,
                               request->progress, request->user_data, error);
}

KysoResult *
kyso_client_verify(KysoClient *client, const KysoFile *document, const KysoFile *signature,
                   GError **error)
{
    g_return_val_if_fail(client != NULL && document != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();

    if (!set_input(&parameters, "input", document, KYSO_ERROR_INPUT_UNREADABLE, error) ||
        (signature != NULL &&
         !set_input(&parameters, "signature", signature, KYSO_ERROR_INPUT_UNREADABLE, error)))
        return NULL;
    return kyso_client_request(client, "signatures.verify", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, 0, NULL, NULL, error);
}
