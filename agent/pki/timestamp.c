/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/timestamp.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/ts.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define NONCE_SIZE 16
#define MAX_CERTIFICATES 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS7, PKCS7_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_MSG_IMPRINT, TS_MSG_IMPRINT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_REQ, TS_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_RESP, TS_RESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_TST_INFO, TS_TST_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_VERIFY_CTX, TS_VERIFY_CTX_free)

struct _KysoTimestampQuery {
    TS_REQ *request;
    GBytes *der;
    GBytes *digest;
    const char *hash;
};

static gboolean
refuse(GError **error, const char *why)
{
    kyso_openssl_set_error(error, KYSO_ERROR_TIMESTAMP_WRONG, why);
    return FALSE;
}

static const char *
hash_name(int nid)
{
    switch (nid) {
    case NID_sha256:
        return "SHA256";
    case NID_sha384:
        return "SHA384";
    case NID_sha512:
        return "SHA512";
    default:
        return NULL;
    }
}

/* The question */

static gboolean
set_imprint(TS_REQ *request, const EVP_MD *hash, GBytes *digest)
{
    g_autoptr(TS_MSG_IMPRINT) imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    gsize size = 0;
    const void *data = g_bytes_get_data(digest, &size);
    gboolean is_set =
        imprint != NULL && algorithm != NULL &&
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(hash)), V_ASN1_NULL, NULL) == 1 &&
        TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
        TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *) data, (int) size) == 1 &&
        TS_REQ_set_msg_imprint(request, imprint) == 1;

    X509_ALGOR_free(algorithm);
    return is_set;
}

/* A positive number of full length, so that no two TSAs encode it differently. */
static gboolean
set_nonce(TS_REQ *request)
{
    guint8 bytes[NONCE_SIZE];

    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return FALSE;
    bytes[0] = (bytes[0] & 0x7F) | 0x40;
    g_autoptr(BIGNUM) number = BN_bin2bn(bytes, sizeof bytes, NULL);
    g_autoptr(ASN1_INTEGER) nonce = number != NULL ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
    return nonce != NULL && TS_REQ_set_nonce(request, nonce) == 1;
}

static gboolean
set_policy(TS_REQ *request, const char *policy)
{
    ASN1_OBJECT *object = OBJ_txt2obj(policy, 1);
    gboolean is_set = object != NULL && TS_REQ_set_policy_id(request, object) == 1;

    ASN1_OBJECT_free(object);
    return is_set;
}

KysoTimestampQuery *
kyso_timestamp_query_new(const char *hash, GBytes *digest, const char *policy, GError **error)
{
    const EVP_MD *md = EVP_get_digestbyname(hash);
    const char *name = md != NULL ? hash_name(EVP_MD_get_type(md)) : NULL;
    if (name == NULL || g_bytes_get_size(digest) != (gsize) EVP_MD_get_size(md)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "not a digest by %s", hash);
        return NULL;
    }

    g_autoptr(KysoTimestampQuery) self = g_new0(KysoTimestampQuery, 1);
    self->request = TS_REQ_new();
    self->digest = g_bytes_ref(digest);
    self->hash = name;
    if (self->request == NULL || TS_REQ_set_version(self->request, 1) != 1 ||
        !set_imprint(self->request, md, digest) || !set_nonce(self->request) ||
        (policy != NULL && !set_policy(self->request, policy)) ||
        TS_REQ_set_cert_req(self->request, 1) != 1) {
        kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot make a timestamp request");
        return NULL;
    }

    unsigned char *buffer = NULL;
    int size = i2d_TS_REQ(self->request, &buffer);
    self->der = kyso_openssl_take_bytes(buffer, size);
    if (self->der == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot encode a timestamp request");
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
kyso_timestamp_query_free(KysoTimestampQuery *self)
{
    g_clear_pointer(&self->request, TS_REQ_free);
    g_clear_pointer(&self->der, g_bytes_unref);
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self);
}

GBytes *
kyso_timestamp_query_get_der(const KysoTimestampQuery *self)
{
    return self->der;
}

/* The token */

void
kyso_timestamp_free(KysoTimestamp *self)
{
    g_clear_pointer(&self->token, g_bytes_unref);
    g_clear_pointer(&self->time, g_date_time_unref);
    g_clear_pointer(&self->signer, kyso_certificate_unref);
    g_clear_pointer(&self->chain, g_ptr_array_unref);
    g_clear_pointer(&self->certificates, g_ptr_array_unref);
    g_free(self->policy);
    g_free(self->hash);
    g_free(self);
}

