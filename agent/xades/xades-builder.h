/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A XAdES signature (ETSI EN 319 132-1 levels B-B and B-T) as text, made in steps because the key
 * is elsewhere: new gives the digest that the token signs, finish takes the token's signature.
 *
 * Everything in it is written in its canonical form from the start, so nothing needs to be parsed
 * to be hashed. All of it is ASCII, but for the Ids of relationships. No private key and no content
 * ever comes here. One thread at a time.
 */

#include "agent/pki/certificate.h"

/* One thing that is signed. */
typedef struct {
    const char *name;       /* an entry of a package; "": the XML document around the signature */
    gboolean is_xml;        /* its canonical form is what @digest is of */
    GBytes *digest;         /* by the hash of the signature */
    const char *media_type; /* of a part of an Office Open XML package; NULL: of anything else */
    char **relationships;   /* the Ids of those that are signed; NULL: not a part with such */
} KysoXadesContent;

typedef struct {
    KysoCertificate *signer;
    const GPtrArray *chain; /* embedded as in KysoCadesSpec */
    const char *algorithm;  /* "RSA-PKCS1", "RSA-PSS", "ECDSA" */
    const char *hash;       /* "SHA256", "SHA384", "SHA512" */
    const KysoXadesContent *contents;
    guint n_contents;
    gboolean is_ooxml; /* the contents are parts of an Office Open XML package: ooxml-objects.h */
    gboolean leaves_signatures; /* no ds:Signature of the document is signed: others may follow */
    GDateTime *signing_time;    /* any zone */
} KysoXadesSpec;

typedef struct _KysoXadesBuilder KysoXadesBuilder;

/* Nothing of @spec needs to outlive the call. KYSO_ERROR_WRONG_PARAMETERS: an algorithm or hash
 * not of the list or not of the key, or no content; a part of a package without a media type, or
 * with a text that would have to be escaped. */
KysoXadesBuilder *kyso_xades_builder_new(const KysoXadesSpec *spec, GError **error);
void kyso_xades_builder_free(KysoXadesBuilder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoXadesBuilder, kyso_xades_builder_free)

/* Over SignedInfo: what the token signs. Owned by @self, as the next two. */
GBytes *kyso_xades_builder_get_digest(const KysoXadesBuilder *self);

/* In their canonical form: whoever reads the result must find these very bytes. */
const char *kyso_xades_builder_get_signed_info(const KysoXadesBuilder *self);
const char *kyso_xades_builder_get_signed_properties(const KysoXadesBuilder *self);

/* The element ds:Signature. @signature: as kyso_cades_builder_finish. KYSO_ERROR_SIGNATURE_WRONG:
 * not made by the signer's key over our digest. */
GBytes *kyso_xades_builder_finish(KysoXadesBuilder *self, GBytes *signature, GError **error);

/* After finish. The digest by "SHA256" that a timestamp is asked for: of ds:SignatureValue
 * (EN 319 132-1 §5.3). */
GBytes *kyso_xades_builder_hash_signature(const KysoXadesBuilder *self, GError **error);

/* After finish: the element with the timestamp @token in it, level B-T. */
GBytes *kyso_xades_builder_add_timestamp(KysoXadesBuilder *self, GBytes *token, GError **error);

/* The element xades:SignatureTimeStamp with @token in it, for a signature that is there already and
 * whose digest was that of kyso_xades_verify_hash_value. New. */
GBytes *kyso_xades_builder_write_timestamp(GBytes *token);
