/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/jws-reader.h"

#include <string.h>

#include "agent/jose/base64url.h"
#include "agent/jose/json-data.h"
#include "ipc/base/error.h"

#define SNIFFED 16
#define MAX_VALUES 1000         /* of a JWS in JSON, whose texts have no commas */
#define MAX_HEADER (256 * 1024) /* bytes of base64url: a chain of a dozen certificates */

/* Its three texts, borrowed. */
typedef struct {
    const char *protected_text, *payload, *signature;
    gsize protected_length, payload_length, signature_length;
} Parts;

static gboolean
unreadable(GError **error, const char *what)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "not a JWS: %s", what);
    return FALSE;
}

void
kyso_jws_free(KysoJws *self)
{
    if (self == NULL)
        return;
    g_free(self->protected_text);
    json_decref(self->header);
    g_clear_pointer(&self->payload, g_bytes_unref);
    g_clear_pointer(&self->signature, g_bytes_unref);
    g_free(self);
}

/* A header is a JSON object, whose first letter is '{': "ey", or "ew" where white space follows. */
gboolean
kyso_jws_is_begun_by(const char *start, gsize size)
{
    gsize n = MIN(size, SNIFFED);

    while (n > 0 && g_ascii_isspace(*start)) {
        start++;
        n--;
    }
    if (n > 0 && *start == '{')
        return TRUE;
    if (n < 4 || start[0] != 'e' || (start[1] != 'y' && start[1] != 'w'))
        return FALSE;
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum(start[i]) && start[i] != '-' && start[i] != '_')
            return FALSE;
    return TRUE;
}

static gboolean
split_compact(const char *text, gsize size, Parts *ret)
{
    const char *end = text + size;
    const char *first = memchr(text, '.', size);
    const char *second = first != NULL ? memchr(first + 1, '.', (gsize) (end - first - 1)) : NULL;

    if (second == NULL)
        return FALSE;
    *ret = (Parts){
        .protected_text = text,
        .protected_length = (gsize) (first - text),
        .payload = first + 1,
        .payload_length = (gsize) (second - first - 1),
        .signature = second + 1,
        .signature_length = (gsize) (end - second - 1),
    };
    return TRUE;
}

static gboolean
take_text(const json_t *object, const char *name, const char **ret, gsize *ret_length)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        return FALSE;
    *ret = json_string_value(value);
    *ret_length = json_string_length(value);
    return TRUE;
}

/* The members of the signature: of the object itself, or of the only one in its list. */
static const json_t *
signature_object(const json_t *object)
{
    const json_t *list = json_object_get(object, "signatures");

    if (list == NULL)
        return object;
    if (json_array_size(list) != 1 || json_object_get(object, "signature") != NULL ||
        json_object_get(object, "protected") != NULL || json_object_get(object, "header") != NULL)
        return NULL;
    return json_array_get(list, 0);
}

static gboolean
split_json(const json_t *object, Parts *ret, const json_t **ret_unprotected)
{
    const json_t *signature = json_is_object(object) ? signature_object(object) : NULL;
    const json_t *payload = json_object_get(object, "payload");

    if (!json_is_object(signature) ||
        !take_text(signature, "protected", &ret->protected_text, &ret->protected_length) ||
        !take_text(signature, "signature", &ret->signature, &ret->signature_length) ||
        (payload != NULL && !take_text(object, "payload", &ret->payload, &ret->payload_length)))
        return FALSE;
    *ret_unprotected = json_object_get(signature, "header");
    return *ret_unprotected == NULL || json_is_object(*ret_unprotected);
}

static gboolean
read_header(KysoJws *self, const Parts *parts, const json_t *unprotected, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    const char *name;
    json_t *value;

    if (parts->protected_length <= MAX_HEADER)
        bytes = kyso_base64url_decode(parts->protected_text, parts->protected_length);
    if (bytes == NULL)
        return unreadable(error, "its header is no base64url, or too long");
    self->protected_text = g_strndup(parts->protected_text, parts->protected_length);
    self->header = kyso_json_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    if (!json_is_object(self->header))
        return unreadable(error, "its header is no JSON object, or has a name twice");
    if (unprotected == NULL)
        return TRUE;
    json_object_foreach(self->header, name, value)
    {
        if (json_object_get(unprotected, name) != NULL)
            return unreadable(error, "a name stands in both headers");
    }
    return TRUE;
}

static gboolean
decode(KysoJws *self, const Parts *parts, const json_t *unprotected, GError **error)
{
    if (!read_header(self, parts, unprotected, error))
        return FALSE;
    self->signature = kyso_base64url_decode(parts->signature, parts->signature_length);
    if (self->signature == NULL)
        return unreadable(error, "its signature is no base64url");
    if (parts->payload_length == 0)
        return TRUE;
    self->payload = kyso_base64url_decode(parts->payload, parts->payload_length);
    return self->payload != NULL || unreadable(error, "its payload is no base64url");
}

KysoJws *
kyso_jws_read(GBytes *data, GError **error)
{
    g_autoptr(KysoJws) self = g_new0(KysoJws, 1);
    gsize size = 0;
    const char *text = g_bytes_get_data(data, &size);
    const json_t *unprotected = NULL;
    g_autoptr(json_t) object = NULL;
    Parts parts = {0};

    if (size == 0 || size > KYSO_JWS_MAX_SIZE) {
        unreadable(error, "empty, or over 6 MiB");
        return NULL;
    }
    if (text[0] == '{' || g_ascii_isspace(text[0])) {
        if (kyso_json_data_is_within(text, size, MAX_VALUES))
            object = kyso_json_parse(text, size, NULL);
        if (!split_json(object, &parts, &unprotected)) {
            unreadable(error, "JSON, but not with one signature of RFC 7515 §7.2");
            return NULL;
        }
    } else {
        if (text[size - 1] == '\n') /* editors and shells write it */
            size -= size > 1 && text[size - 2] == '\r' ? 2 : 1;
        if (!split_compact(text, size, &parts)) {
            unreadable(error, "no three parts");
            return NULL;
        }
    }
    return decode(self, &parts, unprotected, error) ? g_steal_pointer(&self) : NULL;
}
