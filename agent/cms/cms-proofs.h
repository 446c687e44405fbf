/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The proofs of a signature beside a file, which stand in its CMS: certificates and CRLs
 * (EN 319 122-1 §5.4, RFC 5652 §5.1). Thread-safe.
 */

#include <openssl/cms.h>

#include "agent/pki/revocation.h"

/* Puts what @cms does not have yet into it; OCSP answers have no place there and are left out.
 * KYSO_ERROR_INTERNAL; @cms is then of no more use. */
gboolean kyso_cms_proofs_add(CMS_ContentInfo *cms, const KysoProofs *proofs, GError **error);
