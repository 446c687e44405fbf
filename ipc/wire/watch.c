/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/watch.h"

guint
kyso_watch_add(int fd, GIOCondition condition, GUnixFDSourceFunc ready, gpointer user_data)
{
    g_autoptr(GSource) source = g_unix_fd_source_new(fd, condition);

    g_source_set_callback(source, G_SOURCE_FUNC(ready), user_data, NULL);
    g_source_set_can_recurse(source, TRUE);
    return g_source_attach(source, NULL);
}
