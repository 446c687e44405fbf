/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The file that signed data become: the signature alone, or around its content, which is copied in
 * blocks. Made in a thread.
 */

#include <gio/gio.h>

#include "ipc/base/temporary.h"

typedef struct {
    const char *dir;   /* where the file is made */
    GBytes *signature; /* a detached CMS in DER, or any signature where @content is -1 */
    int content;       /* -1: the signature alone; borrowed until done */
    goffset size;      /* of the content */
} KysoSignDataSpec;

typedef struct {
    KysoTemporary *file;
    goffset size;
    char *digest; /* SHA-256 in hex */
    GBytes *cms;  /* kyso_data_content_take: what @file was taken out of; NULL: no CMS */
} KysoSignDataResult;
void kyso_sign_data_result_free(KysoSignDataResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSignDataResult, kyso_sign_data_result_free)

void kyso_sign_data_write_async(const KysoSignDataSpec *spec, GCancellable *cancellable,
                                GAsyncReadyCallback done, gpointer user_data);

/* KYSO_ERROR_OUTPUT_NOT_WRITABLE, KYSO_ERROR_DISK_FULL, KYSO_ERROR_CANCELLED. */
KysoSignDataResult *kyso_sign_data_write_finish(GAsyncResult *result, GError **error);
