/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/trust.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define MAX_FILE_SIZE (1024 * 1024)
#define MAX_EXTRA 64     /* certificates to find the way with */
#define MAX_DEPTH 8      /* CAs between leaf and anchor */
#define SECURITY_LEVEL 2 /* 112 bits, see SSL_CTX_set_security_level(3) */

struct _KysoTrust {
    gatomicrefcount ref_count;
    GPtrArray *anchors;
    GPtrArray *intermediates;
    GPtrArray *timestamp_anchors; /* those that only timestamps may lead to */
    X509_STORE *store;            /* the anchors */
};

static KysoTrust *
trust_new(void)
{
    KysoTrust *self = g_new0(KysoTrust, 1);

    g_atomic_ref_count_init(&self->ref_count);
    self->anchors = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    self->intermediates = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    self->timestamp_anchors =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    self->store = X509_STORE_new();
    g_assert(self->store != NULL);
    return self;
}

KysoTrust *
kyso_trust_ref(KysoTrust *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

void
kyso_trust_unref(KysoTrust *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;

    g_ptr_array_unref(self->anchors);
    g_ptr_array_unref(self->intermediates);
    g_ptr_array_unref(self->timestamp_anchors);
    X509_STORE_free(self->store);
    g_free(self);
}

/* Loading */

/* A leaf among the anchors would be trusted as it stands, past every check of its path. */
static gboolean
add_certificate(GPtrArray *certificates, KysoCertificate *certificate /* taken */, GError **error)
{
    if (!kyso_certificate_is_ca(certificate)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "not a CA: %s",
                    kyso_certificate_get_subject(certificate));
        kyso_certificate_unref(certificate);
        return FALSE;
    }

    g_ptr_array_add(certificates, certificate);
    return TRUE;
}

static gboolean
read_pem(GPtrArray *certificates, const char *data, gsize size, GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(data, (int) size);
    guint n_before = certificates->len;

    for (;;) {
        ERR_clear_error();
        g_autoptr(X509) x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (x509 == NULL)
            break;
        KysoCertificate *certificate = kyso_certificate_new_from_x509(x509, error);
        if (certificate == NULL || !add_certificate(certificates, certificate, error))
            return FALSE;
    }

    gboolean is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!is_at_end || certificates->len == n_before) {
        kyso_openssl_set_error(error, KYSO_ERROR_CONFIGURATION, "not a certificate");
        return FALSE;
    }

    ERR_clear_error();
    return TRUE;
}

static gboolean
read_der(GPtrArray *certificates, const char *data, gsize size, GError **error)
{
    g_autoptr(GBytes) der = g_bytes_new(data, size);
    KysoCertificate *certificate = kyso_certificate_new(der, error);

    return certificate != NULL && add_certificate(certificates, certificate, error);
}

static gboolean
read_file(GPtrArray *certificates, const char *path, GError **error)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    GError *cause = NULL;

    gboolean is_read = g_file_get_contents(path, &data, &size, &cause);
    if (is_read && size > MAX_FILE_SIZE) {
        g_set_error_literal(&cause, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "too large");
        is_read = FALSE;
    }
    if (is_read && g_strstr_len(data, (gssize) size, "-----BEGIN") != NULL)
        is_read = read_pem(certificates, data, size, &cause);
    else if (is_read)
        is_read = read_der(certificates, data, size, &cause);
    if (is_read)
        return TRUE;

    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, cause->message);
    g_error_free(cause);
    return FALSE;
}

static gboolean
is_certificate_file(const char *name)
{
    return g_str_has_suffix(name, ".pem") || g_str_has_suffix(name, ".crt") ||
           g_str_has_suffix(name, ".cer");
}

static gboolean
read_folder(GPtrArray *certificates, const char *dir, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    GError *cause = NULL;
    g_autoptr(GDir) folder = g_dir_open(path, 0, &cause);

    if (folder == NULL && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_error_free(cause);
        return TRUE;
    }
    if (folder == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, cause->message);
        g_error_free(cause);
        return FALSE;
    }

    for (const char *entry; (entry = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *file = g_build_filename(path, entry, NULL);
        if (is_certificate_file(entry) && !read_file(certificates, file, error))
            return FALSE;
    }

    return TRUE;
}

gboolean
kyso_trust_add(KysoTrust *self, const char *dir, GError **error)
{
    guint first = self->anchors->len;

    if (!read_folder(self->anchors, dir, "anchors", error) ||
        !read_folder(self->intermediates, dir, "intermediates", error) ||
        !read_folder(self->timestamp_anchors, dir, "timestamp-anchors", error))
        return FALSE;

    for (guint i = first; i < self->anchors->len; i++) {
        X509 *anchor = kyso_certificate_get_x509(g_ptr_array_index(self->anchors, i));
        if (X509_STORE_add_cert(self->store, anchor) != 1) {
            kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot take an anchor");
            return FALSE;
        }
    }

    return TRUE;
}

KysoTrust *
kyso_trust_load(const char *dir, GError **error)
{
    g_autoptr(KysoTrust) self = trust_new();

    return kyso_trust_add(self, dir, error) ? g_steal_pointer(&self) : NULL;
}

const GPtrArray *
kyso_trust_get_anchors(const KysoTrust *self)
{
    return self->anchors;
}

const GPtrArray *
kyso_trust_get_intermediates(const KysoTrust *self)
{
    return self->intermediates;
}

/* Checking */

static void
push_all(KysoX509View *view, const GPtrArray *certificates, guint limit)
{
    for (guint i = 0; certificates != NULL && i < MIN(certificates->len, limit); i++)
        sk_X509_push(view, kyso_certificate_get_x509(g_ptr_array_index(certificates, i)));
}

