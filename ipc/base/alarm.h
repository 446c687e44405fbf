/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One source of the main loop that fires at the earliest of many deadlines, so that a deadline
 * costs no timer of its own and an idle process makes no wake-up. Main thread only.
 */

#include <glib.h>

#define KYSO_ALARM_NEVER G_MAXINT64

typedef struct _KysoAlarm KysoAlarm;

/* Deals with what is due at @now (monotonic, us) and returns the next deadline, or
 * KYSO_ALARM_NEVER. May free the alarm. */
typedef gint64 (*KysoAlarmDue)(gint64 now, gpointer user_data);

KysoAlarm *kyso_alarm_new(KysoAlarmDue due, gpointer user_data);
void kyso_alarm_free(KysoAlarm *self);

/* Fires at @deadline (monotonic, us) at the latest. */
void kyso_alarm_set(KysoAlarm *self, gint64 deadline);