static char *
oid_text(const ASN1_OBJECT *object)
{
    char text[128] = "";

    OBJ_obj2txt(text, sizeof text, object, 1);
    return g_strdup(text);
}

static gboolean
take_info(KysoTimestamp *self, TS_TST_INFO *info, GError **error)
{
    const X509_ALGOR *algorithm = TS_MSG_IMPRINT_get_algo(TS_TST_INFO_get_msg_imprint(info));
    const ASN1_OBJECT *object = NULL;

    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    self->hash = g_strdup(hash_name(OBJ_obj2nid(object)));
    self->time = kyso_openssl_to_date_time(TS_TST_INFO_get_time(info));
    self->policy = oid_text(TS_TST_INFO_get_policy_id(info));
    if (self->hash == NULL)
        return refuse(error, "the timestamp is over a hash that does not count");
    return self->time != NULL || refuse(error, "the timestamp has no time");
}

static gboolean
check_imprint(TS_TST_INFO *info, GBytes *digest, GError **error)
{
    const ASN1_OCTET_STRING *imprint = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info));
    gsize size = 0;
    const void *data = g_bytes_get_data(digest, &size);

    return ((gsize) ASN1_STRING_length(imprint) == size &&
            memcmp(ASN1_STRING_get0_data(imprint), data, size) == 0) ||
           refuse(error, "the timestamp is over something else");
}

static void
take_certificates(KysoTimestamp *self, PKCS7 *token)
{
    STACK_OF(X509) *stack = token->d.sign->cert;

    self->certificates = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    for (int i = 0; i < MIN(sk_X509_num(stack), MAX_CERTIFICATES); i++) {
        KysoCertificate *certificate =
            kyso_certificate_new_from_x509(sk_X509_value(stack, i), NULL);
        if (certificate != NULL)
            g_ptr_array_add(self->certificates, certificate);
    }
}

/* The token's own signature is made over a hash that counts too. */
static gboolean
is_signed_over_strong_hash(PKCS7 *token)
{
    PKCS7_SIGNER_INFO *info = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
    X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;

    if (info == NULL)
        return FALSE;
    PKCS7_SIGNER_INFO_get0_algs(info, NULL, &algorithm, NULL);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return hash_name(OBJ_obj2nid(object)) != NULL;
}

/* Those of @extra too: a TSA need not embed its certificate where none was asked for. */
static KysoX509View *
view_all(KysoTimestamp *self, const GPtrArray *extra)
{
    KysoX509View *view = sk_X509_new_null();

    for (guint i = 0; i < self->certificates->len; i++)
        sk_X509_push(view, kyso_certificate_get_x509(g_ptr_array_index(self->certificates, i)));
    for (guint i = 0; extra != NULL && i < extra->len; i++)
        sk_X509_push(view, kyso_certificate_get_x509(g_ptr_array_index(extra, i)));
    return view;
}

static GPtrArray *
join(const GPtrArray *one, const GPtrArray *other)
{
    GPtrArray *all = g_ptr_array_new();

    for (guint i = 0; i < one->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(one, i));
    for (guint i = 0; other != NULL && i < other->len; i++)
        g_ptr_array_add(all, g_ptr_array_index(other, i));
    return all;
}

static gboolean
check_signature(KysoTimestamp *self, PKCS7 *token, KysoTrust *trust, const GPtrArray *extra,
                GError **error)
{
    g_autoptr(KysoX509View) view = view_all(self, extra);
    g_autoptr(KysoX509View) signers = PKCS7_get0_signers(token, view, 0);
    g_autoptr(GPtrArray) helpers = join(self->certificates, extra);
    g_autoptr(X509_STORE) store = NULL;
    g_autoptr(GError) fault = NULL;

    if (sk_X509_num(signers) != 1 || !is_signed_over_strong_hash(token))
        return refuse(error, "the timestamp has no signer, several, or a weak hash");
    self->signer = kyso_certificate_new_from_x509(sk_X509_value(signers, 0), error);
    if (self->signer == NULL)
        return FALSE;
    if (trust == NULL || !kyso_trust_check_timestamp(trust, self->signer, helpers, self->time,
                                                     &store, &self->chain, &fault)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_WRONG,
                    "the timestamp's signer is not trusted: %s",
                    fault != NULL ? fault->message : "nobody is");
        return FALSE;
    }
    /* path once more with the purpose of time stamping, ESS attribute, signature */
    return TS_RESP_verify_signature(token, view, store, NULL) == 1 ||
           refuse(error, "the timestamp is not signed as it must be");
}

