/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which PKCS#11 modules may be started: read as data from root-owned configuration. Nobody who asks
 * for a signature ever names a module.
 *
 * Read in this order, each file over the one of the same name before it, key by key:
 *   DATADIR/kyso/modules.d: the modules that kyso knows, with their quirks (packaging/modules.d);
 *   p11-kit's registry (pkcs11.conf(5));
 *   CONFIGURATION/modules.d/NAME.module, the same "key: value" lines.
 * With "[modules] registry=false" in kyso.conf only the last gives modules. A module takes over the
 * quirks of the packaged file for the same library, whatever its own file is called.
 * Keys: "module: /path.so" (or a name in p11-kit's module folder), "enabled: no", "enable-in:",
 * "disable-in:" with our name "kyso", and kyso's own (packaging/modules.d/README.md). Trust stores,
 * p11-kit's own proxy and client, and remote modules are left out. Main thread; reads files.
 */

#include "pkcs11/pool/module.h"

/* KysoModule: all enabled ones, sorted by name, one for each resolved path, and those that kyso
 * knows but that are not installed (is_absent). KYSO_ERROR_MODULE_REFUSED in `fault` says which
 * part of a path others could change; KYSO_ERROR_MODULE_FAILED that nothing is there;
 * KYSO_ERROR_CONFIGURATION which key makes no sense. NULL with KYSO_ERROR_CONFIGURATION where
 * kyso.conf or a folder cannot be read. */
GPtrArray *kyso_modules_read(const char *configuration_dir, GError **error);

/* The same from @packaged_dir, @registry_dirs (NULL-ended, the later over the earlier; NULL: no
 * registry, and nothing packaged but quirks) and @modules_dir. A folder that is not there counts as
 * empty. */
GPtrArray *kyso_modules_read_folders(const char *packaged_dir, const char *const *registry_dirs,
                                     const char *modules_dir, GError **error);

/* Those of @modules, borrowed from it, that are started for a card with this @atr in a reader of
 * its own: where any has the ATR among its patterns, only such; else all that work by reader. */
GPtrArray *kyso_modules_for_card(GPtrArray *modules, GBytes *atr);
