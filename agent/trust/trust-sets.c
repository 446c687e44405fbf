/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust/trust-sets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/pki/certificate-files.h"
#include "agent/trust/pins.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

static char *
own_folder(const char *configuration)
{
    return g_build_filename(configuration, "trust", NULL);
}

char *
kyso_trust_sets_bundle_path(const char *configuration)
{
    return g_build_filename(configuration, "trust", "bundle.p7m", NULL);
}

char **
kyso_trust_sets_read_names(const char *configuration, GError **error)
{
    static const char *const usual[] = {KYSO_TRUST_SET_GCC, NULL};
    g_autofree char *path = g_build_filename(configuration, "kyso.conf", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) fault = NULL;

    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &fault) &&
        !g_error_matches(fault, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, fault->message);
        return NULL;
    }
    char **names = g_key_file_get_string_list(file, "trust", "sets", NULL, NULL);
    return names != NULL ? names : g_strdupv((char **) usual);
}

GPtrArray *
kyso_trust_sets_read_signers(const char *configuration, GError **error)
{
    g_autofree char *dir = g_build_filename(configuration, "trust", "bundle-signers", NULL);

    if (g_file_test(dir, G_FILE_TEST_EXISTS) && !kyso_paths_is_trusted(dir, error))
        return NULL;
    return kyso_certificate_files_read(dir, error);
}

gboolean
kyso_trust_sets_read_bundle(const char *configuration, KysoTrustBundle **ret, GError **error)
{
    g_autofree char *path = kyso_trust_sets_bundle_path(configuration);

    *ret = NULL;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!kyso_paths_is_trusted(path, error))
        return FALSE;
    g_auto(KysoFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_CONFIGURATION, errno, path);
        return FALSE;
    }
    g_autoptr(GBytes) file = kyso_fd_read_all(fd, KYSO_TRUST_BUNDLE_MAX, error);
    g_autoptr(GPtrArray) signers =
        file != NULL ? kyso_trust_sets_read_signers(configuration, error) : NULL;
    if (signers != NULL)
        *ret = kyso_trust_bundle_read(file, signers, error);
    if (*ret == NULL)
        g_prefix_error(error, "%s: ", path);
    return *ret != NULL;
}

static gboolean
is_pinned(KysoTrustKind kind, const char *id)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kyso_trust_pins); i++)
        if (strcmp(kyso_trust_pins[i].folder, kyso_trust_folder(kind)) == 0 &&
            strcmp(kyso_trust_pins[i].sha256, id) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
are_pinned(KysoTrustKind kind, const GPtrArray *certificates, GError **error)
{
    for (guint i = 0; i < certificates->len; i++) {
        const KysoCertificate *certificate = certificates->pdata[i];
        if (!is_pinned(kind, kyso_certificate_get_id(certificate))) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_TRUST_PIN_MISMATCH, "%s (SHA-256 %s)",
                        kyso_certificate_get_subject(certificate),
                        kyso_certificate_get_id(certificate));
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
kyso_trust_sets_add_package(KysoTrust *trust, const char *dir, GError **error)
{
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++) {
        g_autofree char *path = g_build_filename(dir, kyso_trust_folder(kind), NULL);
        g_autoptr(GPtrArray) certificates = kyso_certificate_files_read(path, error);
        if (certificates == NULL || !are_pinned(kind, certificates, error) ||
            !kyso_trust_take(trust, kind, certificates, error)) {
            g_prefix_error(error, "%s: ", path);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
add_set(KysoTrust *trust, const KysoTrustBundle *bundle, const char *package, const char *name,
        GError **error)
{
    const KysoTrustSet *set = bundle != NULL ? kyso_trust_bundle_find(bundle, name) : NULL;

    if (set == NULL && strcmp(name, KYSO_TRUST_SET_GCC) == 0)
        return kyso_trust_sets_add_package(trust, package, error);
    if (set == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_TRUST_SET_UNKNOWN,
                    "kyso.conf: [trust] sets names %s, which no installed bundle has", name);
        return FALSE;
    }
    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++)
        if (!kyso_trust_take(trust, kind, set->certificates[kind], error))
            return FALSE;
    return TRUE;
}

KysoTrust *
kyso_trust_sets_load(const char *configuration, const char *package, const char *const *names,
                     GError **error)
{
    g_autofree char *own = own_folder(configuration);
    gboolean has_own = g_file_test(own, G_FILE_TEST_EXISTS);
    g_autoptr(KysoTrust) trust = kyso_trust_new();
    g_autoptr(KysoTrustBundle) bundle = NULL;

    if (has_own && (!kyso_paths_is_trusted(own, error) ||
                    !kyso_trust_sets_read_bundle(configuration, &bundle, error)))
        return NULL;
    for (const char *const *name = names; *name != NULL; name++)
        if (!add_set(trust, bundle, package, *name, error))
            return NULL;
    if (has_own && !kyso_trust_add(trust, own, error))
        return NULL;
    return g_steal_pointer(&trust);
}
