/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where a file is written and hashed in one go: what is written is what is hashed. For worker
 * threads; it owns nothing.
 */

#include <gio/gio.h>

#include "agent/cms/file-hash.h"

typedef struct {
    int fd;
    KysoFileHash *hash;
    goffset size; /* bytes written so far */
} KysoHashedSink;

/* Writes all of it. After FALSE the file is of no use. */
gboolean kyso_hashed_sink_put(KysoHashedSink *self, const void *data, gsize size, GError **error);
gboolean kyso_hashed_sink_put_bytes(KysoHashedSink *self, GBytes *bytes, GError **error);

/* The @length bytes of @fd from @offset, in blocks. G_IO_ERROR_CANCELLED. */
gboolean kyso_hashed_sink_put_range(KysoHashedSink *self, int fd, goffset offset, goffset length,
                                    GCancellable *cancellable, GError **error);
