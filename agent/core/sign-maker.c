/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-maker.h"

#include "agent/core/sign-doc-state.h"

/* CAdES */

static KysoCadesSpec
describe_cades(const KysoSigningDocument *self)
{
    const KysoSigning *signing = self->signing;

    return (KysoCadesSpec){
        .signer = signing->certificate,
        .chain = signing->chain,
        .algorithm = signing->scheme->algorithm,
        .hash = signing->scheme->hash,
        .content_digest = self->content_digest,
        .profile = signing->kind->profile,
        .signing_time = signing->signing_time,
    };
}

gsize
kyso_sign_maker_measure_cades(const KysoSigningDocument *self, GError **error)
{
    KysoCadesSpec spec = describe_cades(self);

    return kyso_cades_builder_measure(&spec, error);
}

static gboolean
start_cades(KysoSigningDocument *self, GError **error)
{
    KysoCadesSpec spec = describe_cades(self);

    self->builder = kyso_cades_builder_new(&spec, error);
    return self->builder != NULL;
}

static GBytes *
get_cades_digest(const KysoSigningDocument *self)
{
    return kyso_cades_builder_get_digest(self->builder);
}

static GBytes *
finish_cades(KysoSigningDocument *self, GBytes *signature, GError **error)
{
    return kyso_cades_builder_finish(self->builder, signature, error);
}

static GBytes *
hash_cades_signature(const KysoSigningDocument *self, GError **error)
{
    return kyso_cades_builder_hash_signature(self->builder, error);
}

static GBytes *
add_cades_timestamp(KysoSigningDocument *self, GBytes *token, GError **error)
{
    return kyso_cades_builder_add_timestamp(self->builder, token, error);
}

const KysoSignatureMaker kyso_sign_maker_cades = {start_cades, get_cades_digest, finish_cades,
                                                  hash_cades_signature, add_cades_timestamp};

/* JWS */

static const char *
content_type_of(const KysoSigningDocument *self)
{
    if (self->signing->request->purpose == KYSO_PURPOSE_JSON)
        return "json";
    return self->text != NULL ? "text/plain" : NULL;
}

static gboolean
start_jws(KysoSigningDocument *self, GError **error)
{
    const KysoSigning *signing = self->signing;
    g_autoptr(GBytes) payload = kyso_sign_document_read_copy(self, error);

    if (payload == NULL)
        return FALSE;
    KysoJwsSpec spec = {
        .signer = signing->certificate,
        .chain = signing->chain,
        .algorithm = signing->scheme->algorithm,
        .hash = signing->scheme->hash,
        .payload = payload,
        .content_type = content_type_of(self),
        .signing_time = signing->signing_time,
    };
    self->jws = kyso_jws_builder_new(&spec, error);
    return self->jws != NULL;
}

static GBytes *
get_jws_digest(const KysoSigningDocument *self)
{
    return kyso_jws_builder_get_digest(self->jws);
}

static GBytes *
finish_jws(KysoSigningDocument *self, GBytes *signature, GError **error)
{
    g_autoptr(GBytes) payload = NULL;

    if (self->signing->request->is_attached) {
        payload = kyso_sign_document_read_copy(self, error);
        if (payload == NULL)
            return NULL;
    }
    return kyso_jws_builder_finish(self->jws, signature, payload, error);
}

const KysoSignatureMaker kyso_sign_maker_jws = {start_jws, get_jws_digest, finish_jws, NULL, NULL};

/* XAdES */

static gboolean
start_xades(KysoSigningDocument *self, GError **error)
{
    const KysoSigning *signing = self->signing;
    KysoXadesSpec spec = {
        .signer = signing->certificate,
        .chain = signing->chain,
        .algorithm = signing->scheme->algorithm,
        .hash = signing->scheme->hash,
        .contents = (const KysoXadesContent *) self->xml_contents->data,
        .n_contents = self->xml_contents->len,
        .is_ooxml = self->is_ooxml,
        .leaves_signatures = self->leaves_signatures,
        .signing_time = signing->signing_time,
    };
    self->xades = kyso_xades_builder_new(&spec, error);
    return self->xades != NULL;
}

static GBytes *
get_xades_digest(const KysoSigningDocument *self)
{
    return kyso_xades_builder_get_digest(self->xades);
}

static GBytes *
finish_xades(KysoSigningDocument *self, GBytes *signature, GError **error)
{
    return kyso_xades_builder_finish(self->xades, signature, error);
}

static GBytes *
hash_xades_signature(const KysoSigningDocument *self, GError **error)
{
    return kyso_xades_builder_hash_signature(self->xades, error);
}

static GBytes *
add_xades_timestamp(KysoSigningDocument *self, GBytes *token, GError **error)
{
    return kyso_xades_builder_add_timestamp(self->xades, token, error);
}

const KysoSignatureMaker kyso_sign_maker_xades = {start_xades, get_xades_digest, finish_xades,
                                                  hash_xades_signature, add_xades_timestamp};
