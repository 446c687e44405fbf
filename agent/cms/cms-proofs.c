/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/cms/cms-proofs.h"

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

static gboolean
fail(GError **error, const char *what)
{
    kyso_openssl_set_error(error, KYSO_ERROR_INTERNAL, what);
    return FALSE;
}

static gboolean
add_certificate(CMS_ContentInfo *cms, const KysoCertificate *certificate, GError **error)
{
    g_autoptr(KysoX509Stack) present = CMS_get1_certs(cms);
    X509 *x509 = kyso_certificate_get_x509(certificate);

    for (int i = 0; i < sk_X509_num(present); i++)
        if (X509_cmp(sk_X509_value(present, i), x509) == 0)
            return TRUE;
    return CMS_add1_cert(cms, x509) == 1 || fail(error, "cannot embed a certificate");
}

static gboolean
has_crl(CMS_ContentInfo *cms, const X509_CRL *crl)
{
    STACK_OF(X509_CRL) *present = CMS_get1_crls(cms);
    gboolean is_there = FALSE;

    for (int i = 0; i < sk_X509_CRL_num(present) && !is_there; i++)
        is_there = X509_CRL_match(sk_X509_CRL_value(present, i), crl) == 0;
    sk_X509_CRL_pop_free(present, X509_CRL_free);
    return is_there;
}

static gboolean
add_crl(CMS_ContentInfo *cms, GBytes *der, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size);
    X509_CRL *crl = d2i_X509_CRL(NULL, &data, (long) size);
    gboolean is_added = crl != NULL && (has_crl(cms, crl) || CMS_add1_crl(cms, crl) == 1);

    X509_CRL_free(crl);
    return is_added || fail(error, "cannot embed a CRL");
}

gboolean
kyso_cms_proofs_add(CMS_ContentInfo *cms, const KysoProofs *proofs, GError **error)
{
    for (guint i = 0; i < proofs->certificates->len; i++)
        if (!add_certificate(cms, g_ptr_array_index(proofs->certificates, i), error))
            return FALSE;
    for (guint i = 0; i < proofs->crls->len; i++)
        if (!add_crl(cms, g_ptr_array_index(proofs->crls, i), error))
            return FALSE;
    return TRUE;
}
