/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/hash-request.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/core/signature-scheme.h"
#include "ipc/base/error.h"

#define MAX_DESCRIPTION 255

static gboolean
wrong(GError **error, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, what);
    return FALSE;
}

static gboolean
read_wait(KysoHashRequest *self, const json_t *params, GError **error)
{
    self->wait_for_token = TRUE;
    return kyso_json_get_boolean(params, "wait_for_token", KYSO_JSON_OPTIONAL,
                                 &self->wait_for_token, error);
}

KysoHashRequest *
kyso_hash_request_read_authorize(const json_t *params, GError **error)
{
    g_autoptr(KysoHashRequest) self = g_new0(KysoHashRequest, 1);
    const char *id = NULL, *description = "";

    if (!kyso_json_get_string(params, "credentialID", KYSO_JSON_REQUIRED, &id, error) ||
        !kyso_json_get_string(params, "description", KYSO_JSON_OPTIONAL, &description, error) ||
        !kyso_json_get_int(params, "numSignatures", KYSO_JSON_REQUIRED, 1, KYSO_MAX_AUTHORIZED,
                           &self->n_signatures, error) ||
        !read_wait(self, params, error))
        return NULL;
    if (strlen(description) > MAX_DESCRIPTION) {
        wrong(error, "\"description\" is longer than 255 bytes");
        return NULL;
    }
    self->credential_id = g_strdup(id);
    self->description =
        g_strdup_printf("%s (%" G_GINT64_FORMAT ")", description, self->n_signatures);
    return g_steal_pointer(&self);
}

static gboolean
read_digests(KysoHashRequest *self, const json_t *list, GError **error)
{
    gsize size = kyso_signature_scheme_digest_size(self->hash);
    json_t *item;
    size_t i;

    self->digests = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    json_array_foreach(list, i, item)
    {
        g_autoptr(json_t) holder = json_pack("{s:O}", "hash", item);
        GBytes *digest = NULL;
        if (!kyso_json_get_bytes(holder, "hash", KYSO_JSON_REQUIRED, size, &digest, error))
            return FALSE;
        g_ptr_array_add(self->digests, digest);
        if (g_bytes_get_size(digest) != size)
            return wrong(error, "\"hash\": a digest is not of the length of its algorithm");
    }
    return self->digests->len > 0 || wrong(error, "\"hash\" is empty");
}

KysoHashRequest *
kyso_hash_request_read_sign(const json_t *params, GError **error)
{
    g_autoptr(KysoHashRequest) self = g_new0(KysoHashRequest, 1);
    const char *id = NULL, *algo = NULL, *hash_algo = NULL, *sad = NULL;
    json_t *list = NULL;

    if (!kyso_json_get_string(params, "credentialID", KYSO_JSON_REQUIRED, &id, error) ||
        !kyso_json_get_string(params, "signAlgo", KYSO_JSON_OPTIONAL, &algo, error) ||
        !kyso_json_get_string(params, "hashAlgo", KYSO_JSON_REQUIRED, &hash_algo, error) ||
        !kyso_json_get_string(params, "SAD", KYSO_JSON_OPTIONAL, &sad, error) ||
        !kyso_json_get_array(params, "hash", KYSO_JSON_REQUIRED, KYSO_MAX_HASHES, &list, error) ||
        !read_wait(self, params, error))
        return NULL;
    self->hash = kyso_signature_scheme_hash_of_oid(hash_algo);
    if (self->hash == NULL) {
        wrong(error, "\"hashAlgo\" is not known");
        return NULL;
    }
    if (!read_digests(self, list, error))
        return NULL;
    self->credential_id = g_strdup(id);
    self->sign_algo = g_strdup(algo);
    self->sad = g_strdup(sad);
    self->n_signatures = self->digests->len;
    self->description = g_strdup_printf("%u × %s", self->digests->len, self->hash);
    return g_steal_pointer(&self);
}

void
kyso_hash_request_free(KysoHashRequest *self)
{
    if (self == NULL)
        return;
    g_free(self->credential_id);
    g_free(self->sign_algo);
    g_free(self->description);
    g_free(self->sad);
    g_clear_pointer(&self->digests, g_ptr_array_unref);
    g_free(self);
}

/* One digest for a list of any length, so that a record stays one line. */
static char *
digest_of_all(const GPtrArray *list)
{
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");

    for (guint i = 0; i < list->len; i++) {
        gsize size;
        const void *data = g_bytes_get_data(list->pdata[i], &size);
        kyso_file_hash_add_bytes(hash, data, size);
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    return kyso_file_hash_to_hex(digest);
}

void
kyso_hash_request_describe(const KysoHashRequest *self, KysoRecord *record)
{
    if (self->digests == NULL)
        return;
    record->document_digest = self->digests->len == 1
                                  ? kyso_file_hash_to_hex(self->digests->pdata[0])
                                  : digest_of_all(self->digests);
    record->metadata =
        g_strdup_printf("{\"hash\":\"%s\",\"count\":%u}", self->hash, self->digests->len);
}

void
kyso_hash_request_describe_result(const KysoHashRequest *self, const GPtrArray *signatures,
                                  KysoRecord *record)
{
    record->signature_digest = digest_of_all(signatures);
}
