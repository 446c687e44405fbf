/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The hash of parts of a file, read in large blocks: never more of it in memory than one block.
 * One thread at a time.
 */

#include <glib.h>

typedef struct _KysoFileHash KysoFileHash;

/* @hash: "SHA1", "SHA256", "SHA384", "SHA512"; NULL for any other. */
KysoFileHash *kyso_file_hash_new(const char *hash);
KysoFileHash *kyso_file_hash_copy(const KysoFileHash *self); /* goes on from the same state */
void kyso_file_hash_free(KysoFileHash *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoFileHash, kyso_file_hash_free)

/* Adds @length bytes of @fd from @offset on. KYSO_ERROR_INPUT_UNREADABLE on a shorter file. */
gboolean kyso_file_hash_add(KysoFileHash *self, int fd, goffset offset, goffset length,
                            GError **error);
void kyso_file_hash_add_bytes(KysoFileHash *self, const void *data, gsize size);

/* The digest so far; @self can go on. */
GBytes *kyso_file_hash_get(const KysoFileHash *self);

/* Lower-case hex of @digest. g_free. */
char *kyso_file_hash_to_hex(GBytes *digest);
