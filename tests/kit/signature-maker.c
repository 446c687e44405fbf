/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/signature-maker.h"

#include <string.h>

#include "agent/cms/cades-builder.h"
#include "agent/cms/ess.h"
#include "ipc/base/error.h"

GBytes *
kyso_signature_maker_digest(const char *hash, gpointer user_data, GError **error)
{
    if (user_data == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE, "gone");
        return NULL;
    }

    return kyso_authority_digest(hash, user_data);
}

GBytes *
kyso_signature_maker_sign(const KysoAuthority *signer, const char *algorithm, const char *hash)
{
    g_autoptr(GBytes) content = kyso_authority_digest(hash, KYSO_SIGNATURE_MAKER_CONTENT);
    KysoCadesSpec spec = {.signer = signer->certificate,
                          .algorithm = algorithm,
                          .hash = hash,
                          .content_digest = content,
                          .profile = KYSO_CADES_PADES};
    g_autoptr(KysoCadesBuilder) builder = kyso_cades_builder_new(&spec, NULL);
    g_autoptr(GBytes) signature =
        kyso_authority_sign(signer, algorithm, hash, kyso_cades_builder_get_digest(builder));

    return kyso_cades_builder_finish(builder, signature, NULL);
}

CMS_ContentInfo *
kyso_signature_maker_start(guint flags)
{
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY | flags);

    g_assert_nonnull(cms);
    return cms;
}

GBytes *
kyso_signature_maker_encode(CMS_ContentInfo *cms /* taken */)
{
    unsigned char *buffer = NULL;
    int size = i2d_CMS_ContentInfo(cms, &buffer);

    CMS_ContentInfo_free(cms);
    g_assert_cmpint(size, >, 0);
    return kyso_openssl_take_bytes(buffer, size);
}

void
kyso_signature_maker_add(CMS_ContentInfo *cms, const KysoAuthority *signer, const char *hash,
                         guint flags, const KysoAuthority *ess)
{
    CMS_SignerInfo *info =
        CMS_add1_signer(cms, kyso_certificate_get_x509(signer->certificate), signer->key,
                        EVP_get_digestbyname(hash), CMS_BINARY | CMS_NOSMIMECAP | flags);

    g_assert_nonnull(info);
    if (ess != NULL)
        g_assert_true(kyso_ess_add(info, ess->certificate));
}

GBytes *
kyso_signature_maker_finish(CMS_ContentInfo *cms /* taken */, guint flags)
{
    g_autoptr(BIO) data = BIO_new_mem_buf(KYSO_SIGNATURE_MAKER_CONTENT, -1);

    g_assert_cmpint(CMS_final(cms, data, NULL, CMS_BINARY | flags), ==, 1);
    return kyso_signature_maker_encode(cms);
}

GBytes *
kyso_signature_maker_sign_legacy(const KysoAuthority *signer, const char *hash, guint flags)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);

    kyso_signature_maker_add(cms, signer, hash, flags, NULL);
    return kyso_signature_maker_finish(cms, CMS_DETACHED);
}

GBytes *
kyso_signature_maker_append(GBytes *der, const char *more, gsize size)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_append(bytes, g_bytes_get_data(der, NULL), (guint) g_bytes_get_size(der));
    g_byte_array_append(bytes, (const guint8 *) more, (guint) size);
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}
