/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/hashed-sink.h"

#include "ipc/base/descriptor.h"

#define BLOCK (1024 * 1024)

gboolean
kyso_hashed_sink_put(KysoHashedSink *self, const void *data, gsize size, GError **error)
{
    kyso_file_hash_add_bytes(self->hash, data, size);
    self->size += (goffset) size;
    return kyso_fd_write_all(self->fd, data, size, error);
}

gboolean
kyso_hashed_sink_put_bytes(KysoHashedSink *self, GBytes *bytes, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(bytes, &size);

    return kyso_hashed_sink_put(self, data, size, error);
}

gboolean
kyso_hashed_sink_put_range(KysoHashedSink *self, int fd, goffset offset, goffset length,
                           GCancellable *cancellable, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK);

    for (goffset done = 0; done < length; done += BLOCK) {
        gsize size = (gsize) MIN(BLOCK, length - done);
        if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
            !kyso_fd_read_at(fd, block, size, offset + done, error) ||
            !kyso_hashed_sink_put(self, block, size, error))
            return FALSE;
    }
    return TRUE;
}
