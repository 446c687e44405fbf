/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/open-document.h"

#include <sys/stat.h>

static KysoOpenDocument kept = {.fd = -1};
static struct stat kept_status;

void
kyso_open_document_clear(KysoOpenDocument *self)
{
    g_clear_pointer(&self->file, kyso_pdf_file_free); /* which has the descriptor borrowed */
    kyso_fd_clear(&self->fd);
}

void
kyso_open_document_forget(void)
{
    kyso_open_document_clear(&kept);
}

static gboolean
is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static gboolean
is_kept(int fd)
{
    struct stat now;

    return kept.file != NULL && fstat(fd, &now) == 0 && now.st_dev == kept_status.st_dev &&
           now.st_ino == kept_status.st_ino && now.st_size == kept_status.st_size &&
           is_same_time(now.st_mtim, kept_status.st_mtim) &&
           is_same_time(now.st_ctim, kept_status.st_ctim);
}

gboolean
kyso_open_document_take(const json_t *params, KysoFdList *fds, KysoOpenDocument *ret,
                        GError **error)
{
    g_auto(KysoFd) fd = -1;

    *ret = (KysoOpenDocument){.fd = -1};
    if (!kyso_json_take_fd(params, "document", KYSO_JSON_REQUIRED, fds, &fd, error))
        return FALSE;
    if (is_kept(fd)) {
        *ret = kept;
        kept = (KysoOpenDocument){.fd = -1};
        return TRUE;
    }
    kyso_open_document_forget();
    ret->file = kyso_pdf_file_open(fd, error);
    if (ret->file != NULL)
        ret->fd = kyso_fd_steal(&fd);
    return ret->file != NULL;
}

void
kyso_open_document_keep(KysoOpenDocument *self)
{
    kyso_open_document_forget();
    if (fstat(self->fd, &kept_status) != 0)
        return;
    kept = *self;
    *self = (KysoOpenDocument){.fd = -1};
}
