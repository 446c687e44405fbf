/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/trust.h"

#include <openssl/err.h>

#include "agent/pki/certificate-files.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

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

KysoTrust *
kyso_trust_new(void)
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
are_cas(const GPtrArray *certificates, GError **error)
{
    for (guint i = 0; i < certificates->len; i++) {
        const KysoCertificate *certificate = g_ptr_array_index(certificates, i);
        if (!kyso_certificate_is_ca(certificate)) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "not a CA: %s",
                        kyso_certificate_get_subject(certificate));
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
kyso_trust_take(KysoTrust *self, KysoTrustKind kind, const GPtrArray *certificates, GError **error)
{
    GPtrArray *kinds[] = {self->anchors, self->intermediates, self->timestamp_anchors};

    if (!are_cas(certificates, error))
        return FALSE;
    for (guint i = 0; i < certificates->len; i++) {
        KysoCertificate *certificate = g_ptr_array_index(certificates, i);
        if (kind == KYSO_TRUST_ANCHOR &&
            X509_STORE_add_cert(self->store, kyso_certificate_get_x509(certificate)) != 1) {
            kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, "cannot take an anchor");
            return FALSE;
        }
        g_ptr_array_add(kinds[kind], kyso_certificate_ref(certificate));
    }
    return TRUE;
}

const char *
kyso_trust_folder(KysoTrustKind kind)
{
    static const char *const names[] = {"anchors", "intermediates", "timestamp-anchors"};

    return names[kind];
}

gboolean
kyso_trust_add(KysoTrust *self, const char *dir, GError **error)
{
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++) {
        g_autofree char *path = g_build_filename(dir, kyso_trust_folder(kind), NULL);
        g_autoptr(GPtrArray) certificates = kyso_certificate_files_read(path, error);
        if (certificates == NULL)
            return FALSE;
        if (!kyso_trust_take(self, kind, certificates, error)) {
            g_prefix_error(error, "%s: ", path);
            return FALSE;
        }
    }
    return TRUE;
}

KysoTrust *
kyso_trust_load(const char *dir, GError **error)
{
    g_autoptr(KysoTrust) self = kyso_trust_new();

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
