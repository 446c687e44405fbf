/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * File descriptors that close themselves, and whole reads and writes over them.
 *
 * Everything here makes descriptors close-on-exec. Thread-safe.
 */

#include <glib.h>

/* g_auto(KysoFd) fd = open(...): closed at the end of the scope; -1 is "none". */
typedef int KysoFd;
void kyso_fd_clear(KysoFd *fd); /* closes and sets to -1; keeps errno */
void kyso_fd_close(int fd);     /* -1 is ignored; keeps errno */
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(KysoFd, kyso_fd_close, -1)
int kyso_fd_steal(KysoFd *fd);           /* the descriptor, leaving -1 */
int kyso_fd_dup(int fd, GError **error); /* close-on-exec copy, or -1 */

/* An array of owned descriptors. Freed, it closes them. Never NULL where one is expected. */
typedef struct {
    int *fds; /* -1 where one was taken out */
    guint n_fds;
} KysoFdList;
KysoFdList *kyso_fd_list_new(void);
void kyso_fd_list_append(KysoFdList *self, int fd /* taken */);
int kyso_fd_list_steal(KysoFdList *self, guint index); /* -1: out of range or already taken */
void kyso_fd_list_free(KysoFdList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoFdList, kyso_fd_list_free)

/* Reads the rest of @fd, at most @limit bytes; more sets KYSO_ERROR_DOCUMENT_TOO_LARGE. */
GBytes *kyso_fd_read_all(int fd, gsize limit, GError **error);

/* Writes all of @data at the current offset. On FALSE some of it may have been written. */
gboolean kyso_fd_write_all(int fd, const void *data, gsize size, GError **error);

/* Reads exactly @size bytes at @offset; FALSE on a short file. The offset of @fd stays. */
gboolean kyso_fd_read_at(int fd, void *data, gsize size, goffset offset, GError **error);
gboolean kyso_fd_write_at(int fd, const void *data, gsize size, goffset offset, GError **error);

/* A memfd holding @data, offset 0. -1 with @error set. */
int kyso_fd_new_memory(const char *name, const void *data, gsize size, GError **error);
