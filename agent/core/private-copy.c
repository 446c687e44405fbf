/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/private-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define STEP (4 * 1024 * 1024) /* bytes copied before the hash follows */

typedef struct {
    int input;
    char *dir;
    gboolean stays;
} Order;

/* The hash runs behind the copy on a thread of its own; both read the same pages of memory. */
typedef struct {
    KysoPrivateCopy *copy;
    gboolean stays;
    GMutex lock;
    GCond changed;
    goffset copied;
    gboolean is_complete;
    GError *error;
} Pursuit;

static void
order_free(Order *order)
{
    g_free(order->dir);
    g_free(order);
}

void
kyso_private_copy_free(KysoPrivateCopy *self)
{
    if (self == NULL)
        return;
    kyso_fd_clear(&self->read_only);
    kyso_temporary_free(self->file);
    kyso_file_hash_free(self->hash);
    g_free(self);
}

static KysoPrivateCopy *
private_copy_new(const char *dir, GError **error)
{
    g_autoptr(KysoPrivateCopy) self = g_new0(KysoPrivateCopy, 1);

    self->read_only = -1;
    self->hash = kyso_file_hash_new("SHA256");
    self->file = kyso_temporary_new(dir, error);
    if (self->file == NULL)
        return NULL;
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", kyso_temporary_fd(self->file));
    self->read_only = open(link, O_RDONLY | O_CLOEXEC);
    if (self->read_only < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, link);
        return NULL;
    }
    return g_steal_pointer(&self);
}

static gpointer
hash_behind(gpointer user_data)
{
    Pursuit *pursuit = user_data;
    goffset hashed = 0;

    for (;;) {
        g_mutex_lock(&pursuit->lock);
        while (pursuit->copied == hashed && !pursuit->is_complete)
            g_cond_wait(&pursuit->changed, &pursuit->lock);
        goffset copied = pursuit->copied;
        gboolean is_complete = pursuit->is_complete;
        g_mutex_unlock(&pursuit->lock);

        if (pursuit->error == NULL && copied > hashed)
            kyso_file_hash_add(pursuit->copy->hash, kyso_temporary_fd(pursuit->copy->file), hashed,
                               copied - hashed, &pursuit->error);
        hashed = copied;
        if (is_complete && hashed == copied)
            return NULL;
    }
}

static void
tell_copied(Pursuit *pursuit, goffset copied, gboolean is_complete)
{
    g_mutex_lock(&pursuit->lock);
    pursuit->copied = copied;
    pursuit->is_complete = is_complete;
    g_cond_signal(&pursuit->changed);
    g_mutex_unlock(&pursuit->lock);
}

/* Copies up to STEP bytes at @offset; 0 at the end of the input, -1 with errno set. */
static gssize
copy_step(int from, int to, goffset offset)
{
    off_t in = offset, out = offset;
    gssize n = copy_file_range(from, &in, to, &out, STEP, 0);

    if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS))
        return n;
    /* Another file system: the kernel does not copy there by itself. */
    g_autofree char *block = g_malloc(256 * 1024);
    n = pread(from, block, 256 * 1024, offset);
    if (n > 0 && !kyso_fd_write_at(to, block, n, offset, NULL))
        return -1;
    return n;
}

static gboolean
is_within_limit(goffset size, GError **error)
{
    if (size <= KYSO_DOCUMENT_MAX)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d bytes",
                KYSO_DOCUMENT_MAX);
    return FALSE;
}

static gboolean
copy_all(int from, Pursuit *pursuit, GCancellable *cancellable, GError **error)
{
    int to = kyso_temporary_fd(pursuit->copy->file);
    goffset *size = &pursuit->copy->size;
    struct stat st;

    /* Before 2 GiB of the disk are filled with it; and again below, as it may be growing. */
    if (fstat(from, &st) == 0 && !is_within_limit(st.st_size, error))
        return FALSE;
    for (;;) {
        if (g_cancellable_set_error_if_cancelled(cancellable, error))
            return FALSE;
        gssize n = copy_step(from, to, *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "cannot copy");
            return FALSE;
        }
        if (n == 0)
            return TRUE;
        if (pursuit->stays)
            (void) sync_file_range(to, *size, n, SYNC_FILE_RANGE_WRITE);
        *size += n;
        if (!is_within_limit(*size, error))
            return FALSE;
        tell_copied(pursuit, *size, FALSE);
    }
}

/* Where the file system shares blocks (btrfs, XFS), a copy of any size is free. */
static gboolean
copy_by_reference(int from, Pursuit *pursuit)
{
    struct stat st;
    int to = kyso_temporary_fd(pursuit->copy->file);

    if (fstat(from, &st) < 0 || st.st_size > KYSO_DOCUMENT_MAX || ioctl(to, FICLONE, from) < 0 ||
        fstat(to, &st) < 0)
        return FALSE;
    pursuit->copy->size = st.st_size;
    return TRUE;
}

static void
copy_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    GError *error = NULL;
    g_autoptr(KysoPrivateCopy) copy = private_copy_new(order->dir, &error);
    Pursuit pursuit = {.copy = copy, .stays = order->stays};

    if (copy == NULL) {
        g_task_return_error(task, error);
        return;
    }
    g_mutex_init(&pursuit.lock);
    g_cond_init(&pursuit.changed);
    GThread *hasher = g_thread_new("kyso-hash", hash_behind, &pursuit);
    if (!copy_by_reference(order->input, &pursuit))
        copy_all(order->input, &pursuit, cancellable, &error);
    tell_copied(&pursuit, copy->size, TRUE);
    g_thread_join(hasher);
    g_mutex_clear(&pursuit.lock);
    g_cond_clear(&pursuit.changed);

    if (error == NULL)
        error = g_steal_pointer(&pursuit.error);
    g_clear_error(&pursuit.error);
    if (error != NULL)
        g_task_return_error(task, error);
    else
        g_task_return_pointer(task, g_steal_pointer(&copy),
                              (GDestroyNotify) kyso_private_copy_free);
}

void
kyso_private_copy_async(int input, const char *dir, gboolean stays, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Order *order = g_new0(Order, 1);

    order->input = input;
    order->dir = g_strdup(dir);
    order->stays = stays;
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, copy_in_thread);
}

KysoPrivateCopy *
kyso_private_copy_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* The hash goes on over what is new: no second pass over the document. */
gboolean
kyso_private_copy_grow(KysoPrivateCopy *self, goffset size, GError **error)
{
    if (!kyso_file_hash_add(self->hash, kyso_temporary_fd(self->file), self->size,
                            size - self->size, error))
        return FALSE;
    self->size = size;
    return TRUE;
}
