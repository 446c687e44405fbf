/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust/trust-bundle.h"

#include <string.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"
#include "ipc/wire/json.h"

#define FORMAT "kyso-trust-1"
#define MAX_SETS 16
#define MAX_CERTIFICATES 500 /* of one set */
#define MAX_NAME 64
#define MIN_RSA_BITS 2048
#define MIN_EC_BITS 256

/* The signature */

static void
set_malformed(GError **error, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_BUNDLE_MALFORMED, what);
}

static CMS_ContentInfo *
read_cms(GBytes *file, GError **error)
{
    gsize size = 0;
    const unsigned char *at = g_bytes_get_data(file, &size), *end = at + size;
    g_autoptr(CMS_ContentInfo) cms =
        size <= KYSO_TRUST_BUNDLE_MAX ? d2i_CMS_ContentInfo(NULL, &at, (long) size) : NULL;

    if (cms == NULL || at != end || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
        OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data || CMS_is_detached(cms) != 0) {
        kyso_openssl_set_error(error, KYSO_ERROR_BUNDLE_MALFORMED, "no CMS around its content");
        return NULL;
    }
    return g_steal_pointer(&cms);
}

/* The pinned certificate of the one who signed, borrowed from @signers. */
static KysoCertificate *
find_signer(CMS_SignerInfo *info, const GPtrArray *signers)
{
    for (guint i = 0; i < signers->len; i++)
        if (CMS_SignerInfo_cert_cmp(info, kyso_certificate_get_x509(signers->pdata[i])) == 0)
            return signers->pdata[i];
    return NULL;
}

static gboolean
is_strong(CMS_SignerInfo *info, const KysoCertificate *signer)
{
    X509_ALGOR *digest = NULL;
    const ASN1_OBJECT *hash = NULL;
    gboolean is_rsa = strcmp(kyso_certificate_get_key_type(signer), "RSA") == 0;
    gboolean is_ec = strcmp(kyso_certificate_get_key_type(signer), "EC") == 0;
    guint bits = kyso_certificate_get_key_bits(signer);

    CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
    X509_ALGOR_get0(&hash, NULL, NULL, digest);
    int nid = OBJ_obj2nid(hash);
    return (nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512) &&
           ((is_rsa && bits >= MIN_RSA_BITS) || (is_ec && bits >= MIN_EC_BITS));
}

/* What was signed; @ret_signer is borrowed from @signers. */
static GBytes *
open_envelope(GBytes *file, const GPtrArray *signers, KysoCertificate **ret_signer, GError **error)
{
    g_autoptr(CMS_ContentInfo) cms = read_cms(file, error);
    if (cms == NULL)
        return NULL;
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    CMS_SignerInfo *info =
        sk_CMS_SignerInfo_num(infos) == 1 ? sk_CMS_SignerInfo_value(infos, 0) : NULL;
    *ret_signer = info != NULL ? find_signer(info, signers) : NULL;
    if (*ret_signer == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_BUNDLE_SIGNER_UNKNOWN,
                    "%d signers, %u are pinned", sk_CMS_SignerInfo_num(infos), signers->len);
        return NULL;
    }

    g_autoptr(KysoX509View) pinned = sk_X509_new_null();
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    sk_X509_push(pinned, kyso_certificate_get_x509(*ret_signer));
    /* Only the pinned one is looked at, whatever the bundle brings; the administrator pinned it, so
     * no path is built. */
    unsigned flags = CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
    if (!is_strong(info, *ret_signer) || CMS_verify(cms, pinned, NULL, NULL, out, flags) != 1) {
        kyso_openssl_set_error(error, KYSO_ERROR_BUNDLE_SIGNATURE_INVALID,
                               "the signature does not hold");
        return NULL;
    }
    char *data = NULL;
    long size = BIO_get_mem_data(out, &data);
    return g_bytes_new(data, (gsize) size);
}

/* The content */

static void
set_free(gpointer data)
{
    KysoTrustSet *set = data;

    for (int i = 0; i < KYSO_N_TRUST_KINDS; i++)
        g_ptr_array_unref(set->certificates[i]);
    g_free(set->name);
    g_free(set);
}

