/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/trust/trust-install.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "agent/trust/trust-sets.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "ipc/base/temporary.h"

#define MODE 0644 /* every user's agent reads it */

void
kyso_trust_install_free(KysoTrustInstall *self)
{
    g_clear_pointer(&self->old, kyso_trust_bundle_free);
    g_clear_pointer(&self->new, kyso_trust_bundle_free);
    g_free(self);
}

/* Held until the descriptor is closed: of two updates at once, the second sees what the first did.
 */
static int
lock_folder(const char *dir, GError **error)
{
    g_auto(KysoFd) fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return kyso_fd_steal(&fd);
    kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, dir);
    return -1;
}

static gboolean
read_old(const char *configuration, KysoTrustBundle **ret, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (kyso_trust_sets_read_bundle(configuration, ret, &fault) ||
        g_error_matches(fault, KYSO_ERROR, KYSO_ERROR_BUNDLE_SIGNER_UNKNOWN))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&fault));
    return FALSE;
}

static gboolean
is_signer_valid(const KysoCertificate *signer, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    int code = 0;

    if (g_date_time_compare(now, kyso_certificate_get_not_before(signer)) < 0)
        code = KYSO_ERROR_CERTIFICATE_NOT_YET_VALID;
    else if (g_date_time_compare(now, kyso_certificate_get_not_after(signer)) > 0)
        code = KYSO_ERROR_CERTIFICATE_EXPIRED;
    if (code != 0)
        g_set_error(error, KYSO_ERROR, code, "the bundle's signer: %s",
                    kyso_certificate_get_subject(signer));
    return code == 0;
}

/* Is @file byte for byte what is installed? */
static gboolean
is_there(const char *path, GBytes *file)
{
    g_autofree char *data = NULL;
    gsize size = 0;

    if (!g_file_get_contents(path, &data, &size, NULL))
        return FALSE;
    g_autoptr(GBytes) there = g_bytes_new_take(g_steal_pointer(&data), size);
    return g_bytes_equal(there, file);
}

static gboolean
write_file(const char *dir, const char *path, GBytes *file, GError **error)
{
    g_autoptr(KysoTemporary) temporary = kyso_temporary_new(dir, error);
    gsize size = 0;
    const void *data = g_bytes_get_data(file, &size);

    return temporary != NULL &&
           kyso_fd_write_all(kyso_temporary_fd(temporary), data, size, error) &&
           kyso_temporary_publish(temporary, path, MODE, error);
}

KysoTrustInstall *
kyso_trust_install_run(const char *configuration, GBytes *file, GError **error)
{
    g_autofree char *dir = g_build_filename(configuration, "trust", NULL);
    g_autofree char *path = kyso_trust_sets_bundle_path(configuration);
    g_autoptr(KysoTrustInstall) self = g_new0(KysoTrustInstall, 1);

    if (!kyso_paths_is_trusted(dir, error))
        return NULL;
    g_auto(KysoFd) lock = lock_folder(dir, error);
    g_autoptr(GPtrArray) signers =
        lock >= 0 ? kyso_trust_sets_read_signers(configuration, error) : NULL;
    if (signers == NULL || !read_old(configuration, &self->old, error))
        return NULL;
    self->new = kyso_trust_bundle_read(file, signers, error);
    if (self->new == NULL || !is_signer_valid(self->new->signer, error))
        return NULL;

    if (self->old != NULL && self->new->serial <= self->old->serial) {
        if (self->new->serial == self->old->serial && is_there(path, file))
            return g_steal_pointer(&self);
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_BUNDLE_OUTDATED,
                    "its serial is %" G_GINT64_FORMAT ", that of the installed one is"
                    " %" G_GINT64_FORMAT,
                    self->new->serial, self->old->serial);
        return NULL;
    }
    self->is_installed = write_file(dir, path, file, error);
    return self->is_installed ? g_steal_pointer(&self) : NULL;
}
