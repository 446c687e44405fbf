/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include <string.h>

#include "ipc/base/error.h"
#include "ipc/client/client-parameters.h"

static void
set_name(KysoClientParameters *self, json_t *object, const KysoSignDocument *document)
{
    if (document->name != NULL) {
        kyso_client_parameters_set_text(self, object, "name", document->name);
    } else if (document->input.path != NULL) {
        g_autofree char *name = g_filename_display_basename(document->input.path);
        kyso_client_parameters_set_text(self, object, "name", name);
    }
}

/* Beside the text @place->anchor, by the sides that a rectangle has. */
static json_t *
anchor_to_json(KysoClientParameters *self, const KysoPlace *place)
{
    json_t *value = json_object();
    double width = place->right - place->left, height = place->top - place->bottom;

    kyso_client_parameters_set_text(self, value, "anchor", place->anchor);
    if (place->page != 0)
        json_object_set_new(value, "page", json_integer(place->page));
    if (width == 0 && height == 0)
        return value;
    json_object_set_new(value, "dx", json_real(place->left));
    json_object_set_new(value, "dy", json_real(place->bottom));
    json_object_set_new(value, "w", json_real(width));
    json_object_set_new(value, "h", json_real(height));
    return value;
}

static void
set_place(KysoClientParameters *self, json_t *object, const char *name, const KysoPlace *place)
{
    json_t *value;

    if (place->is_automatic) {
        value = json_true();
    } else if (place->template_name != NULL) {
        value = json_object();
        kyso_client_parameters_set_text(self, value, "template", place->template_name);
    } else if (place->anchor != NULL) {
        value = anchor_to_json(self, place);
    } else if (place->page != 0) {
        value = json_pack("{s:i, s:[f,f,f,f]}", "page", place->page, "rect", place->left,
                          place->bottom, place->right, place->top);
    } else {
        return;
    }
    json_object_set_new(object, name, value);
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
set_reserve(KysoClientParameters *self, json_t *object, const KysoSignDocument *document)
{
    json_t *reserve = json_object();

    set_place(self, reserve, "number", &document->reserve_number);
    set_place(self, reserve, "day", &document->reserve_day);
    set_place(self, reserve, "month", &document->reserve_month);
    set_place(self, reserve, "seal", &document->reserve_seal);
    self->reserves_twice |= document->reserve_all && json_object_size(reserve) > 0;
    set_if_any(object, "reserve", reserve);
    if (document->reserve_all)
        json_object_set_new(object, "reserve", json_true());
}

/* A text, and where it goes where that is said. */
static void
set_blank(KysoClientParameters *self, json_t *fill, const char *name, const char *text,
          const KysoPlace *place)
{
    json_t *blank = json_object();

    set_place(self, blank, "place", place);
    if (json_object_size(blank) == 0) {
        kyso_client_parameters_set_text(self, fill, name, text);
        json_decref(blank);
        return;
    }
    kyso_client_parameters_set_text(self, blank, "text", text);
    json_object_set_new(fill, name, blank);
}

static void
set_fill(KysoClientParameters *self, json_t *object, const KysoSignDocument *document)
{
    json_t *fill = json_object();

    set_blank(self, fill, "number", document->fill_number, &document->fill_number_place);
    set_blank(self, fill, "day", document->fill_day, &document->fill_day_place);
    set_blank(self, fill, "month", document->fill_month, &document->fill_month_place);
    set_if_any(object, "fill", fill);
}

/* "KEY=VALUE"; "OUTER.KEY=VALUE" for a member of a member. */
static void
set_metadata(KysoClientParameters *self, json_t *object, const char *const *pairs)
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

/* All that is said of one document, into @object. */
static gboolean
set_document(KysoClientParameters *self, json_t *object, const KysoSignDocument *document,
             gboolean is_listed, GError **error)
{
    set_name(self, object, document);
    set_place(self, object, "place", &document->place);
    set_reserve(self, object, document);
    set_fill(self, object, document);
    kyso_client_parameters_set_text(self, object, "text", document->text);
    kyso_client_parameters_set_text(self, object, "copy_kind", document->copy_kind);
    if (document->seal_mm != 0)
        json_object_set_new(object, "seal_mm", json_real(document->seal_mm));
    set_metadata(self, object, document->metadata);
    return kyso_client_parameters_set_input(self, object, "input", &document->input, is_listed,
                                            KYSO_ERROR_INPUT_UNREADABLE, error) &&
           kyso_client_parameters_set_output(self, object, "output", &document->output, error) &&
           kyso_client_parameters_set_input(self, object, "image", &document->image, is_listed,
                                            KYSO_ERROR_IMAGE_UNREADABLE, error);
}

static void
set_common(KysoClientParameters *self, const KysoSignRequest *request)
{
    kyso_client_parameters_set_text(self, self->params, "purpose", request->purpose);
    kyso_client_parameters_set_text(self, self->params, "credentialID", request->credential_id);
    kyso_client_parameters_set_text(self, self->params, "signAlgo", request->algorithm);
    if (request->level != NULL) {
        g_autofree char *level = g_strconcat("AdES-", request->level, NULL);
        kyso_client_parameters_set_text(self, self->params, "conformance_level", level);
    }
    kyso_client_parameters_set_text(self, self->params, "signature_format", request->format);
    kyso_client_parameters_set_text(self, self->params, "signed_envelope_property",
                                    request->envelope);
    if (request->certify)
        json_object_set_new(self->params, "certify", json_true());
    if (request->several)
        json_object_set_new(self->params, "several", json_true());
    if (request->timestamp_later)
        json_object_set_new(self->params, "timestamp_later", json_true());
    if (request->repair)
        json_object_set_new(self->params, "repair", json_true());
    if (request->password_fd != 0)
        kyso_client_parameters_set_descriptor(self, self->params, "password", request->password_fd);
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
        .reserve_all = request->reserve_all,
        .seal_mm = request->seal_mm,
        .text = request->text,
        .copy_kind = request->copy_kind,
        .fill_number_place = request->fill_number_place,
        .fill_day_place = request->fill_day_place,
        .fill_month_place = request->fill_month_place,
    };
}

KysoResult *
kyso_client_sign(KysoClient *client, const KysoSignRequest *request, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();
    KysoSignDocument document = document_of(request);
    KysoClientWatcher watcher = {.one = request->progress, .user_data = request->user_data};

    set_common(&parameters, request);
    if (!set_document(&parameters, parameters.params, &document, FALSE, error) ||
        !kyso_client_parameters_is_whole(&parameters, error))
        return NULL;
    return kyso_client_request(client, "signatures.signDoc", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms, &watcher,
                               error);
}

static gboolean
says_fill(const KysoSignRequest *request)
{
    const KysoPlace *places[] = {&request->fill_number_place, &request->fill_day_place,
                                 &request->fill_month_place};

    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i]->page != 0 || places[i]->anchor != NULL || places[i]->is_automatic ||
            places[i]->template_name != NULL)
            return TRUE;
    return request->fill_number != NULL || request->fill_day != NULL || request->fill_month != NULL;
}

static gboolean
is_common_only(const KysoSignRequest *request, GError **error)
{
    if (request->input.path == NULL && request->input.fd == 0 && request->output.path == NULL &&
        request->output.fd == 0 && request->name == NULL && !says_fill(request) &&
        request->metadata == NULL)
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
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();
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
    if (!kyso_client_parameters_is_whole(&parameters, error))
        return NULL;
    return kyso_client_request(client, "signatures.signDoc", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms, &watcher,
                               error);
}
