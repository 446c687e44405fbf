/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The hand-over: under its name in one step, or into the caller's descriptor, whole or not at all.
 * Runs in a thread, as a sync of a large file takes its time.
 */

#include <gio/gio.h>

#include "ipc/base/temporary.h"

typedef struct {
    KysoTemporary *file; /* borrowed until done; the whole result */
    goffset size;
    const char *path; /* copied; NULL: into @fd */
    int fd;           /* borrowed until done; written from its start */
} KysoDeliverySpec;

void kyso_delivery_start_async(const KysoDeliverySpec *spec, GAsyncReadyCallback done,
                               gpointer user_data);

/* KYSO_ERROR_OUTPUT_NOT_WRITABLE, KYSO_ERROR_DISK_FULL. On FALSE the file at the path is as it was,
 * or the caller's descriptor is empty. */
gboolean kyso_delivery_start_finish(GAsyncResult *result, GError **error);
