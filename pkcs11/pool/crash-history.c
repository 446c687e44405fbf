/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/crash-history.h"

#include "ipc/base/error.h"
#include "ipc/wire/json.h"

#include <string.h>

#define MAX_REMEMBERED 16

struct _KysoCrashHistory {
    gint64 times[MAX_REMEMBERED]; /* oldest first */
    guint n;
    char *last;
    gboolean is_forgiven; /* until the next death */
};

KysoCrashHistory *
kyso_crash_history_new(void)
{
    return g_rc_box_new0(KysoCrashHistory);
}

KysoCrashHistory *
kyso_crash_history_ref(KysoCrashHistory *self)
{
    return g_rc_box_acquire(self);
}

static void
history_clear(gpointer data)
{
    KysoCrashHistory *self = data;

    g_free(self->last);
}

void
kyso_crash_history_unref(KysoCrashHistory *self)
{
    g_rc_box_release_full(self, history_clear);
}

void
kyso_crash_history_add(KysoCrashHistory *self, gint64 now, const char *how)
{
    if (self->n == MAX_REMEMBERED) {
        memmove(self->times, self->times + 1, sizeof self->times - sizeof self->times[0]);
        self->n--;
    }
    self->times[self->n++] = now;
    g_free(self->last);
    self->last = g_strdup(how);
    self->is_forgiven = FALSE;
}

void
kyso_crash_history_clear(KysoCrashHistory *self)
{
    self->n = 0;
    self->is_forgiven = FALSE;
}

void
kyso_crash_history_forgive(KysoCrashHistory *self)
{
    self->is_forgiven = TRUE;
}

/* The deaths within a window before the last one: they tell how long it shall be left alone. */
static guint
count_together(const KysoCrashHistory *self)
{
    guint count = 0;

    for (guint i = self->n; i > 0; i--)
        if (self->times[self->n - 1] - self->times[i - 1] <= KYSO_CRASH_WINDOW_S * G_USEC_PER_SEC)
            count++;
    return count;
}

static gint64
pause_after(guint count)
{
    if (count >= KYSO_CRASH_QUARANTINE)
        return KYSO_CRASH_QUARANTINE_S * G_USEC_PER_SEC;
    return count == 3 ? 4 * G_USEC_PER_SEC : count == 2 ? G_USEC_PER_SEC : 0;
}

gint64
kyso_crash_history_ready_at(const KysoCrashHistory *self, gint64 now)
{
    if (self->n == 0 || self->is_forgiven)
        return now;
    return MAX(now, self->times[self->n - 1] + pause_after(count_together(self)));
}

gboolean
kyso_crash_history_is_quarantine(const KysoCrashHistory *self, gint64 now)
{
    return count_together(self) >= KYSO_CRASH_QUARANTINE &&
           kyso_crash_history_ready_at(self, now) > now;
}

guint
kyso_crash_history_count(const KysoCrashHistory *self, gint64 now)
{
    gboolean is_over = kyso_crash_history_ready_at(self, now) <= now && self->n > 0 &&
                       now - self->times[self->n - 1] > KYSO_CRASH_WINDOW_S * G_USEC_PER_SEC;

    return is_over ? 0 : count_together(self);
}

const char *
kyso_crash_history_last(const KysoCrashHistory *self)
{
    return self->last != NULL ? self->last : "";
}

GError *
kyso_crash_history_to_error(const KysoCrashHistory *self, const char *module, gint64 now)
{
    guint count = kyso_crash_history_count(self, now);
    gint64 left = kyso_crash_history_ready_at(self, now) - now;
    guint seconds = (guint) ((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
    const char *last = kyso_crash_history_last(self);

    g_autoptr(json_t) details = json_pack("{s:s, s:i, s:s, s:i}", "module", module, "crashes",
                                          (int) count, "last", last, "seconds_left", (int) seconds);
    g_autofree char *text = kyso_json_format(details, NULL);
    return kyso_error_new_with_details(
        KYSO_ERROR_MODULE_QUARANTINED, text,
        "%s: failed %u times, the last time: %s; left alone for %u s", module, count, last,
        seconds);
}
