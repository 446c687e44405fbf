/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/fake-logind.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#define MANAGER_PATH "/org/freedesktop/login1"
#define OUR_SESSION "/org/freedesktop/login1/session/_31"
#define OTHER_SESSION "/org/freedesktop/login1/session/_32"

struct FakeLogind {
    GDBusConnection *bus;
    GDBusNodeInfo *interfaces;
    FakeLogindDelayed delayed;
    gpointer user_data;
    guint n_delays; /* delay locks that are open */
};

static const char interfaces[] =
    "<node>"
    " <interface name='org.freedesktop.login1.Manager'>"
    "  <method name='Inhibit'>"
    "   <arg name='what' type='s' direction='in'/><arg name='who' type='s' direction='in'/>"
    "   <arg name='why' type='s' direction='in'/><arg name='mode' type='s' direction='in'/>"
    "   <arg name='fd' type='h' direction='out'/>"
    "  </method>"
    "  <signal name='PrepareForSleep'><arg name='start' type='b'/></signal>"
    " </interface>"
    " <interface name='org.freedesktop.login1.Session'>"
    "  <signal name='Lock'/><signal name='Unlock'/>"
    "  <property name='User' type='(uo)' access='read'/>"
    " </interface>"
    "</node>";

/* The other end of a delay lock was closed. */
static gboolean
lock_released(int fd, GIOCondition condition, gpointer user_data)
{
    FakeLogind *self = user_data;

    close(fd);
    if (--self->n_delays == 0)
        self->delayed(FALSE, self->user_data);
    return G_SOURCE_REMOVE;
}

static void
method_called(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *method, GVariant *parameters, GDBusMethodInvocation *invocation,
              gpointer user_data)
{
    FakeLogind *self = user_data;
    const char *what, *mode;
    int ends[2];

    g_variant_get(parameters, "(&s&s&s&s)", &what, NULL, NULL, &mode);
    if (strcmp(what, "sleep") != 0 || strcmp(mode, "delay") != 0)
        g_error("a lock that kyso has no use for: %s, %s", what, mode);
    if (!g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        g_error("pipe");
    g_unix_fd_add(ends[0], G_IO_HUP, lock_released, self);
    if (self->n_delays++ == 0)
        self->delayed(TRUE, self->user_data);
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new_from_array(&ends[1], 1);
    g_dbus_method_invocation_return_value_with_unix_fd_list(invocation, g_variant_new("(h)", 0),
                                                            fds);
}

static GVariant *
property_asked(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
               const char *name, GError **error, gpointer user_data)
{
    guint32 uid = strcmp(path, OUR_SESSION) == 0 ? getuid() : getuid() + 1;
    return g_variant_new("(uo)", uid, "/org/freedesktop/login1/user/self");
}

static void
export_at(FakeLogind *self, const char *path, guint interface)
{
    static const GDBusInterfaceVTable calls = {method_called, property_asked, NULL, {NULL}};
    g_autoptr(GError) error = NULL;

    if (g_dbus_connection_register_object(self->bus, path, self->interfaces->interfaces[interface],
                                          &calls, self, NULL, &error) == 0)
        g_error("%s", error->message);
}

static void
take_name(FakeLogind *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", "org.freedesktop.login1", 0), G_VARIANT_TYPE("(u)"),
        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

    if (reply == NULL)
        g_error("%s", error->message);
}

FakeLogind *
fake_logind_new(const char *address, FakeLogindDelayed delayed, gpointer user_data)
{
    FakeLogind *self = g_new0(FakeLogind, 1);
    g_autoptr(GError) error = NULL;

    self->delayed = delayed;
    self->user_data = user_data;
    self->interfaces = g_dbus_node_info_new_for_xml(interfaces, NULL);
    self->bus =
        g_dbus_connection_new_for_address_sync(address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    if (self->bus == NULL)
        g_error("%s", error->message);
    export_at(self, MANAGER_PATH, 0);
    export_at(self, OUR_SESSION, 1);
    export_at(self, OTHER_SESSION, 1);
    take_name(self);
    return self;
}

void
fake_logind_free(FakeLogind *self)
{
    while (self->n_delays > 0)
        g_main_context_iteration(NULL, TRUE);
    g_dbus_connection_close_sync(self->bus, NULL, NULL);
    g_object_unref(self->bus);
    g_dbus_node_info_unref(self->interfaces);
    g_free(self);
}

static void
emit(FakeLogind *self, const char *path, const char *interface, const char *name,
     GVariant *parameters)
{
    if (!g_dbus_connection_emit_signal(self->bus, NULL, path, interface, name, parameters, NULL) ||
        !g_dbus_connection_flush_sync(self->bus, NULL, NULL))
        g_error("%s cannot be told", name);
}

void
fake_logind_sleep(FakeLogind *self, gboolean is_beginning)
{
    emit(self, MANAGER_PATH, "org.freedesktop.login1.Manager", "PrepareForSleep",
         g_variant_new("(b)", is_beginning));
}

void
fake_logind_lock(FakeLogind *self, gboolean is_ours)
{
    emit(self, is_ours ? OUR_SESSION : OTHER_SESSION, "org.freedesktop.login1.Session", "Lock",
         NULL);
}

void
fake_logind_set_locked_hint(FakeLogind *self, gboolean is_locked)
{
    GVariantBuilder changed;

    g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&changed, "{sv}", "LockedHint", g_variant_new_boolean(is_locked));
    emit(self, OUR_SESSION, "org.freedesktop.DBus.Properties", "PropertiesChanged",
         g_variant_new("(sa{sv}as)", "org.freedesktop.login1.Session", &changed, NULL));
}

gboolean
fake_logind_is_delayed(FakeLogind *self)
{
    return self->n_delays > 0;
}
