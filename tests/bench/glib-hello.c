/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The smallest GLib daemon: a main loop, a socket service that answers nothing, and the word that
 * it is ready. What our agent costs is told as a multiple of it.
 *
 * usage: glib-hello SOCKET
 */

#include "tests/bench/bench-ready.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

int
main(int argc, char **argv)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GSocketService) service = g_socket_service_new();
    g_autoptr(GError) error = NULL;

    if (argc != 2)
        return 2;
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(argv[1]);
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error)) {
        g_printerr("%s\n", error->message);
        return 1;
    }
    kyso_bench_ready_tell();
    g_main_loop_run(loop);
    return 0;
}
