/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The parts of kyso.conf about the network: [timestamp], [revocation], [network]. Without them kyso
 * asks nobody anything.
 */

#include "agent/core/configuration.h"

/* Reads them into @self. KYSO_ERROR_CONFIGURATION. */
gboolean kyso_network_rules_read(KysoConfiguration *self, GKeyFile *file, GError **error);
