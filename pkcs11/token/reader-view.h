/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What kyso-token and the library kyso-pcsc-view (pkcs11/pcsc) agree on; the one finds the other's
 * functions by name, as winscard.h stands in pkcs11/pcsc only.
 */

#include <glib.h>

#define KYSO_READER_VIEW_LIBRARY "kyso-pcsc-view.so"
#define KYSO_READER_VIEW_FOLDER "pkcs11/pcsc" /* in the build tree */

/* The name by which modules load libpcsclite: the view's DT_SONAME too. */
#define KYSO_READER_VIEW_SONAME "libpcsclite.so.1"

/* From here on the view shows only @reader of what the real libpcsclite at @real (absolute path)
 * has. Called once, before any other function of it. Returns NULL, or why it cannot. g_free. */
#define KYSO_READER_VIEW_START "kyso_pcsc_view_start"
typedef char *(*KysoReaderViewStart)(const char *reader, const char *real);

/* TRUE once somebody has established a context through the view. */
#define KYSO_READER_VIEW_WAS_USED "kyso_pcsc_view_was_used"
typedef gboolean (*KysoReaderViewWasUsed)(void);

/* TRUE where the card that the module first connected to has gone, or its reader, whatever is there
 * now. Nobody is shown another one. */
#define KYSO_READER_VIEW_HAS_LOST_CARD "kyso_pcsc_view_has_lost_card"
typedef gboolean (*KysoReaderViewHasLostCard)(void);
