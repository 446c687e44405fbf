/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sleep-watch.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define LOGIND "org.freedesktop.login1"
#define MANAGER "org.freedesktop.login1.Manager"
#define MANAGER_PATH "/org/freedesktop/login1"
#define SESSION "org.freedesktop.login1.Session"
#define PROPERTIES "org.freedesktop.DBus.Properties"

struct _KysoSleepWatch {
    const KysoSleepEvents *events;
    gpointer user_data;
    gboolean is_wanted, is_sleeping;
    gboolean is_explained; /* the log has said that there is no logind */
    GCancellable *cancellable;
    GDBusConnection *connection; /* NULL: none, or not yet */
    guint subscriptions[3];
    int delay_fd; /* sleep is delayed while it is open; -1: it is not */
};

static void bus_connected(GObject *source, GAsyncResult *result, gpointer user_data);
static void delay_granted(GObject *source, GAsyncResult *result, gpointer user_data);

/* Only the first time, and not where it was given up by us. */
static void
explain(KysoSleepWatch *self, const GError *error)
{
    if (!self->is_explained)
        g_info("logins do not end with sleep or a locked screen: %s", error->message);
    self->is_explained = TRUE;
}

static void
person_left(KysoSleepWatch *self, const char *why)
{
    g_autoptr(GError) reason = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_LOGIN_ENDED, why);
    self->events->person_left(reason, self->user_data);
}

/* The answers to calls under way come to nobody. */
static void
disconnect_bus(KysoSleepWatch *self)
{
    g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    kyso_fd_clear(&self->delay_fd);
    if (self->connection == NULL)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(self->subscriptions); i++)
        g_dbus_connection_signal_unsubscribe(self->connection, self->subscriptions[i]);
    g_signal_handlers_disconnect_by_data(self->connection, self);
    g_dbus_connection_close(self->connection, NULL, NULL, NULL);
    g_clear_object(&self->connection);
}

static void
ask_for_delay(KysoSleepWatch *self)
{
    g_dbus_connection_call_with_unix_fd_list(
        self->connection, LOGIND, MANAGER_PATH, MANAGER, "Inhibit",
        g_variant_new("(ssss)", "sleep", "kyso", "The login on the token ends before sleep",
                      "delay"),
        G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, self->cancellable, delay_granted,
        self);
}

static void
delay_granted(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(source), &fds, result, &error);
    int index = -1;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* @user_data may be gone */
    KysoSleepWatch *self = user_data;
    if (reply != NULL)
        g_variant_get(reply, "(h)", &index);
    g_auto(KysoFd) fd = fds != NULL && index >= 0 ? g_unix_fd_list_get(fds, index, &error) : -1;
    if (error != NULL)
        explain(self, error);
    if (self->is_wanted && !self->is_sleeping && self->delay_fd < 0)
        self->delay_fd = kyso_fd_steal(&fd);
}

static void
sleep_told(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
           const char *name, GVariant *parameters, gpointer user_data)
{
    KysoSleepWatch *self = user_data;
    gboolean is_sleeping;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(b)")))
        return;
    g_variant_get(parameters, "(b)", &is_sleeping);
    self->is_sleeping = is_sleeping;
    if (is_sleeping) {
        person_left(self, "the machine goes to sleep");
        return;
    }
    if (self->is_wanted && self->delay_fd < 0)
        ask_for_delay(self);
    else if (!self->is_wanted)
        disconnect_bus(self);
    self->events->resumed(self->user_data);
}

static void
session_described(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    guint32 uid;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* @user_data may be gone */
    g_autoptr(GVariant) user = NULL;
    if (reply != NULL)
        g_variant_get(reply, "(v)", &user);
    if (user == NULL || !g_variant_is_of_type(user, G_VARIANT_TYPE("(uo)")))
        return;
    g_variant_get(user, "(uo)", &uid, NULL);
    if (uid == getuid())
        person_left(user_data, "the screen was locked");
}

