/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Tokens that are plugged in, known by their USB id, and of no use since none of the modules for
 * them is installed. Pure; main thread.
 */

#include "pkcs11/pool/modules.h"
#include "pkcs11/pool/pool.h"

/* KysoModuleFault, one for each kind of such a token: KYSO_ERROR_MODULE_FAILED names the token and
 * what to install, `path` is where the module would be. @devices: KysoUsbDevice of kyso_usb_read. A
 * module with a fault of its own counts as installed: that fault is told anyway. */
GPtrArray *kyso_missing_driver_find(GPtrArray *modules, GPtrArray *devices);
