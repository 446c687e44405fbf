/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The keys of a ".module" file that are kyso's own: what one has to know about a module beyond its
 * path (packaging/modules.d/README.md lists them). Main thread.
 */

#include "pkcs11/pool/module.h"

/* Fills @module from "kyso-readers", "kyso-atr", "kyso-usb", "kyso-writes", "kyso-network" and
 * "kyso-driver" of @keys. KYSO_ERROR_CONFIGURATION names the key whose value makes no sense. */
gboolean kyso_module_quirks_read(GHashTable *keys, KysoModule *module, GError **error);

/* Where SoftHSM keeps its tokens, as its own configuration says (softhsm2.conf(5)). */
char *kyso_module_quirks_find_softhsm(void);
