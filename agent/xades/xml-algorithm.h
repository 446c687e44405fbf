/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The URIs by which XML signatures name algorithms (W3C XML-DSig 1.1 §6, RFC 9231), and the form in
 * which they write an ECDSA signature: r and s one after the other, each as long as the key
 * (XML-DSig §6.4.3). Thread-safe.
 */

#include <glib.h>
#include <openssl/types.h>

#include "agent/cms/algorithm.h"

/* The URI of a hash by "SHA256", "SHA384", "SHA512", or NULL. Static. */
const char *kyso_xml_algorithm_hash_uri(const char *hash);

/* The name of the hash at @uri, these or "SHA1"; NULL for all else. Static. */
const char *kyso_xml_algorithm_hash_of(const char *uri);

/* The URI of @scheme over @hash, or NULL. PSS has MGF1 and salt of the same hash. Static. */
const char *kyso_xml_algorithm_scheme_uri(KysoScheme scheme, const char *hash);

/* What @uri means; @ret_hash is static. FALSE: not known. */
gboolean kyso_xml_algorithm_scheme_of(const char *uri, KysoScheme *ret_scheme,
                                      const char **ret_hash);

/* From a DER Ecdsa-Sig-Value, and back. NULL where @signature is none for @key. */
GBytes *kyso_xml_algorithm_ecdsa_to_raw(GBytes *signature, const EVP_PKEY *key);
GBytes *kyso_xml_algorithm_ecdsa_from_raw(GBytes *signature, const EVP_PKEY *key);

/* Is @signature, as XML has it, made over @digest by @scheme with the private half of @key? */
gboolean kyso_xml_algorithm_check(EVP_PKEY *key, KysoScheme scheme, const char *hash,
                                  GBytes *digest, GBytes *signature);
