/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The certificates of make-seeds, and what it signed, for harnesses that know what was ever signed
 * by whom. What fails here aborts.
 */

#include "tests/kit/authority.h"

/* What the file below tests/fuzz holds behind its first @skip bytes. */
GBytes *kyso_known_certificates_read(const char *path, gsize skip);

/* That of certificates/@name, read once; lives as long as the program. */
const KysoCertificate *kyso_known_certificates_get(const char *name);

/* Trust in certificates/ca.der alone. */
KysoTrust *kyso_known_certificates_trust(void);

/* TRUE where @one and @other are about the same key. The same certificate can be encoded in more
 * than one way. */
gboolean kyso_known_certificates_same_key(const KysoCertificate *one, const KysoCertificate *other);
