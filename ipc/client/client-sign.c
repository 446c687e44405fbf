/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/client/client-private.h"
#include "ipc/wire/channel.h"

/* The parameters as they grow, with the descriptors that they name. */
typedef struct {
    json_t *params;
    int fds[KYSO_CHANNEL_MAX_FDS];
    guint n_fds;
    gboolean has_too_many;
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
set_text(Parameters *self, json_t *object, const char *name, const char *text)
{
    if (text != NULL && json_object_set_new(object, name, json_string(text)) < 0)
        self->broken = name;
}

static void
set_descriptor(Parameters *self, json_t *object, const char *name, int fd)
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

/* A path is opened here: the agent may see other mounts than this program. But of a list there may
 * be more than a message can carry. @code where it cannot. */
static gboolean
set_input(Parameters *self, json_t *object, const char *name, const KysoFile *file,
          gboolean is_listed, int code, GError **error)
{
    if (file->path == NULL && file->fd == 0)
        return TRUE;
    if (file->path == NULL) {
        set_descriptor(self, object, name, file->fd);
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
    set_descriptor(self, object, name, fd);
    return TRUE;
}

/* A path goes as it is: only whoever makes the file can make it appear whole. */
static gboolean
set_output(Parameters *self, json_t *object, const char *name, const KysoFile *file, GError **error)
{
    if (file->path != NULL)
        return set_path(object, name, file->path, KYSO_ERROR_OUTPUT_NOT_WRITABLE, error);
    if (file->fd != 0)
        set_descriptor(self, object, name, file->fd);
    return TRUE;
}

static void
set_name(Parameters *self, json_t *object, const KysoSignDocument *document)
{
    if (document->name != NULL) {
        set_text(self, object, "name", document->name);
    } else if (document->input.path != NULL) {
        g_autofree char *name = g_filename_display_basename(document->input.path);
        set_text(self, object, "name", name);
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
set_reserve(json_t *object, const KysoSignDocument *document)
{
    json_t *reserve = json_object();

    set_place(reserve, "number", &document->reserve_number);
    set_place(reserve, "day", &document->reserve_day);
    set_place(reserve, "month", &document->reserve_month);
    set_place(reserve, "seal", &document->reserve_seal);
    set_if_any(object, "reserve", reserve);
}

static void
set_fill(Parameters *self, json_t *object, const KysoSignDocument *document)
{
    json_t *fill = json_object();

    set_text(self, fill, "number", document->fill_number);
    set_text(self, fill, "day", document->fill_day);
    set_text(self, fill, "month", document->fill_month);
    set_if_any(object, "fill", fill);
}

/* "KEY=VALUE"; "OUTER.KEY=VALUE" for a member of a member. */
static void
set_metadata(Parameters *self, json_t *object, const char *const *pairs)
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
    set_if_any(object, "metadata", metadata);
}

static gboolean
is_whole(const Parameters *self, GError **error)
{
    if (self->broken != NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"%s\" must be %sUTF-8 text",
                    self->broken, strcmp(self->broken, "metadata") == 0 ? "KEY=VALUE, " : "");
    else if (self->has_too_many)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_DESCRIPTORS, "over %d descriptors",
                    KYSO_CHANNEL_MAX_FDS);
    else
        return TRUE;
    return FALSE;
}

/* All that is said of one document, into @object. */
static gboolean
set_document(Parameters *self, json_t *object, const KysoSignDocument *document, gboolean is_listed,
             GError **error)
{
    set_name(self, object, document);
    set_place(object, "place", &document->place);
    set_reserve(object, document);
    set_fill(self, object, document);
    set_metadata(self, object, document->metadata);
    return set_input(self, object, "input", &document->input, is_listed,
                     KYSO_ERROR_INPUT_UNREADABLE, error) &&
           set_output(self, object, "output", &document->output, error) &&
           set_input(self, object, "image", &document->image, is_listed,
                     KYSO_ERROR_IMAGE_UNREADABLE, error);
}

static void
set_common(Parameters *self, const KysoSignRequest *request)
{
    set_text(self, self->params, "purpose", request->purpose);
    set_text(self, self->params, "credentialID", request->credential_id);
    set_text(self, self->params, "signAlgo", request->algorithm);
    if (request->level != NULL) {
        g_autofree char *level = g_strconcat("AdES-", request->level, NULL);
        set_text(self, self->params, "conformance_level", level);
    }
    set_text(self, self->params, "signature_format", request->format);
    set_text(self, self->params, "signed_envelope_property", request->envelope);
    if (request->certify)
        json_object_set_new(self->params, "certify", json_true());
    if (request->several)
        json_object_set_new(self->params, "several", json_true());
    if (request->repair)
        json_object_set_new(self->params, "repair", json_true());
    if (request->password_fd != 0)
        set_descriptor(self, self->params, "password", request->password_fd);
    if (request->no_wait)
        json_object_set_new(self->params, "wait_for_token", json_false());
}

/* What the request says of its one document, or of all that do not say it. */
static KysoSignDocument
document_of(const KysoSignRequest *request)
{
    return (KysoSignDocument){
        .input = request->input,
        .output = request->output,
        .name = request->name,
        .image = request->image,
        .place = request->place,
        .reserve_number = request->reserve_number,
        .reserve_day = request->reserve_day,
        .reserve_month = request->reserve_month,
        .reserve_seal = request->reserve_seal,
        .fill_number = request->fill_number,
        .fill_day = request->fill_day,
        .fill_month = request->fill_month,
        .metadata = request->metadata,
    };
}

KysoResult *
kyso_client_sign(KysoClient *client, const KysoSignRequest *request, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();
    KysoSignDocument document = document_of(request);
    KysoClientWatcher watcher = {.one = request->progress, .user_data = request->user_data};

    set_common(&parameters, request);
    if (!set_document(&parameters, parameters.params, &document, FALSE, error) ||
        !is_whole(&parameters, error))
        return NULL;
    return kyso_client_request(client, "signatures.signDoc", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms, &watcher,
                               error);
}

static gboolean
is_common_only(const KysoSignRequest *request, GError **error)
{
    if (request->input.path == NULL && request->input.fd == 0 && request->output.path == NULL &&
        request->output.fd == 0 && request->name == NULL && request->fill_number == NULL &&
        request->fill_day == NULL && request->fill_month == NULL && request->metadata == NULL)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                        "input, output, name, fill and metadata belong into the documents");
    return FALSE;
}

KysoResult *
kyso_client_sign_list(KysoClient *client, const KysoSignRequest *request,
                      const KysoSignDocument *documents, guint n_documents,
                      KysoClientListProgress progress, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL && documents != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();
    KysoSignDocument common = document_of(request);
    KysoClientWatcher watcher = {.list = progress, .user_data = request->user_data};
    json_t *list = json_array();

    set_common(&parameters, request);
    json_object_set_new(parameters.params, "documents", list);
    if (!is_common_only(request, error) ||
        !set_document(&parameters, parameters.params, &common, FALSE, error))
        return NULL;
    for (guint i = 0; i < n_documents; i++) {
        json_t *object = json_object();
        json_array_append_new(list, object);
        if (!set_document(&parameters, object, &documents[i], TRUE, error))
            return NULL;
    }
    if (!is_whole(&parameters, error))
        return NULL;
    return kyso_client_request(client, "signatures.signDoc", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms, &watcher,
                               error);
}

KysoResult *
kyso_client_verify(KysoClient *client, const KysoFile *document, const KysoFile *signature,
                   GError **error)
{
    g_return_val_if_fail(client != NULL && document != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();

    if (!set_input(&parameters, parameters.params, "input", document, FALSE,
                   KYSO_ERROR_INPUT_UNREADABLE, error) ||
        (signature != NULL && !set_input(&parameters, parameters.params, "signature", signature,
                                         FALSE, KYSO_ERROR_INPUT_UNREADABLE, error)))
        return NULL;
    return kyso_client_request(client, "signatures.verify", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, 0, NULL, error);
}

KysoResult *
kyso_client_verify_encrypted(KysoClient *client, const KysoFile *document, int password_fd,
                             GError **error)
{
    g_return_val_if_fail(client != NULL && document != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();

    if (!set_input(&parameters, parameters.params, "input", document, FALSE,
                   KYSO_ERROR_INPUT_UNREADABLE, error))
        return NULL;
    set_descriptor(&parameters, parameters.params, "password", password_fd);
    return kyso_client_request(client, "signatures.verify", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, 0, NULL, error);
}

KysoResult *
kyso_client_verify_content(KysoClient *client, const KysoFile *document, const KysoFile *content,
                           GError **error)
{
    g_return_val_if_fail(client != NULL && document != NULL && content != NULL, NULL);
    g_auto(Parameters) parameters = parameters_new();

    if (!set_input(&parameters, parameters.params, "input", document, FALSE,
                   KYSO_ERROR_INPUT_UNREADABLE, error) ||
        !set_output(&parameters, parameters.params, "content", content, error))
        return NULL;
    return kyso_client_request(client, "signatures.verify", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, 0, NULL, error);
}
