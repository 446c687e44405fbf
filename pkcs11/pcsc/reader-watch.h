/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The thread that asks pcscd: blocked until a reader or card comes or goes, or pcscd does.
 *
 * It never connects to a card. After a change it looks a few times more within two seconds;
 * otherwise no timer runs. All functions: main thread.
 */

#include "pkcs11/token/reader.h"

typedef struct _KysoReaderWatch KysoReaderWatch;

/* In the thread: all that there is now (@readers is taken; empty where pcscd does not answer), each
 * time that it differs from what was told before, and once after the first look. */
typedef void (*KysoReaderWatchTold)(gboolean is_running, GPtrArray *readers, gpointer user_data);

/* Starts the thread. @user_data must stay until stop has returned. */
KysoReaderWatch *kyso_reader_watch_start(KysoReaderWatchTold told, gpointer user_data);

/* Has the thread look again at once, whatever it waits for. */
void kyso_reader_watch_again(KysoReaderWatch *self);

/* Ends the thread, and frees. FALSE: pcscd has hung and the thread in it; it is left behind, and
 * never calls again. */
gboolean kyso_reader_watch_stop(KysoReaderWatch *self);
