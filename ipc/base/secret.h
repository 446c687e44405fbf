/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bytes of a PIN: in pages of their own that are locked in memory, left out of core dumps,
 * empty in a forked child, and wiped when freed.
 *
 * Used by kyso-prompt and kyso-token only. Never copied, logged, formatted or put into JSON.
 */

#include <glib.h>

#define KYSO_SECRET_MAX 256 /* bytes, the closing NUL not counted */

typedef struct _KysoSecret KysoSecret;

/* An empty secret. Aborts where the kernel gives no page; a page that cannot be locked (small
 * RLIMIT_MEMLOCK) is used all the same, as swap of a PIN is the lesser evil to not signing. */
KysoSecret *kyso_secret_new(void);

/* Wipes and unmaps. NULL is ignored. */
void kyso_secret_free(KysoSecret *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSecret, kyso_secret_free)

/* Appends @size bytes; FALSE (nothing appended) past KYSO_SECRET_MAX. */
gboolean kyso_secret_append(KysoSecret *self, const char *bytes, gsize size);

/* Reads @fd to its end straight into the locked page and closes nothing. FALSE with @error past
 * KYSO_SECRET_MAX or on a read error; the secret is then empty. */
gboolean kyso_secret_read(KysoSecret *self, int fd, GError **error);

/* Writes the bytes to @fd. */
gboolean kyso_secret_write(const KysoSecret *self, int fd, GError **error);

/* NUL-terminated, in the locked page; valid until the next change. */
const char *kyso_secret_get(const KysoSecret *self);
gsize kyso_secret_length(const KysoSecret *self);

/* The page itself, for a reader that fills it in place (KYSO_SECRET_MAX bytes), then its length. */
char *kyso_secret_buffer(KysoSecret *self);
void kyso_secret_set_length(KysoSecret *self, gsize length);

/* Overwrites with zeros, in a way no compiler removes. */
void kyso_secret_wipe(KysoSecret *self);
