/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/cades-extension.h"

#include "agent/cms/cms-proofs.h"
#include "agent/cms/signature-timestamp.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

struct _KysoCadesExtension {
    CMS_ContentInfo *cms;
    CMS_SignerInfo *info; /* the only one of cms */
};

static gboolean
fail(GError **error, const char *what)
{
    kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, what);
    return FALSE;
}

KysoCadesExtension *
kyso_cades_extension_new(GBytes *der, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size), *end = data;
    g_autoptr(KysoCadesExtension) self = g_new0(KysoCadesExtension, 1);

    self->cms = d2i_CMS_ContentInfo(NULL, &end, (long) size);
    if (self->cms == NULL || end != data + size ||
        OBJ_obj2nid(CMS_get0_type(self->cms)) != NID_pkcs7_signed) {
        kyso_openssl_set_error(error, KYSO_ERROR_SIGNATURE_UNREADABLE, "not a CMS SignedData");
        return NULL;
    }
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(self->cms);
    if (sk_CMS_SignerInfo_num(infos) != 1) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                            "not one signer alone");
        return NULL;
    }
    self->info = sk_CMS_SignerInfo_value(infos, 0);
    return g_steal_pointer(&self);
}

void
kyso_cades_extension_free(KysoCadesExtension *self)
{
    CMS_ContentInfo_free(self->cms);
    g_free(self);
}

GBytes *
kyso_cades_extension_hash(const KysoCadesExtension *self, GError **error)
{
    GBytes *digest = kyso_signature_timestamp_digest(self->info, "SHA256");

    if (digest == NULL)
        fail(error, "cannot hash the signature");
    return digest;
}

gboolean
kyso_cades_extension_add_timestamp(KysoCadesExtension *self, GBytes *token, GError **error)
{
    return kyso_signature_timestamp_add(self->info, token) ||
           fail(error, "cannot add the timestamp");
}

gboolean
kyso_cades_extension_add_proofs(KysoCadesExtension *self, const KysoProofs *proofs, GError **error)
{
    return kyso_cms_proofs_add(self->cms, proofs, error);
}

GBytes *
kyso_cades_extension_encode(const KysoCadesExtension *self, GError **error)
{
    GBytes *der = kyso_openssl_encode_cms(self->cms);

    if (der == NULL)
        fail(error, "cannot encode the signature");
    return der;
}