/* Sessions come and go: whose this one is, is asked when it matters. */
static void
session_locked(KysoSleepWatch *self, const char *path)
{
    g_dbus_connection_call(self->connection, LOGIND, path, PROPERTIES, "Get",
                           g_variant_new("(ss)", SESSION, "User"), G_VARIANT_TYPE("(v)"),
                           G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, session_described, self);
}

static void
lock_told(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
          const char *name, GVariant *parameters, gpointer user_data)
{
    session_locked(user_data, path);
}

/* Desktops that lock by themselves, without logind's asking, tell it by this hint. */
static void
properties_told(GDBusConnection *connection, const char *sender, const char *path,
                const char *interface, const char *name, GVariant *parameters, gpointer user_data)
{
    gboolean is_locked = FALSE;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    g_autoptr(GVariant) changed = g_variant_get_child_value(parameters, 1);
    if (g_variant_lookup(changed, "LockedHint", "b", &is_locked) && is_locked)
        session_locked(user_data, path);
}

static void
bus_closed(GDBusConnection *connection, gboolean by_us, GError *error, gpointer user_data)
{
    KysoSleepWatch *self = user_data;

    g_info("the system bus has gone: logins do not end with sleep until the next one");
    self->is_sleeping = FALSE;
    disconnect_bus(self);
}

static void
bus_connected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    GDBusConnection *connection = g_dbus_connection_new_for_address_finish(result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* @user_data may be gone */
    KysoSleepWatch *self = user_data;
    if (connection == NULL) {
        explain(self, error);
        g_clear_object(&self->cancellable);
        return;
    }
    self->connection = connection;
    g_signal_connect(connection, "closed", G_CALLBACK(bus_closed), self);
    self->subscriptions[0] = g_dbus_connection_signal_subscribe(
        connection, LOGIND, MANAGER, "PrepareForSleep", MANAGER_PATH, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, sleep_told, self, NULL);
    self->subscriptions[1] =
        g_dbus_connection_signal_subscribe(connection, LOGIND, SESSION, "Lock", NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, lock_told, self, NULL);
    self->subscriptions[2] = g_dbus_connection_signal_subscribe(
        connection, LOGIND, PROPERTIES, "PropertiesChanged", NULL, SESSION,
        G_DBUS_SIGNAL_FLAGS_NONE, properties_told, self, NULL);
    ask_for_delay(self);
}

KysoSleepWatch *
kyso_sleep_watch_new(const KysoSleepEvents *events, gpointer user_data)
{
    KysoSleepWatch *self = g_new0(KysoSleepWatch, 1);

    self->events = events;
    self->user_data = user_data;
    self->delay_fd = -1;
    return self;
}

void
kyso_sleep_watch_free(KysoSleepWatch *self)
{
    if (self == NULL)
        return;
    disconnect_bus(self);
    g_free(self);
}

void
kyso_sleep_watch_start(KysoSleepWatch *self)
{
    g_autoptr(GError) error = NULL;

    if (self->is_wanted)
        return;
    self->is_wanted = TRUE;
    if (self->connection != NULL) {
        /* It has stayed through a sleep. */
        if (!self->is_sleeping)
            ask_for_delay(self);
        return;
    }
    if (self->cancellable != NULL)
        return; /* under way */
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    if (address == NULL) {
        explain(self, error);
        return;
    }
    self->cancellable = g_cancellable_new();
    g_dbus_connection_new_for_address(address,
                                      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                          G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                      NULL, self->cancellable, bus_connected, self);
}

void
kyso_sleep_watch_stop(KysoSleepWatch *self)
{
    self->is_wanted = FALSE;
    kyso_fd_clear(&self->delay_fd);
    if (!self->is_sleeping)
        disconnect_bus(self);
}

gboolean
kyso_sleep_watch_is_delaying(KysoSleepWatch *self)
{
    return self->delay_fd >= 0;
}
