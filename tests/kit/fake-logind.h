/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The part of logind that kyso listens to (org.freedesktop.login1(5)), on a bus of the test's own:
 * delay locks, sleep, and two sessions, one of this user and one of another.
 *
 * As the real one, it takes sleep to have begun when nobody delays it any more. Main thread only.
 */

#include <glib.h>

typedef struct FakeLogind FakeLogind;

/* Called when sleep is delayed by nobody any more, or again by somebody. */
typedef void (*FakeLogindDelayed)(gboolean is_delayed, gpointer user_data);

/* On the bus at @address. Aborts where it cannot be had. */
FakeLogind *fake_logind_new(const char *address, FakeLogindDelayed delayed, gpointer user_data);
/* Waits until nobody delays sleep. */
void fake_logind_free(FakeLogind *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeLogind, fake_logind_free)

/* PrepareForSleep. */
void fake_logind_sleep(FakeLogind *self, gboolean is_beginning);

/* The session's Lock signal; or only its LockedHint, as of a desktop that locks by itself. */
void fake_logind_lock(FakeLogind *self, gboolean is_ours);
void fake_logind_set_locked_hint(FakeLogind *self, gboolean is_locked);

gboolean fake_logind_is_delayed(FakeLogind *self);
