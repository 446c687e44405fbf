/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/known-certificates.h"

GBytes *
kyso_known_certificates_read(const char *path, gsize skip)
{
    g_autofree char *whole = g_build_filename(FUZZ_FOLDER, path, NULL);
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize size = 0;

    g_file_get_contents(whole, &data, &size, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(size, >, skip);
    return g_bytes_new(data + skip, size - skip);
}

const KysoCertificate *
kyso_known_certificates_get(const char *name)
{
    static GHashTable *known;

    if (known == NULL)
        known = g_hash_table_new(g_str_hash, g_str_equal);
    KysoCertificate *certificate = g_hash_table_lookup(known, name);
    if (certificate == NULL) {
        g_autofree char *path = g_build_filename("certificates", name, NULL);
        g_autoptr(GBytes) der = kyso_known_certificates_read(path, 0);
        g_autoptr(GError) error = NULL;
        certificate = kyso_certificate_new(der, &error);
        g_assert_no_error(error);
        g_hash_table_insert(known, g_strdup(name), certificate);
    }
    return certificate;
}

KysoTrust *
kyso_known_certificates_trust(void)
{
    const KysoAuthority ca = {(KysoCertificate *) kyso_known_certificates_get("ca.der"), NULL};

    return kyso_authority_trust(&ca, NULL);
}

gboolean
kyso_known_certificates_same_key(const KysoCertificate *one, const KysoCertificate *other)
{
    return EVP_PKEY_eq(X509_get0_pubkey(kyso_certificate_get_x509(one)),
                       X509_get0_pubkey(kyso_certificate_get_x509(other))) == 1;
}
