/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which CAs this machine trusts: the sets that `[trust] sets` of kyso.conf names, out of the bundle
 * that is installed or out of the package, and the administrator's own additions. Blocking.
 */

#include "agent/trust/trust-bundle.h"

#define KYSO_TRUST_SET_GCC "gcc" /* comes with the package */

/* What `[trust] sets` of kyso.conf in @configuration names; where it says nothing, "gcc". New,
 * NULL-terminated. KYSO_ERROR_CONFIGURATION. */
char **kyso_trust_sets_read_names(const char *configuration, GError **error);

/* The pinned signers of bundles: CONFIGURATION/trust/bundle-signers. New, may be empty.
 * KYSO_ERROR_CONFIGURATION, also of a folder that others may write to. */
GPtrArray *kyso_trust_sets_read_signers(const char *configuration, GError **error);

/* Where the installed bundle is. New string. */
char *kyso_trust_sets_bundle_path(const char *configuration);

/* The bundle that is installed: its signature is checked each time. *ret is NULL where none is.
 * The errors of kyso_trust_bundle_read, KYSO_ERROR_CONFIGURATION. */
gboolean kyso_trust_sets_read_bundle(const char *configuration, KysoTrustBundle **ret,
                                     GError **error);

/* The certificates of the package in the folder @dir, each of which must be one of the pins that
 * were built in (packaging/trust/SHA256-FINGERPRINTS): KYSO_ERROR_TRUST_PIN_MISMATCH. */
gboolean kyso_trust_sets_add_package(KysoTrust *trust, const char *dir, GError **error);

/* All that @names (NULL-terminated) and the administrator want, new. @package: the folder of the
 * package's certificates. KYSO_ERROR_TRUST_SET_UNKNOWN, and all of the above. */
KysoTrust *kyso_trust_sets_load(const char *configuration, const char *package,
                                const char *const *names, GError **error);
