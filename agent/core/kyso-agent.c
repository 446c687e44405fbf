/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kyso-agent: the resident program. Reads its options, takes or makes the socket, says that it is
 * ready, serves until it is told to end.
 */

#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/core/agent.h"
#include "ipc/base/error.h"
#include "ipc/base/harden.h"
#include "ipc/base/paths.h"
#include "kyso-config.h"

#define EXIT_CONFIGURATION 3
#define END_SECONDS 10 /* for what is under way; a service manager waits longer */

static char *option_socket, *option_config, *option_state;
static gboolean option_version;

static const GOptionEntry options[] = {
    {"socket", 0, 0, G_OPTION_ARG_FILENAME, &option_socket, "listen here", "PATH"},
    {"config", 0, 0, G_OPTION_ARG_FILENAME, &option_config, "folder of the configuration", "DIR"},
    {"state", 0, 0, G_OPTION_ARG_FILENAME, &option_state, "folder of the journal", "DIR"},
    {"version", 0, 0, G_OPTION_ARG_NONE, &option_version, "print the version", NULL},
    {NULL},
};

/* sd_notify(3), which is one datagram: not worth a library. */
static void
tell_service_manager(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = g_getenv("NOTIFY_SOCKET");

    if (path == NULL || strlen(path) >= sizeof address.sun_path)
        return;
    strcpy(address.sun_path, path);
    gsize size = G_STRUCT_OFFSET(struct sockaddr_un, sun_path) + strlen(path);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    g_auto(KysoFd) fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *) &address,
                         (socklen_t) size) < 0)
        g_info("NOTIFY_SOCKET: %s", g_strerror(errno)); /* who started us may not listen any more */
}

/* A descriptor or two for each of KYSO_MAX_CONNECTIONS clients. */
static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = MIN(limit.rlim_max, 16384);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static gboolean
end_asked(gpointer user_data)
{
    g_main_loop_quit(user_data);
    return G_SOURCE_CONTINUE;
}

static KysoConfiguration *
load_configuration(GError **error)
{
    g_autofree char *dir =
        option_config != NULL ? g_strdup(option_config) : kyso_paths_configuration();
    g_autofree char *state = option_state != NULL ? g_strdup(option_state) : kyso_paths_state();

    if (!kyso_paths_make_private(state, error))
        return NULL;
    return kyso_configuration_load(dir, state, error);
}

static int
open_socket(GError **error)
{
    int fd = kyso_server_take_activated();

    if (fd >= 0)
        return fd;
    g_autofree char *path = option_socket != NULL ? g_strdup(option_socket) : kyso_paths_socket();
    return kyso_server_listen(path, error);
}

static int
run(GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    KysoConfiguration *configuration = load_configuration(error);
    if (configuration == NULL)
        return EXIT_CONFIGURATION;
    KysoAgent *agent = kyso_agent_new(configuration);
    int fd = open_socket(error);
    if (fd < 0) {
        kyso_agent_free(agent);
        return EXIT_CONFIGURATION;
    }

    KysoServer *server = kyso_agent_serve(agent, fd);
    g_unix_signal_add(SIGTERM, end_asked, loop);
    g_unix_signal_add(SIGINT, end_asked, loop);
    g_unix_signal_add(SIGHUP, end_asked, loop);
    tell_service_manager("READY=1");
    g_main_loop_run(loop);
    tell_service_manager("STOPPING=1");

    kyso_jobs_end(agent->jobs, END_SECONDS);
    kyso_server_free(server);
    kyso_agent_free(agent);
    return 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    kyso_harden_process();
    setlocale(LC_CTYPE, "C.UTF-8");
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
        g_printerr("kyso-agent: %s\n", error != NULL ? error->message : "too many arguments");
        return 2;
    }
    if (option_version) {
        g_print("kyso-agent %s\n", KYSO_VERSION);
        return 0;
    }
    raise_descriptor_limit();
    int status = run(&error);
    if (error != NULL)
        g_printerr("kyso-agent: %s\n", error->message);
    return status;
}