static KysoTimestamp *
check_token(PKCS7 *token, KysoTimestampDigest digest, gpointer user_data, KysoTrust *trust,
            const GPtrArray *extra, GError **error)
{
    g_autoptr(KysoTimestamp) self = g_new0(KysoTimestamp, 1);
    g_autoptr(TS_TST_INFO) info = PKCS7_type_is_signed(token) ? PKCS7_to_TS_TST_INFO(token) : NULL;

    if (info == NULL || TS_TST_INFO_get_version(info) != 1) {
        refuse(error, "not a timestamp");
        return NULL;
    }
    if (!take_info(self, info, error))
        return NULL;
    g_autoptr(GBytes) expected = digest(self->hash, user_data, error);
    if (expected == NULL || !check_imprint(info, expected, error))
        return NULL;
    take_certificates(self, token);
    if (!check_signature(self, token, trust, extra, error))
        return NULL;

    unsigned char *buffer = NULL;
    int size = i2d_PKCS7(token, &buffer);
    self->token = kyso_openssl_take_bytes(buffer, size);
    ERR_clear_error();
    return self->token != NULL ? g_steal_pointer(&self) : NULL;
}

KysoTimestamp *
kyso_timestamp_check(GBytes *token, KysoTimestampDigest digest, gpointer user_data,
                     KysoTrust *trust, const GPtrArray *extra, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(token, &size), *end = data;
    g_autoptr(PKCS7) pkcs7 =
        size <= KYSO_TIMESTAMP_MAX_SIZE ? d2i_PKCS7(NULL, &end, (long) size) : NULL;

    /* zeros: the padding of a PDF's /Contents */
    while (pkcs7 != NULL && end < data + size && *end == 0)
        end++;
    if (pkcs7 == NULL || end != data + size) {
        refuse(error, "not a timestamp");
        return NULL;
    }
    return check_token(pkcs7, digest, user_data, trust, extra, error);
}

/* The answer */

static GBytes *
asked_digest(const char *hash, gpointer user_data, GError **error)
{
    const KysoTimestampQuery *self = user_data;

    if (strcmp(hash, self->hash) == 0)
        return g_bytes_ref(self->digest);
    refuse(error, "the timestamp is over another hash");
    return NULL;
}

static gboolean
is_granted(TS_RESP *response, GError **error)
{
    const TS_STATUS_INFO *status = TS_RESP_get_status_info(response);
    const STACK_OF(ASN1_UTF8STRING) *texts = TS_STATUS_INFO_get0_text(status);
    long value = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
    g_autofree char *words = g_strdup("");

    if (value == TS_STATUS_GRANTED || value == TS_STATUS_GRANTED_WITH_MODS)
        return TRUE;
    if (sk_ASN1_UTF8STRING_num(texts) > 0) {
        const ASN1_UTF8STRING *first = sk_ASN1_UTF8STRING_value(texts, 0);
        g_free(words);
        words = kyso_openssl_readable((const char *) ASN1_STRING_get0_data(first),
                                      ASN1_STRING_length(first));
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
                "the timestamp service refuses: status %ld %s", value, words);
    return FALSE;
}

/* Version, policy, imprint and nonce as in the request (RFC 3161 §2.4.2). */
static gboolean
is_as_asked(const KysoTimestampQuery *self, PKCS7 *token, GError **error)
{
    g_autoptr(TS_VERIFY_CTX) context = TS_REQ_to_TS_VERIFY_CTX(self->request, NULL);

    return (context != NULL && TS_RESP_verify_token(context, token) == 1) ||
           refuse(error, "the timestamp is not the one asked for");
}

KysoTimestamp *
kyso_timestamp_query_finish(const KysoTimestampQuery *self, GBytes *response, KysoTrust *trust,
                            GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(response, &size), *end = data;
    g_autoptr(TS_RESP) read =
        size <= KYSO_TIMESTAMP_MAX_SIZE ? d2i_TS_RESP(NULL, &end, (long) size) : NULL;

    if (read == NULL || end != data + size) {
        refuse(error, "not the answer of a timestamp service");
        return NULL;
    }
    if (!is_granted(read, error))
        return NULL;
    PKCS7 *token = TS_RESP_get_token(read);
    if (token == NULL) {
        refuse(error, "granted without a timestamp");
        return NULL;
    }
    if (!is_as_asked(self, token, error))
        return NULL;
    return check_token(token, asked_digest, (gpointer) self, trust, NULL, error);
}
