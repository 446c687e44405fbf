/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Takes a newer bundle: one file is replaced in one step, so that whoever is killed, or finds the
 * disk full, leaves the old one or the new one. Blocking.
 */

#include "agent/trust/trust-bundle.h"

typedef struct {
    KysoTrustBundle *old; /* NULL: there was none that counts */
    KysoTrustBundle *new;
    gboolean is_installed; /* FALSE: it was there already */
} KysoTrustInstall;
void kyso_trust_install_free(KysoTrustInstall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoTrustInstall, kyso_trust_install_free)

/* Puts the bundle @file into the folder @configuration. One whose signer is pinned no more does
 * not count any more, and does not stand in the way.
 *
 * The errors of kyso_trust_bundle_read; KYSO_ERROR_CERTIFICATE_EXPIRED,
 * KYSO_ERROR_CERTIFICATE_NOT_YET_VALID: of its signer, today; KYSO_ERROR_BUNDLE_OUTDATED: its
 * serial is not above that of the one installed; KYSO_ERROR_OUTPUT_NOT_WRITABLE,
 * KYSO_ERROR_DISK_FULL, KYSO_ERROR_CONFIGURATION. */
KysoTrustInstall *kyso_trust_install_run(const char *configuration, GBytes *file, GError **error);
