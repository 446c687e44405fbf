/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/cades-builder.h"

#include <string.h>

#include "agent/cms/algorithm.h"
#include "agent/cms/cms-proofs.h"
#include "agent/cms/ess.h"
#include "agent/cms/signature-timestamp.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

struct _KysoCadesBuilder {
    CMS_ContentInfo *cms;
    CMS_SignerInfo *info; /* the only one of cms */
    KysoCertificate *signer;
    KysoScheme scheme;
    const EVP_MD *hash;
    GBytes *digest;
};

static gboolean
fail(GError **error, const char *what)
{
    kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, what);
    return FALSE;
}

static EVP_PKEY *
public_key(const KysoCadesBuilder *self)
{
    return X509_get0_pubkey(kyso_certificate_get_x509(self->signer));
}

/* The parts */

static gboolean
take_spec(KysoCadesBuilder *self, const KysoCadesSpec *spec, GError **error)
{
    self->signer = kyso_certificate_ref(spec->signer);
    self->scheme = kyso_algorithm_scheme_from_name(spec->algorithm);
    self->hash = kyso_algorithm_hash_from_name(spec->hash);
    if (self->hash == NULL || !kyso_algorithm_fits_key(self->scheme, public_key(self))) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "cannot sign by %s over %s with this key", spec->algorithm, spec->hash);
        return FALSE;
    }
    if (g_bytes_get_size(spec->content_digest) != (gsize) EVP_MD_get_size(self->hash)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "not a digest by %s",
                    spec->hash);
        return FALSE;
    }

    return TRUE;
}

/* CMS_add1_signer compares public halves only, so the certificate's own key is enough. Its
 * CMS_CADES flag is not used: that writes the ESS attribute over the hash of the signature. */
static gboolean
add_signer(KysoCadesBuilder *self, GError **error)
{
    const unsigned int flags = CMS_PARTIAL | CMS_DETACHED | CMS_BINARY | CMS_NOSMIMECAP;
    X509_ALGOR *algorithm = NULL;

    self->cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
    if (self->cms == NULL)
        return fail(error, "cannot start a signature");
    self->info = CMS_add1_signer(self->cms, kyso_certificate_get_x509(self->signer),
                                 public_key(self), self->hash, flags);
    if (self->info == NULL)
        return fail(error, "cannot add the signer");

    CMS_SignerInfo_get0_algs(self->info, NULL, NULL, NULL, &algorithm);
    if (!kyso_algorithm_write_scheme(algorithm, self->scheme, self->hash))
        return fail(error, "cannot write the algorithm");
    return TRUE;
}

static gboolean
add_chain(KysoCadesBuilder *self, const GPtrArray *chain, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_add(seen, (gpointer) kyso_certificate_get_id(self->signer));
    for (guint i = 0; chain != NULL && i < chain->len; i++) {
        const KysoCertificate *certificate = g_ptr_array_index(chain, i);
        X509 *x509 = kyso_certificate_get_x509(certificate);
        if (!g_hash_table_add(seen, (gpointer) kyso_certificate_get_id(certificate)) ||
            X509_self_signed(x509, 0) == 1)
            continue;
        if (CMS_add1_cert(self->cms, x509) != 1)
            return fail(error, "cannot embed a certificate");
    }

    return TRUE;
}

static gboolean
add_signing_time(KysoCadesBuilder *self, GDateTime *moment)
{
    /* UTCTime until 2049, as RFC 5652 §11.3 wants it */
    g_autoptr(ASN1_TIME) time = ASN1_TIME_set(NULL, (time_t) g_date_time_to_unix(moment));

    return time != NULL && CMS_signed_add1_attr_by_NID(self->info, NID_pkcs9_signingTime,
                                                       ASN1_STRING_type(time), time, -1) == 1;
}

static gboolean
add_attributes(KysoCadesBuilder *self, const KysoCadesSpec *spec, GError **error)
{
    gsize size = 0;
    const void *digest = g_bytes_get_data(spec->content_digest, &size);

    if (CMS_signed_add1_attr_by_NID(self->info, NID_pkcs9_contentType, V_ASN1_OBJECT,
                                    OBJ_nid2obj(NID_pkcs7_data), -1) != 1 ||
        CMS_signed_add1_attr_by_NID(self->info, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING,
                                    digest, (int) size) != 1 ||
        !kyso_ess_add(self->info, self->signer))
        return fail(error, "cannot add an attribute");

    if (spec->profile == KYSO_CADES_DETACHED && !add_signing_time(self, spec->signing_time))
        return fail(error, "cannot add the signing time");
    return TRUE;
}

/* The digest of the attributes */

/* X.690 §11.6: as octet strings, the shorter padded with zeros. */
static gint
compare_encodings(gconstpointer a, gconstpointer b)
{
    return g_bytes_compare(*(GBytes *const *) a, *(GBytes *const *) b);
}

static GPtrArray *
encode_attributes(const KysoCadesBuilder *self, gsize *ret_size)
{
    g_autoptr(GPtrArray) encodings = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);

    *ret_size = 0;
    for (int i = 0; i < CMS_signed_get_attr_count(self->info); i++) {
        unsigned char *buffer = NULL;
        int size = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(self->info, i), &buffer);
        GBytes *encoding = kyso_openssl_take_bytes(buffer, size);
        if (encoding == NULL)
            return NULL;
        g_ptr_array_add(encodings, encoding);
        *ret_size += g_bytes_get_size(encoding);
    }

    g_ptr_array_sort(encodings, compare_encodings);
    return g_steal_pointer(&encodings);
}

