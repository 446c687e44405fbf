/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/signature-timestamp.h"

#include "agent/cms/algorithm.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define MAX_TOKENS 8

gboolean
kyso_signature_timestamp_add(CMS_SignerInfo *info, GBytes *token)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(token, &size);

    return CMS_unsigned_add1_attr_by_NID(info, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE,
                                         data, (int) size) == 1;
}

GBytes *
kyso_signature_timestamp_digest(CMS_SignerInfo *info, const char *hash)
{
    const EVP_MD *md = kyso_algorithm_hash_from_name(hash);
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(info);
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    if (md == NULL || EVP_Digest(ASN1_STRING_get0_data(value), (size_t) ASN1_STRING_length(value),
                                 digest, &size, md, NULL) != 1)
        return NULL;
    return g_bytes_new(digest, size);
}

static GBytes *
hash_signature(const char *hash, gpointer info, GError **error)
{
    GBytes *digest = kyso_signature_timestamp_digest(info, hash);

    if (digest == NULL)
        kyso_openssl_set_error(error, KYSO_ERROR_TIMESTAMP_WRONG, "cannot hash the signature");
    return digest;
}

KysoTimestamp *
kyso_signature_timestamp_find(CMS_SignerInfo *info, KysoTrust *trust, const GPtrArray *certificates,
                              GError **error)
{
    g_autoptr(GError) fault = NULL;
    int n_seen = 0;

    for (int at = -1;
         (at = CMS_unsigned_get_attr_by_NID(info, NID_id_smime_aa_timeStampToken, at)) >= 0;) {
        X509_ATTRIBUTE *attribute = CMS_unsigned_get_attr(info, at);
        for (int i = 0; i < X509_ATTRIBUTE_count(attribute) && n_seen < MAX_TOKENS; i++, n_seen++) {
            const ASN1_STRING *value =
                X509_ATTRIBUTE_get0_data(attribute, i, V_ASN1_SEQUENCE, NULL);
            g_autoptr(GBytes) token = value != NULL ? g_bytes_new(ASN1_STRING_get0_data(value),
                                                                  (gsize) ASN1_STRING_length(value))
                                                    : g_bytes_new(NULL, 0);
            g_clear_error(&fault);
            KysoTimestamp *timestamp =
                kyso_timestamp_check(token, hash_signature, info, trust, certificates, &fault);
            if (timestamp != NULL)
                return timestamp;
        }
    }

    if (fault != NULL)
        g_propagate_error(error, g_steal_pointer(&fault));
    return NULL;
}
