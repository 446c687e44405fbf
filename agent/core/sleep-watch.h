/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * When the machine goes to sleep or the user's screen is locked, as logind tells it
 * (org.freedesktop.login1(5)): a login on a token must not outlive the person's presence.
 *
 * While started, sleep is delayed until stop (logind waits a few seconds at most), so that the
 * logins end before it. Connected to the system bus only from start to stop, and through a sleep:
 * an idle agent has no connection. Where there is no bus or no logind nothing is told, and the log
 * says so once. Main thread only.
 */

#include <glib.h>

typedef struct _KysoSleepWatch KysoSleepWatch;

typedef struct {
    /* KYSO_ERROR_LOGIN_ENDED: the machine goes to sleep, or the screen was locked. */
    void (*person_left)(const GError *reason, gpointer user_data);
    /* The machine has slept; not told where it went to sleep unwatched. */
    void (*resumed)(gpointer user_data);
} KysoSleepEvents;

KysoSleepWatch *kyso_sleep_watch_new(const KysoSleepEvents *events, gpointer user_data);
void kyso_sleep_watch_free(KysoSleepWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoSleepWatch, kyso_sleep_watch_free)

/* A login is live from now on; twice is as good as once. Both may be called from the events. */
void kyso_sleep_watch_start(KysoSleepWatch *self);

/* None is live any more: a sleep that was waiting goes on. */
void kyso_sleep_watch_stop(KysoSleepWatch *self);

/* TRUE while sleep is delayed. */
gboolean kyso_sleep_watch_is_delaying(KysoSleepWatch *self);
