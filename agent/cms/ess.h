/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The ESS signing-certificate attributes: which certificate the signer meant, inside what is
 * signed, so that no other one over the same key can be put in its place (RFC 2634 §5.4,
 * RFC 5035). Thread-safe.
 */

#include <openssl/cms.h>

#include "agent/pki/certificate.h"

typedef enum {
    KYSO_ESS_ABSENT,
    KYSO_ESS_MATCHES,
    KYSO_ESS_DIFFERS, /* or cannot be read, or is there twice */
} KysoEss;

/* Adds signing-certificate-v2 over SHA-256 (the default hash, so not named) with issuer and serial.
 * FALSE leaves OpenSSL's reason in its queue. */
gboolean kyso_ess_add(CMS_SignerInfo *info, const KysoCertificate *signer);

/* What the attributes of @info, of version 1, 2 or both, say about @signer. Only the first
 * certificate that they name counts: the others limit the path (RFC 5035 §4). */
KysoEss kyso_ess_check(const CMS_SignerInfo *info, const KysoCertificate *signer);
