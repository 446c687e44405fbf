/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The update that kyso-document made, checked by the agent itself, joined to the private copy,
 * and later completed with the signature.
 *
 * Checked here, whatever the reader says: it begins at the end of the original, whose bytes it
 * cannot touch; its /ByteRange is literally the whole file but for one hex string, and that string
 * is all zeros (ISO 32000-2 §12.8.1). So a reader taken over by a hostile file can spoil its own
 * page, and nothing else. Blocking, small; any one thread.
 */

#include "agent/core/private-copy.h"
#include "ipc/wire/helper.h"

#define KYSO_INCREMENT_MAX (64 * 1024 * 1024) /* bytes */

typedef struct {
    goffset size;         /* of the file with the update */
    goffset contents;     /* offset of the '<' of /Contents */
    goffset contents_end; /* offset after its '>' */
    GBytes *digest;       /* SHA-256 of the signed ranges */
} KysoIncrement;
void kyso_increment_free(KysoIncrement *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoIncrement, kyso_increment_free)

/* Appends the update in @reply (document.prepare) to @copy, whose size stays until it is completed:
 * kyso_private_copy_grow. KYSO_ERROR_INCREMENT_REFUSED,
 * KYSO_ERROR_DISK_FULL. On failure the copy is of no more use. */
KysoIncrement *kyso_increment_append(KysoPrivateCopy *copy, KysoReply *reply, GError **error);

/* The same of an update that nobody signs (document.extend): only appended, and then part of @copy.
 */
gboolean kyso_increment_append_unsigned(KysoPrivateCopy *copy, KysoReply *reply, GError **error);

/* The digest of the signed ranges by @hash. */
GBytes *kyso_increment_hash(const KysoIncrement *self, const KysoPrivateCopy *copy,
                            const char *hash, GError **error);

/* Writes @cms as hex into /Contents. KYSO_ERROR_INCREMENT_REFUSED where it does not fit. */
gboolean kyso_increment_complete(const KysoIncrement *self, KysoPrivateCopy *copy, GBytes *cms,
                                 GError **error);
