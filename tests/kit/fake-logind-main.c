/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * fake-logind ADDRESS: fake-logind.h for tests in Python. Reads a line each from stdin: "sleep",
 * "resume", "lock", "lock-other"; writes "ready", "delayed", "released" when it is so. Ends with
 * its stdin.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kit/fake-logind.h"

#include <gio/gio.h>

static void
delay_changed(gboolean is_delayed, gpointer user_data)
{
    puts(is_delayed ? "delayed" : "released");
}

static void
obey(FakeLogind *logind, const char *command)
{
    if (strcmp(command, "sleep") == 0)
        fake_logind_sleep(logind, TRUE);
    else if (strcmp(command, "resume") == 0)
        fake_logind_sleep(logind, FALSE);
    else if (strcmp(command, "lock") == 0)
        fake_logind_lock(logind, TRUE);
    else if (strcmp(command, "lock-other") == 0)
        fake_logind_lock(logind, FALSE);
    else
        g_error("no command: %s", command);
}

static gboolean
command_came(GIOChannel *channel, GIOCondition condition, gpointer user_data)
{
    g_autofree char *line = NULL;
    gsize end;

    if (g_io_channel_read_line(channel, &line, NULL, &end, NULL) != G_IO_STATUS_NORMAL)
        exit(0);
    line[end] = '\0';
    obey(user_data, line);
    return G_SOURCE_CONTINUE;
}

int
main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    FakeLogind *logind = fake_logind_new(argv[1], delay_changed, NULL);
    GIOChannel *commands = g_io_channel_unix_new(0);
    g_io_add_watch(commands, G_IO_IN | G_IO_HUP, command_came, logind);
    puts("ready");
    g_main_loop_run(g_main_loop_new(NULL, FALSE));
    return 0;
}