static gboolean
hash_attributes(KysoCadesBuilder *self, GError **error)
{
    gsize size = 0;
    g_autoptr(GPtrArray) encodings = encode_attributes(self, &size);
    if (encodings == NULL)
        return fail(error, "cannot encode the attributes");

    /* In the file they stand as [0] IMPLICIT; hashed, they have the tag of a SET (RFC 5652 §5.4).
     */
    unsigned char header[16], *end = header;
    ASN1_put_object(&end, 1, (int) size, V_ASN1_SET, V_ASN1_UNIVERSAL);

    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned int digest_size = 0;
    gboolean is_done = context != NULL && EVP_DigestInit_ex(context, self->hash, NULL) == 1 &&
                       EVP_DigestUpdate(context, header, (gsize) (end - header)) == 1;
    for (guint i = 0; is_done && i < encodings->len; i++) {
        gsize n = 0;
        const void *data = g_bytes_get_data(g_ptr_array_index(encodings, i), &n);
        is_done = EVP_DigestUpdate(context, data, n) == 1;
    }
    if (!is_done || EVP_DigestFinal_ex(context, digest, &digest_size) != 1)
        return fail(error, "cannot hash the attributes");

    self->digest = g_bytes_new(digest, digest_size);
    return TRUE;
}

/* Public */

KysoCadesBuilder *
kyso_cades_builder_new(const KysoCadesSpec *spec, GError **error)
{
    g_autoptr(KysoCadesBuilder) self = g_new0(KysoCadesBuilder, 1);

    g_return_val_if_fail(spec->profile != KYSO_CADES_DETACHED || spec->signing_time != NULL, NULL);
    if (!take_spec(self, spec, error) || !add_signer(self, error) ||
        !add_chain(self, spec->chain, error) || !add_attributes(self, spec, error) ||
        !hash_attributes(self, error))
        return NULL;

    return g_steal_pointer(&self);
}

void
kyso_cades_builder_free(KysoCadesBuilder *self)
{
    CMS_ContentInfo_free(self->cms);
    g_clear_pointer(&self->signer, kyso_certificate_unref);
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self);
}

GBytes *
kyso_cades_builder_get_digest(const KysoCadesBuilder *self)
{
    return self->digest;
}

static gboolean
put_signature(KysoCadesBuilder *self, const void *data, int size, GError **error)
{
    return ASN1_STRING_set(CMS_SignerInfo_get0_signature(self->info), data, size) == 1 ||
           fail(error, "cannot put the signature in");
}

static GBytes *
encode(const KysoCadesBuilder *self, GError **error)
{
    GBytes *der = kyso_openssl_encode_cms(self->cms);

    if (der == NULL)
        fail(error, "cannot encode the signature");
    return der;
}

gsize
kyso_cades_builder_measure(const KysoCadesSpec *spec, GError **error)
{
    static const guint8 zeros[EVP_MAX_MD_SIZE] = {0};
    const EVP_MD *hash = kyso_algorithm_hash_from_name(spec->hash);
    g_autoptr(GBytes) digest = g_bytes_new(zeros, hash != NULL ? (gsize) EVP_MD_get_size(hash) : 0);
    KysoCadesSpec measured = *spec;

    measured.content_digest = digest;
    g_autoptr(KysoCadesBuilder) self = kyso_cades_builder_new(&measured, error);
    if (self == NULL)
        return 0;
    int longest = EVP_PKEY_get_size(public_key(self));
    g_autofree guint8 *signature = g_malloc0((gsize) longest);
    if (!put_signature(self, signature, longest, error))
        return 0;
    g_autoptr(GBytes) der = encode(self, error);
    return der != NULL ? g_bytes_get_size(der) : 0;
}

GBytes *
kyso_cades_builder_finish(KysoCadesBuilder *self, GBytes *signature, GError **error)
{
    if (!kyso_algorithm_check(public_key(self), self->scheme, self->hash, self->digest,
                              signature)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG,
                            "the signature was not made by the certificate's key");
        return NULL;
    }

    gsize size = 0;
    const void *data = g_bytes_get_data(signature, &size);
    if (!put_signature(self, data, (int) size, error))
        return NULL;
    return encode(self, error);
}

GBytes *
kyso_cades_builder_hash_signature(const KysoCadesBuilder *self, GError **error)
{
    GBytes *digest = kyso_signature_timestamp_digest(self->info, "SHA256");

    if (digest == NULL)
        fail(error, "cannot hash the signature");
    return digest;
}

GBytes *
kyso_cades_builder_add_timestamp(KysoCadesBuilder *self, GBytes *token, GError **error)
{
    if (!kyso_signature_timestamp_add(self->info, token)) {
        fail(error, "cannot add the timestamp");
        return NULL;
    }
    return encode(self, error);
}

GBytes *
kyso_cades_builder_add_proofs(KysoCadesBuilder *self, const KysoProofs *proofs, GError **error)
{
    return kyso_cms_proofs_add(self->cms, proofs, error) ? encode(self, error) : NULL;
}
