/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The verdict on one JWS, as a stranger would give it (RFC 7515 §5.2, RFC 8725).
 *
 * The key comes from the first certificate of x5c and from nowhere else: not from jwk, jku, x5u or
 * kid. "none" and shared secrets are never taken, nor an algorithm that is not the key's; an
 * extension that the signer calls critical and we do not know is a signature that we cannot judge
 * right. Whether the certificate was good is judged as for every other signature. Timestamps of
 * JAdES (etsiU) are not looked at. Thread-safe.
 */

#include "agent/cms/cms-verify.h"
#include "agent/jose/jws-reader.h"

/*
 * @payload: what it is over, where it does not carry that itself; else NULL.
 * @trust: NULL trusts nobody.
 *
 * Reasons beyond those of kyso_cms_verify: "algorithm_forbidden", "algorithm_unsupported",
 * "critical_unknown", "content_missing" (@payload is NULL and it carries none). Never NULL.
 */
KysoSignatureReport *kyso_jws_verify(const KysoJws *jws, GBytes *payload, KysoTrust *trust);
