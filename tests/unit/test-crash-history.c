/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "pkcs11/pool/crash-history.h"
#include "pkcs11/pool/turn.h"

#include <string.h>

#define SECOND ((gint64) G_USEC_PER_SEC)
#define START (1000 * SECOND)

static void
test_first_death_costs_no_time(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    g_assert_cmpint(kyso_crash_history_ready_at(history, START), ==, START);
    kyso_crash_history_add(history, START, "ended by signal 11");
    g_assert_cmpint(kyso_crash_history_ready_at(history, START), ==, START);
    g_assert_false(kyso_crash_history_is_quarantine(history, START));
}

/* Deaths ten seconds apart: how long after each the module is left alone. */
static void
test_pauses_grow_into_quarantine(void)
{
    static const gint64 pauses[] = {0, 1, 4, 300, 300};
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    for (guint i = 0; i < G_N_ELEMENTS(pauses); i++) {
        gint64 now = START + i * 10 * SECOND;
        kyso_crash_history_add(history, now, "ended by signal 6");
        g_assert_cmpint(kyso_crash_history_ready_at(history, now), ==, now + pauses[i] * SECOND);
        g_assert_cmpint(kyso_crash_history_is_quarantine(history, now), ==, pauses[i] == 300);
        g_assert_cmpuint(kyso_crash_history_count(history, now), ==, i + 1);
    }
}

static void
test_old_deaths_are_not_counted(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    for (guint i = 0; i < 100; i++) {
        gint64 now = START + i * (KYSO_CRASH_WINDOW_S + 1) * SECOND;
        kyso_crash_history_add(history, now, "ended by signal 11");
        g_assert_cmpint(kyso_crash_history_ready_at(history, now), ==, now);
    }
}

static void
add_four(KysoCrashHistory *history)
{
    for (guint i = 0; i < KYSO_CRASH_QUARANTINE; i++)
        kyso_crash_history_add(history, START, "ended by signal 11");
}

static void
test_quarantine_ends(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();
    gint64 end = START + KYSO_CRASH_QUARANTINE_S * SECOND;

    add_four(history);
    g_assert_true(kyso_crash_history_is_quarantine(history, end - 1));
    g_assert_false(kyso_crash_history_is_quarantine(history, end));
    g_assert_cmpuint(kyso_crash_history_count(history, end), ==, 0);
}

static void
test_replugging_allows_one_try(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    add_four(history);
    kyso_crash_history_forgive(history);
    g_assert_false(kyso_crash_history_is_quarantine(history, START));
    g_assert_cmpint(kyso_crash_history_ready_at(history, START), ==, START);
    kyso_crash_history_add(history, START + SECOND, "ended by signal 11");
    g_assert_true(kyso_crash_history_is_quarantine(history, START + SECOND));
}

static void
test_sound_use_clears_all(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    add_four(history);
    kyso_crash_history_clear(history);
    kyso_crash_history_add(history, START, "ended by signal 11");
    g_assert_cmpint(kyso_crash_history_ready_at(history, START), ==, START);
}

static void
test_quarantine_is_told(void)
{
    g_autoptr(KysoCrashHistory) history = kyso_crash_history_new();

    add_four(history);
    g_autoptr(GError) error =
        kyso_crash_history_to_error(history, "/usr/lib/libvendor.so", START + SECOND);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_QUARANTINED);
    g_assert_nonnull(strstr(error->message, "/usr/lib/libvendor.so"));
    g_assert_nonnull(strstr(error->message, "signal 11"));
    g_assert_cmpstr(kyso_error_details(error), ==,
                    "{\"module\":\"/usr/lib/libvendor.so\",\"crashes\":4,"
                    "\"last\":\"ended by signal 11\",\"seconds_left\":299}");
}

/* Each asker notes its number when its turn comes. */
typedef struct {
    GString *order;
    char name;
} Asker;

static void
turn_came(gpointer user_data)
{
    Asker *asker = user_data;

    g_string_append_c(asker->order, asker->name);
}

static void
test_turns_come_in_order(void)
{
    g_autoptr(KysoTurn) turn = kyso_turn_new();
    g_autoptr(GString) order = g_string_new(NULL);
    Asker a = {order, 'a'}, b = {order, 'b'}, c = {order, 'c'};

    kyso_turn_take(turn, turn_came, &a);
    kyso_turn_take(turn, turn_came, &b);
    kyso_turn_take(turn, turn_came, &c);
    g_assert_cmpstr(order->str, ==, "a");
    kyso_turn_give_back(turn, &b); /* leaves the line */
    g_assert_cmpstr(order->str, ==, "a");
    kyso_turn_give_back(turn, &a);
    g_assert_cmpstr(order->str, ==, "ac");
    kyso_turn_give_back(turn, &c);
    kyso_turn_give_back(turn, &c);
    kyso_turn_take(turn, turn_came, &b);
    g_assert_cmpstr(order->str, ==, "acb");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/crash-history/first-death-costs-no-time", test_first_death_costs_no_time);
    g_test_add_func("/crash-history/pauses-grow-into-quarantine", test_pauses_grow_into_quarantine);
    g_test_add_func("/crash-history/old-deaths-are-not-counted", test_old_deaths_are_not_counted);
    g_test_add_func("/crash-history/quarantine-ends", test_quarantine_ends);
    g_test_add_func("/crash-history/replugging-allows-one-try", test_replugging_allows_one_try);
    g_test_add_func("/crash-history/sound-use-clears-all", test_sound_use_clears_all);
    g_test_add_func("/crash-history/quarantine-is-told", test_quarantine_is_told);
    g_test_add_func("/turn/come-in-order", test_turns_come_in_order);
    return g_test_run();
}
