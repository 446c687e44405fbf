/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/certificate-files.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define MAX_FILE_SIZE (1024 * 1024)

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
        if (certificate == NULL)
            return FALSE;
        g_ptr_array_add(certificates, certificate);
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

    if (certificate == NULL)
        return FALSE;
    g_ptr_array_add(certificates, certificate);
    return TRUE;
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

GPtrArray *
kyso_certificate_files_read(const char *dir, GError **error)
{
    g_autoptr(GPtrArray) certificates =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    GError *cause = NULL;
    g_autoptr(GDir) folder = g_dir_open(dir, 0, &cause);

    if (folder == NULL && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_error_free(cause);
        return g_steal_pointer(&certificates);
    }
    if (folder == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, cause->message);
        g_error_free(cause);
        return NULL;
    }

    for (const char *entry; (entry = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *file = g_build_filename(dir, entry, NULL);
        if (is_certificate_file(entry) && !read_file(certificates, file, error))
            return NULL;
    }

    return g_steal_pointer(&certificates);
}
