/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/known-certificates.h"

const KysoCertificate *
kyso_known_certificates_get(const char *name)
{
    static GHashTable *known;
    g_autofree char *path = g_build_filename(FUZZ_FOLDER, "certificates", name, NULL);
    g_autoptr(GError) error = NULL;
    char *data = NULL;
    gsize size = 0;

    if (known == NULL)
        known = g_hash_table_new(g_str_hash, g_str_equal);
    KysoCertificate *certificate = g_hash_table_lookup(known, name);
    if (certificate == NULL) {
        g_file_get_contents(path, &data, &size, &error);
        g_assert_no_error(error);
        g_autoptr(GBytes) der = g_bytes_new_take(data, size);
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
