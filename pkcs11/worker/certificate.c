/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/certificate.h"

GBytes *
kyso_certificate_der(const PKCS11_CERT *certificate)
{
    guchar *der = NULL;
    int size = i2d_X509(certificate->x509, &der);

    if (size <= 0)
        return NULL;

    GBytes *result = g_bytes_new(der, (gsize) size);
    OPENSSL_free(der);
    return result;
}

char *
kyso_certificate_key_id(const PKCS11_CERT *certificate)
{
    GString *hex = g_string_sized_new(2 * certificate->id_len + 1);

    for (size_t i = 0; i < certificate->id_len; i++)
        g_string_append_printf(hex, "%02x", certificate->id[i]);
    return g_string_free(hex, FALSE);
}
