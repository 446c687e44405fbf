/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/jws-builder.h"

#include <string.h>

#include <jansson.h>

#include "agent/jose/base64url.h"
#include "agent/jose/jose-algorithm.h"
#include "agent/jose/signing-input.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"
#include "ipc/wire/json.h"

struct _KysoJwsBuilder {
    KysoCertificate *signer;
    const KysoJoseAlgorithm *algorithm;
    char *header; /* base64url */
    GBytes *digest;
};

static json_t *
chain_to_json(const KysoJwsSpec *spec)
{
    json_t *list = json_array();

    json_array_append_new(list, kyso_json_bytes(kyso_certificate_get_der(spec->signer)));
    for (guint i = 0; spec->chain != NULL && i < spec->chain->len; i++) {
        const KysoCertificate *certificate = g_ptr_array_index(spec->chain, i);
        gboolean is_signer = strcmp(kyso_certificate_get_id(certificate),
                                    kyso_certificate_get_id(spec->signer)) == 0;
        if (!is_signer && X509_self_signed(kyso_certificate_get_x509(certificate), 0) != 1)
            json_array_append_new(list, kyso_json_bytes(kyso_certificate_get_der(certificate)));
    }
    return list;
}

static char *
make_header(const KysoJwsBuilder *self, const KysoJwsSpec *spec)
{
    GBytes *der = kyso_certificate_get_der(spec->signer);
    g_autofree char *thumbprint = kyso_signing_input_thumbprint(der);
    g_autoptr(json_t) header =
        json_pack("{s:s, s:s, s:I, s:s, s:o}", "alg", self->algorithm->name, "typ", "JOSE", "iat",
                  (json_int_t) g_date_time_to_unix(spec->signing_time), "x5t#S256", thumbprint,
                  "x5c", chain_to_json(spec));
    gsize size = 0;

    if (spec->content_type != NULL)
        json_object_set_new(header, "cty", json_string(spec->content_type));
    g_autofree char *text = kyso_json_format(header, &size);
    return kyso_base64url_encode(text, size);
}

KysoJwsBuilder *
kyso_jws_builder_new(const KysoJwsSpec *spec, GError **error)
{
    g_autoptr(KysoJwsBuilder) self = g_new0(KysoJwsBuilder, 1);
    KysoScheme scheme = kyso_algorithm_scheme_from_name(spec->algorithm);

    g_return_val_if_fail(g_bytes_get_size(spec->payload) <= KYSO_JWS_MAX_PAYLOAD, NULL);
    self->signer = kyso_certificate_ref(spec->signer);
    self->algorithm = kyso_jose_algorithm_find(scheme, spec->hash, spec->signer);
    if (self->algorithm == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED,
                    "JWS has no name for %s over %s with this key", spec->algorithm, spec->hash);
        return NULL;
    }
    self->header = make_header(self, spec);
    self->digest = kyso_signing_input_hash(self->algorithm->hash, self->header,
                                           strlen(self->header), spec->payload);
    return g_steal_pointer(&self);
}

void
kyso_jws_builder_free(KysoJwsBuilder *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->signer, kyso_certificate_unref);
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self->header);
    g_free(self);
}

GBytes *
kyso_jws_builder_get_digest(const KysoJwsBuilder *self)
{
    return self->digest;
}

GBytes *
kyso_jws_builder_finish(const KysoJwsBuilder *self, GBytes *signature, GBytes *payload,
                        GError **error)
{
    EVP_PKEY *key = X509_get0_pubkey(kyso_certificate_get_x509(self->signer));
    const EVP_MD *hash = kyso_algorithm_hash_from_name(self->algorithm->hash);
    g_autoptr(GBytes) value = NULL;

    if (kyso_algorithm_check(key, self->algorithm->scheme, hash, self->digest, signature))
        value = kyso_jose_algorithm_to_jws(self->algorithm, signature);
    if (value == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG,
                            "the signature was not made by the certificate's key");
        return NULL;
    }
    g_autofree char *last =
        kyso_base64url_encode(g_bytes_get_data(value, NULL), g_bytes_get_size(value));
    g_autofree char *middle = NULL;
    if (payload != NULL)
        middle = kyso_base64url_encode(g_bytes_get_data(payload, NULL), g_bytes_get_size(payload));
    char *text = g_strjoin(".", self->header, middle != NULL ? middle : "", last, NULL);
    return g_bytes_new_take(text, strlen(text));
}
