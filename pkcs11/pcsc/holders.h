/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which programs are connected to pcscd: one of them has the card that nobody else can have.
 *
 * Told by the kernel (sock_diag(7), /proc), which shows only what this user may see: processes of
 * others are not among them, nor where no look is permitted. pcscd is not asked. Any thread.
 */

#include <glib.h>

typedef struct {
    GPid pid;
    char *name;       /* "firefox-esr", of /proc/PID/comm; at most 15 bytes */
    char *executable; /* absolute path; NULL where it may not be seen */
} KysoHolder;

void kyso_holder_free(KysoHolder *self);

/* A new array of KysoHolder, owned, in the order of their pids; at most 16. Left out are @ours and
 * the processes that it has started. */
GPtrArray *kyso_holders_find(GPid ours);
