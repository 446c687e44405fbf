/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/screen.h"

#define PATH "/usr/local/bin:/usr/bin:/bin"

/* Of the screen or terminal: they come from the one who asks. */
static const char *const screen_names[] = {
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "GPG_TTY", "TERM",
};

/* Of the user and the session. */
static const char *const session_names[] = {
    "HOME",          "USER",           "LOGNAME", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS", "XDG_SESSION_ID",
};

static char **
copy_own(char **environment, const char *name)
{
    const char *value = g_getenv(name);

    return value != NULL ? g_environ_setenv(environment, name, value, TRUE) : environment;
}

static char **
copy_given(char **environment, const json_t *given, const char *name)
{
    const char *value = json_string_value(json_object_get(given, name));

    return value != NULL ? g_environ_setenv(environment, name, value, TRUE) : environment;
}

char **
kyso_screen_environment(const json_t *given, const char *language)
{
    char **environment = g_new0(char *, 1);

    environment = g_environ_setenv(environment, "PATH", PATH, TRUE);
    environment = g_environ_setenv(environment, "LANG", "C.UTF-8", TRUE);
    environment = g_environ_setenv(environment, "LANGUAGE", language, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(session_names); i++)
        environment = copy_own(environment, session_names[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(screen_names); i++)
        environment = given != NULL ? copy_given(environment, given, screen_names[i])
                                    : copy_own(environment, screen_names[i]);

    /* Wayland's socket lies there; a caller of the same user has the same one. */
    environment = copy_own(environment, "XDG_RUNTIME_DIR");
    return copy_given(environment, given, "XDG_RUNTIME_DIR");
}

char **
kyso_screen_options(char **environment)
{
    GPtrArray *options = g_ptr_array_new();
    const char *terminal = g_environ_getenv(environment, "GPG_TTY");
    const char *type = g_environ_getenv(environment, "TERM");

    if (terminal != NULL && g_str_has_prefix(terminal, "/dev/")) {
        g_ptr_array_add(options, g_strconcat("ttyname=", terminal, NULL));
        g_ptr_array_add(options, g_strconcat("ttytype=", type != NULL ? type : "xterm", NULL));
    }
    g_ptr_array_add(options, g_strdup("lc-ctype=C.UTF-8"));
    g_ptr_array_add(options, g_strdup("lc-messages=C.UTF-8"));
    g_ptr_array_add(options, NULL);
    return (char **) g_ptr_array_free(options, FALSE);
}