gboolean
kyso_trust_bundle_is_name(const char *name)
{
    gsize size = strlen(name);

    return size >= 1 && size <= MAX_NAME &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static gboolean
read_kind(const char *text, KysoTrustKind *ret)
{
    static const char *const words[] = {"anchor", "intermediate", "timestamp-anchor"};

    for (int i = 0; i < KYSO_N_TRUST_KINDS; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret = (KysoTrustKind) i;
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
has_certificate(const KysoTrustSet *set, const char *id)
{
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++)
        for (guint i = 0; i < set->certificates[kind]->len; i++)
            if (strcmp(kyso_certificate_get_id(set->certificates[kind]->pdata[i]), id) == 0)
                return TRUE;
    return FALSE;
}

static gboolean
read_certificate(KysoTrustSet *set, const json_t *entry, GError **error)
{
    static const char *const members[] = {"kind", "sha256", "certificate", NULL};
    const char *kind_text = NULL, *pin = NULL;
    g_autoptr(GBytes) der = NULL;
    KysoTrustKind kind = KYSO_TRUST_ANCHOR;

    if (!kyso_json_only_has(entry, members, error) ||
        !kyso_json_get_string(entry, "kind", KYSO_JSON_REQUIRED, &kind_text, error) ||
        !kyso_json_get_string(entry, "sha256", KYSO_JSON_REQUIRED, &pin, error) ||
        !kyso_json_get_bytes(entry, "certificate", KYSO_JSON_REQUIRED, KYSO_CERTIFICATE_MAX_SIZE,
                             &der, error))
        return FALSE;
    g_autoptr(KysoCertificate) certificate = kyso_certificate_new(der, error);
    if (certificate == NULL)
        return FALSE;
    const char *id = kyso_certificate_get_id(certificate);
    if (!read_kind(kind_text, &kind) || strcmp(id, pin) != 0 ||
        !kyso_certificate_is_ca(certificate) || has_certificate(set, id)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_BUNDLE_MALFORMED,
                    "%s: not a CA, twice, of no known kind, or not of that SHA-256",
                    kyso_certificate_get_subject(certificate));
        return FALSE;
    }
    g_ptr_array_add(set->certificates[kind], g_steal_pointer(&certificate));
    return TRUE;
}

static gboolean
read_set(KysoTrustBundle *self, const char *name, json_t *entries, GError **error)
{
    KysoTrustSet *set = g_new0(KysoTrustSet, 1);
    json_t *entry;
    size_t i;

    set->name = g_strdup(name);
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++)
        set->certificates[kind] =
            g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    g_ptr_array_add(self->sets, set);
    if (!kyso_trust_bundle_is_name(name) || !json_is_array(entries) ||
        json_array_size(entries) == 0 || json_array_size(entries) > MAX_CERTIFICATES) {
        set_malformed(error, "a set has no name, no certificates, or too many");
        return FALSE;
    }
    json_array_foreach(entries, i, entry)
    {
        if (!json_is_object(entry)) {
            set_malformed(error, "a certificate is no object");
            return FALSE;
        }
        if (!read_certificate(set, entry, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_content(KysoTrustBundle *self, const json_t *root, GError **error)
{
    static const char *const members[] = {"format", "serial", "issued", "sets", NULL};
    const char *format = NULL, *issued = NULL, *name;
    json_t *sets = NULL, *entries;

    if (!kyso_json_only_has(root, members, error) ||
        !kyso_json_get_string(root, "format", KYSO_JSON_REQUIRED, &format, error) ||
        !kyso_json_get_string(root, "issued", KYSO_JSON_REQUIRED, &issued, error) ||
        !kyso_json_get_int(root, "serial", KYSO_JSON_REQUIRED, 1, G_MAXINT64, &self->serial,
                           error) ||
        !kyso_json_get_object(root, "sets", KYSO_JSON_REQUIRED, &sets, error))
        return FALSE;
    if (strcmp(format, FORMAT) != 0 ||
        !g_regex_match_simple("^20[0-9]{2}-[01][0-9]-[0-3][0-9]$", issued, 0, 0) ||
        json_object_size(sets) == 0 || json_object_size(sets) > MAX_SETS) {
        set_malformed(error, "another format, no day, or no sets");
        return FALSE;
    }
    self->issued = g_strdup(issued);
    json_object_foreach(sets, name, entries)
    {
        if (!read_set(self, name, entries, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
parse(KysoTrustBundle *self, GBytes *content, GError **error)
{
    gsize size = 0;
    const char *text = g_bytes_get_data(content, &size);
    g_autoptr(GError) fault = NULL;
    g_autoptr(json_t) root = kyso_json_parse(text, size, &fault);

    if (root != NULL && json_is_object(root) && read_content(self, root, &fault))
        return TRUE;
    set_malformed(error, fault != NULL ? fault->message : "no JSON object");
    return FALSE;
}

KysoTrustBundle *
kyso_trust_bundle_read(GBytes *file, const GPtrArray *signers, GError **error)
{
    KysoCertificate *signer = NULL;
    g_autoptr(GBytes) content = open_envelope(file, signers, &signer, error);
    if (content == NULL)
        return NULL;

    g_autoptr(KysoTrustBundle) self = g_new0(KysoTrustBundle, 1);
    self->signer = kyso_certificate_ref(signer);
    self->sets = g_ptr_array_new_with_free_func(set_free);
    return parse(self, content, error) ? g_steal_pointer(&self) : NULL;
}

void
kyso_trust_bundle_free(KysoTrustBundle *self)
{
    kyso_certificate_unref(self->signer);
    g_ptr_array_unref(self->sets);
    g_free(self->issued);
    g_free(self);
}

const KysoTrustSet *
kyso_trust_bundle_find(const KysoTrustBundle *self, const char *name)
{
    for (guint i = 0; i < self->sets->len; i++) {
        const KysoTrustSet *set = self->sets->pdata[i];
        if (strcmp(set->name, name) == 0)
            return set;
    }
    return NULL;
}
