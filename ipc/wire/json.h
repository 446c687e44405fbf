/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Strict JSON: bounded depth, no duplicate names, no NUL in strings, and readers of typed fields
 * whose errors name the field.
 *
 * A reader's @name is the member's name; a missing optional member leaves *ret as it was. All
 * readers set KYSO_ERROR_WRONG_PARAMETERS on a wrong type or a missing required member. Strings
 * and objects stay owned by @object. Thread-safe over different trees.
 */

#include <glib.h>
#include <jansson.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define KYSO_JSON_MAX_DEPTH 32

/* One value out of @size bytes (RFC 8259). KYSO_ERROR_NOT_UTF8, KYSO_ERROR_NESTED_TOO_DEEP,
 * KYSO_ERROR_NOT_JSON. */
json_t *kyso_json_parse(const char *text, gsize size, GError **error);

/* One line of compact UTF-8 without the newline. Never fails. */
char *kyso_json_format(const json_t *value, gsize *ret_size);

typedef enum { KYSO_JSON_OPTIONAL, KYSO_JSON_REQUIRED } KysoJsonNeed;

gboolean kyso_json_get_string(const json_t *object, const char *name, KysoJsonNeed need,
                              const char **ret, GError **error);
gboolean kyso_json_get_int(const json_t *object, const char *name, KysoJsonNeed need, gint64 min,
                           gint64 max, gint64 *ret, GError **error);
gboolean kyso_json_get_number(const json_t *object, const char *name, KysoJsonNeed need,
                              double *ret, GError **error); /* finite */
gboolean kyso_json_get_boolean(const json_t *object, const char *name, KysoJsonNeed need,
                               gboolean *ret, GError **error);
gboolean kyso_json_get_object(const json_t *object, const char *name, KysoJsonNeed need,
                              json_t **ret, GError **error);
gboolean kyso_json_get_array(const json_t *object, const char *name, KysoJsonNeed need,
                             gsize max_items, json_t **ret, GError **error);

/* Base64 (RFC 4648 §4, padding needed) as bytes. */
gboolean kyso_json_get_bytes(const json_t *object, const char *name, KysoJsonNeed need,
                             gsize max_size, GBytes **ret, GError **error);

/* FALSE with KYSO_ERROR_WRONG_PARAMETERS where @object has a member not in @names (NULL-ended). */
gboolean kyso_json_only_has(const json_t *object, const char *const *names, GError **error);

/* A new base64 string value. */
json_t *kyso_json_bytes(GBytes *bytes);