static int
code_of_fault(int fault)
{
    switch (fault) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return KYSO_ERROR_CERTIFICATE_NOT_YET_VALID;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return KYSO_ERROR_CERTIFICATE_EXPIRED;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return KYSO_ERROR_CERTIFICATE_WEAK;
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
        return KYSO_ERROR_CERTIFICATE_WRONG_USAGE;
    case X509_V_ERR_OUT_OF_MEM:
    case X509_V_ERR_UNSPECIFIED:
        return KYSO_ERROR_INTERNAL;
    default:
        return KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER;
    }
}

/* Which certificate of the path it is matters to whoever mends it. */
static void
set_fault(X509_STORE_CTX *context, GError **error)
{
    int fault = X509_STORE_CTX_get_error(context);
    X509 *culprit = X509_STORE_CTX_get_current_cert(context);
    g_autoptr(KysoCertificate) certificate =
        culprit != NULL ? kyso_certificate_new_from_x509(culprit, NULL) : NULL;

    g_set_error(error, KYSO_ERROR, code_of_fault(fault), "%s: %s",
                certificate != NULL ? kyso_certificate_get_subject(certificate) : "certificate",
                X509_verify_cert_error_string(fault));
    ERR_clear_error();
}

/* The one among @certificates that stands for @x509 itself, not for an equal one, or NULL. */
static KysoCertificate *
find_owner(const GPtrArray *certificates, const X509 *x509)
{
    for (guint i = 0; certificates != NULL && i < certificates->len; i++)
        if (kyso_certificate_get_x509(g_ptr_array_index(certificates, i)) == x509)
            return kyso_certificate_ref(g_ptr_array_index(certificates, i));
    return NULL;
}

/* Reading a certificate costs more than checking its signature, so those that we have are used. */
static GPtrArray *
copy_chain(KysoTrust *self, X509_STORE_CTX *context, const KysoCertificate *leaf,
           const GPtrArray *extra, GError **error)
{
    const GPtrArray *known[] = {self->anchors, self->timestamp_anchors, self->intermediates, extra};
    STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context);
    g_autoptr(GPtrArray) chain =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);

    for (int i = 0; i < sk_X509_num(path); i++) {
        X509 *x509 = sk_X509_value(path, i);
        KysoCertificate *certificate = kyso_certificate_get_x509(leaf) == x509
                                           ? kyso_certificate_ref((KysoCertificate *) leaf)
                                           : NULL;
        for (guint j = 0; certificate == NULL && j < G_N_ELEMENTS(known); j++)
            certificate = find_owner(known[j], x509);
        if (certificate == NULL)
            certificate = kyso_certificate_new_from_x509(x509, error);
        if (certificate == NULL)
            return NULL;
        g_ptr_array_add(chain, certificate);
    }

    return g_steal_pointer(&chain);
}

/* No purpose is set: check_signer has its own for the leaf, and CAs are checked as such without
 * one. The level is named since OpenSSL's default for a bare X509_verify_cert is "no check". */
static void
set_conditions(X509_VERIFY_PARAM *param, GDateTime *at)
{
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    X509_VERIFY_PARAM_set_time(param, (time_t) g_date_time_to_unix(at));
    X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
}

static gboolean
check_path(KysoTrust *self, X509_STORE *store, const KysoCertificate *certificate,
           const GPtrArray *extra, GDateTime *at, GPtrArray **ret_chain, GError **error)
{
    g_autoptr(KysoX509View) untrusted = sk_X509_new_null();
    g_autoptr(X509_STORE_CTX) context = X509_STORE_CTX_new();

    g_assert(untrusted != NULL && context != NULL);
    push_all(untrusted, self->intermediates, G_MAXUINT);
    push_all(untrusted, extra, MAX_EXTRA);
    if (X509_STORE_CTX_init(context, store, kyso_certificate_get_x509(certificate), untrusted) !=
        1) {
        kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot check the certificate's path");
        return FALSE;
    }

    set_conditions(X509_STORE_CTX_get0_param(context), at);
    if (X509_verify_cert(context) != 1) {
        set_fault(context, error);
        return FALSE;
    }

    g_autoptr(GPtrArray) chain = copy_chain(self, context, certificate, extra, error);
    if (chain == NULL)
        return FALSE;
    if (ret_chain != NULL)
        *ret_chain = g_steal_pointer(&chain);
    return TRUE;
}

gboolean
kyso_trust_check(KysoTrust *self, const KysoCertificate *certificate, const GPtrArray *extra,
                 GDateTime *at, GPtrArray **ret_chain, GError **error)
{
    return check_path(self, self->store, certificate, extra, at, ret_chain, error);
}

static void
add_anchors(X509_STORE *store, const GPtrArray *anchors)
{
    for (guint i = 0; i < anchors->len; i++)
        X509_STORE_add_cert(store, kyso_certificate_get_x509(g_ptr_array_index(anchors, i)));
}

gboolean
kyso_trust_check_timestamp(KysoTrust *self, const KysoCertificate *certificate,
                           const GPtrArray *extra, GDateTime *at, X509_STORE **ret_store,
                           GPtrArray **ret_chain, GError **error)
{
    g_autoptr(X509_STORE) store = X509_STORE_new();

    g_assert(store != NULL);
    add_anchors(store, self->anchors);
    add_anchors(store, self->timestamp_anchors);
    set_conditions(X509_STORE_get0_param(store), at);
    if (!check_path(self, store, certificate, extra, at, ret_chain, error))
        return FALSE;
    if (ret_store != NULL)
        *ret_store = g_steal_pointer(&store);
    return TRUE;
}
