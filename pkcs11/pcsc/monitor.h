/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which readers are there and which of them have a card, as pcscd knows it: the truth about
 * presence.
 *
 * One thread that is blocked in SCardGetStatusChange until something happens; nothing polls and no
 * timer runs. pcscd may be absent, be stopped and come back: then the thread waits for its socket.
 * The monitor never connects to a card. All functions and signals: main thread.
 *
 * Signals:
 *   "reader-changed" (KysoReader *before, KysoReader *now): one reader; before is NULL for a new
 *       reader, now is NULL for one that is gone. A card that was taken out and put in again
 *       between two looks is told as one change with another insertion number.
 *   "service-changed": kyso_pcsc_monitor_is_running has changed; told after the readers' changes
 *       that go with it (pcscd gone: all readers are gone).
 */

#include "pkcs11/token/reader.h"

#include <gio/gio.h>

#define KYSO_TYPE_PCSC_MONITOR (kyso_pcsc_monitor_get_type())
G_DECLARE_FINAL_TYPE(KysoPcscMonitor, kyso_pcsc_monitor, KYSO, PCSC_MONITOR, GObject)

/* Starts looking at once. */
KysoPcscMonitor *kyso_pcsc_monitor_new(void);

/* Done when the first look is over: from then on the functions below tell what is there, and each
 * later change is signalled. Done at once where that was before. */
void kyso_pcsc_monitor_wait_async(KysoPcscMonitor *self, GCancellable *cancellable,
                                  GAsyncReadyCallback done, gpointer user_data);
gboolean kyso_pcsc_monitor_wait_finish(KysoPcscMonitor *self, GAsyncResult *result, GError **error);

/* Looks again at once, whatever has happened: after the machine has slept. */
void kyso_pcsc_monitor_look_again(KysoPcscMonitor *self);

/* FALSE: no pcscd answers. */
gboolean kyso_pcsc_monitor_is_running(KysoPcscMonitor *self);

/* A new array of KysoReader, in pcscd's order, which owns references. */
GPtrArray *kyso_pcsc_monitor_get_readers(KysoPcscMonitor *self);

/* The reader of this name, or NULL. Borrowed until the main loop runs again. */
KysoReader *kyso_pcsc_monitor_find(KysoPcscMonitor *self, const char *name);

/* A dropped monitor ends its thread before the last unref returns; where pcscd has hung, after five
 * seconds without it. */
