/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which other programs are connected to pcscd: one of them has a card for itself alone, where PC/SC
 * says that somebody has.
 *
 * PC/SC does not tell who. The kernel tells which sockets are connected to that of pcscd
 * (sock_diag(7)), and /proc whose they are, as far as this user may look: that of another user
 * stays unknown. Main thread; takes a few milliseconds, so only asked when it is to be told.
 */

#include <glib.h>

typedef struct {
    GPid pid;
    char *name;       /* /proc/PID/comm */
    char *executable; /* its path; NULL where it may not be known */
} KysoHolder;

/* A new array of KysoHolder, which owns them, by pid; this process and its children are left out.
 * Empty where nothing can be known. */
GPtrArray *kyso_holders_find(void);
