/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sleep-watch.h"

#include <gio/gio.h>

#include "ipc/base/error.h"
#include "tests/kit/fake-logind.h"

typedef struct {
    GTestDBus *bus;
    FakeLogind *logind;
    KysoSleepWatch *watch;
    guint n_left, n_resumed;
    char *why; /* of the last */
} Fixture;

static void
person_left(const GError *reason, gpointer user_data)
{
    Fixture *self = user_data;

    g_assert_error(reason, KYSO_ERROR, KYSO_ERROR_LOGIN_ENDED);
    g_free(self->why);
    self->why = g_strdup(reason->message);
    self->n_left++;
}

static void
resumed(gpointer user_data)
{
    Fixture *self = user_data;
    self->n_resumed++;
}

static void
delay_changed(gboolean is_delayed, gpointer user_data)
{
}

static void
set_up(Fixture *self, gconstpointer data)
{
    static const KysoSleepEvents events = {person_left, resumed};

    self->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(self->bus);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address(self->bus), TRUE);
    self->logind = fake_logind_new(g_test_dbus_get_bus_address(self->bus), delay_changed, NULL);
    self->watch = kyso_sleep_watch_new(&events, self);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    kyso_sleep_watch_free(self->watch);
    g_clear_pointer(&self->logind, fake_logind_free);
    if (self->bus != NULL)
        g_test_dbus_down(self->bus);
    g_clear_object(&self->bus);
    g_unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
    g_free(self->why);
}

static void
run_until(const guint *count, guint wanted)
{
    while (*count < wanted)
        g_main_context_iteration(NULL, TRUE);
}

static void
wait_delayed(Fixture *self, gboolean is_delayed)
{
    while (fake_logind_is_delayed(self->logind) != is_delayed ||
           kyso_sleep_watch_is_delaying(self->watch) != is_delayed)
        g_main_context_iteration(NULL, TRUE);
}

static void
test_sleep_waits_for_the_logins(Fixture *self, gconstpointer data)
{
    kyso_sleep_watch_start(self->watch);
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    fake_logind_sleep(self->logind, TRUE);
    run_until(&self->n_left, 1);
    g_assert_cmpstr(self->why, ==, "the machine goes to sleep");
    g_assert_true(fake_logind_is_delayed(self->logind));
    kyso_sleep_watch_stop(self->watch);
    wait_delayed(self, FALSE);

    /* A login that the person makes as soon as the machine is awake is watched again. */
    fake_logind_sleep(self->logind, FALSE);
    run_until(&self->n_resumed, 1);
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    g_assert_cmpuint(self->n_left, ==, 1);
}

static void
test_a_login_through_a_sleep_is_watched_on(Fixture *self, gconstpointer data)
{
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    for (guint round = 1; round <= 3; round++) {
        fake_logind_sleep(self->logind, TRUE);
        run_until(&self->n_left, round);
        kyso_sleep_watch_stop(self->watch);
        wait_delayed(self, FALSE);
        kyso_sleep_watch_start(self->watch);
        fake_logind_sleep(self->logind, FALSE);
        run_until(&self->n_resumed, round);
        wait_delayed(self, TRUE);
    }
}

static void
test_a_locked_screen_is_told(Fixture *self, gconstpointer data)
{
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    fake_logind_lock(self->logind, TRUE);
    run_until(&self->n_left, 1);
    g_assert_cmpstr(self->why, ==, "the screen was locked");
    fake_logind_set_locked_hint(self->logind, FALSE);
    fake_logind_set_locked_hint(self->logind, TRUE);
    run_until(&self->n_left, 2);

    /* Another's screen is not ours: what comes after it shows that it was passed over. */
    fake_logind_lock(self->logind, FALSE);
    fake_logind_sleep(self->logind, TRUE);
    run_until(&self->n_left, 3);
    g_assert_cmpstr(self->why, ==, "the machine goes to sleep");
    fake_logind_sleep(self->logind, FALSE);
    run_until(&self->n_resumed, 1);
    g_assert_cmpuint(self->n_left, ==, 3);
}

static void
test_nothing_is_told_when_nobody_cares(Fixture *self, gconstpointer data)
{
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    kyso_sleep_watch_stop(self->watch);
    wait_delayed(self, FALSE);
    fake_logind_sleep(self->logind, TRUE);
    fake_logind_sleep(self->logind, FALSE);
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
    g_assert_cmpuint(self->n_left + self->n_resumed, ==, 0);

    /* Given up while it is still connecting. */
    kyso_sleep_watch_stop(self->watch);
    kyso_sleep_watch_start(self->watch);
    kyso_sleep_watch_stop(self->watch);
    wait_delayed(self, FALSE);
}

static void
test_without_logind_nothing_fails(Fixture *self, gconstpointer data)
{
    g_clear_pointer(&self->logind, fake_logind_free);
    kyso_sleep_watch_start(self->watch);
    for (guint i = 0; i < 20; i++) {
        g_usleep(2000); /* nothing comes of it that could be awaited */
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_assert_false(kyso_sleep_watch_is_delaying(self->watch));
    kyso_sleep_watch_stop(self->watch);
}

static void
test_without_a_bus_nothing_fails(Fixture *self, gconstpointer data)
{
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    kyso_sleep_watch_start(self->watch);
    kyso_sleep_watch_stop(self->watch);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "nonsense", TRUE);
    kyso_sleep_watch_start(self->watch);
    g_assert_false(kyso_sleep_watch_is_delaying(self->watch));
    kyso_sleep_watch_stop(self->watch);

    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address(self->bus), TRUE);
    kyso_sleep_watch_start(self->watch);
    wait_delayed(self, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, test) g_test_add(path, Fixture, NULL, set_up, test, tear_down)
    ADD("/sleep-watch/sleep-waits-for-the-logins", test_sleep_waits_for_the_logins);
    ADD("/sleep-watch/a-login-through-a-sleep-is-watched-on",
        test_a_login_through_a_sleep_is_watched_on);
    ADD("/sleep-watch/a-locked-screen-is-told", test_a_locked_screen_is_told);
    ADD("/sleep-watch/nothing-is-told-when-nobody-cares", test_nothing_is_told_when_nobody_cares);
    ADD("/sleep-watch/without-logind-nothing-fails", test_without_logind_nothing_fails);
    ADD("/sleep-watch/without-a-bus-nothing-fails", test_without_a_bus_nothing_fails);
    return g_test_run();
}
