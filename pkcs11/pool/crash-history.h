/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How often the worker of a module has died lately, and when it may be started again: at once after
 * the first death, later and later after the next ones, not for minutes after the fourth.
 *
 * Pure: the time is always given (monotonic, us). Shared by the lanes of a module at one reader,
 * counted.
 */

#include <glib-object.h>

typedef struct _KysoCrashHistory KysoCrashHistory;

#define KYSO_CRASH_WINDOW_S 60      /* deaths within such a time count together */
#define KYSO_CRASH_QUARANTINE 4     /* from this number on the module is in quarantine */
#define KYSO_CRASH_QUARANTINE_S 300 /* its length */

KysoCrashHistory *kyso_crash_history_new(void);
KysoCrashHistory *kyso_crash_history_ref(KysoCrashHistory *self);
void kyso_crash_history_unref(KysoCrashHistory *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCrashHistory, kyso_crash_history_unref)

/* A worker has crashed, or was killed as it did not answer. @how: "ended by signal 11". */
void kyso_crash_history_add(KysoCrashHistory *self, gint64 now, const char *how);

/* A login was opened, used and closed in order: the module is sound. */
void kyso_crash_history_clear(KysoCrashHistory *self);

/* The token was plugged in anew: it may be tried at once, but nothing is forgotten. */
void kyso_crash_history_forgive(KysoCrashHistory *self);

/* When the next worker may be started: not after @now means at once. */
gint64 kyso_crash_history_ready_at(const KysoCrashHistory *self, gint64 now);

/* TRUE where whoever asks at @now is told KYSO_ERROR_MODULE_QUARANTINED instead of having to wait.
 */
gboolean kyso_crash_history_is_quarantine(const KysoCrashHistory *self, gint64 now);

/* What is told then: KYSO_ERROR_MODULE_QUARANTINED, details {"module": path, "crashes": n, "last":
 * text, "seconds_left": n}. */
GError *kyso_crash_history_to_error(const KysoCrashHistory *self, const char *module, gint64 now);

/* Deaths that count at @now, and how the last one came (borrowed; "" where there was none). */
guint kyso_crash_history_count(const KysoCrashHistory *self, gint64 now);
const char *kyso_crash_history_last(const KysoCrashHistory *self);
