/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Brings the view of one reader (pkcs11/pcsc/kyso-pcsc-view.c) into this process, in the place of
 * libpcsclite. Before the module is loaded; one thread.
 */

#include <glib.h>

/* From here on whoever loads or links libpcsclite.so.1 sees @reader only. KYSO_ERROR_MODULE_FAILED
 * where that does not hold: nothing may be loaded then. */
gboolean kyso_view_loader_load(const char *reader, GError **error);

/* FALSE where no view is loaded, or nobody has gone through it: a module that has seen tokens all
 * the same has its own way to pcscd. */
gboolean kyso_view_loader_was_used(void);

/* TRUE where the card that the module was at work on has gone. FALSE without a view. */
gboolean kyso_view_loader_has_lost_card(void);
