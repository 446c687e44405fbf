/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/delivery.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "ipc/base/harden.h"

typedef struct {
    KysoTemporary *file;
    goffset size;
    char *path;
    int fd;
} Order;

static void
order_free(Order *order)
{
    g_free(order->path);
    g_free(order);
}

/* A file that is replaced keeps its mode; a new one gets what the user's umask gives. */
static int
mode_for(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? (int) (st.st_mode & 0777)
                                 : (int) (0666 & ~kyso_harden_user_umask());
}

static gboolean
write_into(const Order *order, GError **error)
{
    off_t offset = 0;

    if (ftruncate(order->fd, 0) < 0 || lseek(order->fd, 0, SEEK_SET) < 0)
        goto failed;
    while (offset < order->size) {
        gssize n = sendfile(order->fd, kyso_temporary_fd(order->file), &offset,
                            (gsize) (order->size - offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            goto failed;
    }
    if (fsync(order->fd) == 0 || errno == EINVAL || errno == EROFS) /* a memfd has no disk */
        return TRUE;

failed:
    kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, "cannot write the output");
    if (ftruncate(order->fd, 0) < 0)
        g_prefix_error(error, "(and it cannot be emptied) ");
    return FALSE;
}

static void
deliver_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    GError *error = NULL;
    gboolean delivered = order->path != NULL ? kyso_temporary_publish(order->file, order->path,
                                                                      mode_for(order->path), &error)
                                             : write_into(order, &error);

    if (delivered)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
kyso_delivery_start_async(const KysoDeliverySpec *spec, GAsyncReadyCallback done,
                          gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done, user_data);
    Order *order = g_new0(Order, 1);

    order->file = spec->file;
    order->size = spec->size;
    order->path = g_strdup(spec->path);
    order->fd = spec->fd;
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, deliver_in_thread);
}

gboolean
kyso_delivery_start_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
