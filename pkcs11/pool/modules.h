/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which PKCS#11 modules may be started: read as data from root-owned configuration. Nobody who asks
 * for a signature ever names a module.
 *
 * Read in this order, each file over the one of the same name before it, key by key:
 *   p11-kit's registry (pkcs11.conf(5)), unless kyso.conf says "[modules] registry=false";
 *   CONFIGURATION/modules.d/NAME.module, the same "key: value" lines.
 * Keys: "module: /path.so" (or a name in p11-kit's module folder), "enabled: no", "enable-in:",
 * "disable-in:" with our name "kyso". Trust stores, p11-kit's own proxy and client, and remote
 * modules are left out. Main thread; reads files.
 */

#include <glib.h>

typedef struct {
    char *name;    /* base name of its file without ".module" */
    char *path;    /* links resolved; as configured where @fault is set */
    GError *fault; /* NULL: it may be started */
} KysoModule;
void kyso_module_free(KysoModule *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoModule, kyso_module_free)

/* All enabled modules, sorted by name, one for each resolved path. KYSO_ERROR_MODULE_REFUSED in
 * `fault` says which part of a path others could change; KYSO_ERROR_MODULE_FAILED that nothing is
 * there. NULL with KYSO_ERROR_CONFIGURATION where kyso.conf or a folder cannot be read. */
GPtrArray *kyso_modules_read(const char *configuration_dir, GError **error);

/* The same from @registry_dirs (NULL-ended, the later over the earlier; NULL: none) and then
 * @modules_dir. A folder that is not there counts as empty. */
GPtrArray *kyso_modules_read_folders(const char *const *registry_dirs, const char *modules_dir,
                                     GError **error);
