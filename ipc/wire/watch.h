/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A descriptor watched by the main loop: g_unix_fd_add() for one that is ready often.
 */

#include <glib-unix.h>

/* Returns the source's id. @ready must not run the loop inside: unlike other sources this one is
 * not blocked while it runs, as GLib takes a blocked descriptor out of its set and puts it back,
 * and wakes itself up for each: four system calls and a turn of the loop for every message. */
guint kyso_watch_add(int fd, GIOCondition condition, GUnixFDSourceFunc ready, gpointer user_data);
