/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The verdict on one XML signature (XML-DSig, XAdES), as a stranger would give it, from what the
 * sandboxed reader found (agent/document/README.md, xml.inspect). All hashes and signatures are
 * computed here, over the bytes that the reader names. Thread-safe.
 *
 * VALID needs that the signature covers all of the document: what it covers only in part, or what
 * holds more than signatures where nobody signs, is UNDETERMINED ("partial_coverage"), so that a
 * signed piece that was put into another document is never taken for that document's.
 */

#include "agent/cms/cms-verify.h"
#include "ipc/wire/json.h"

typedef struct {
    const json_t *signature; /* one of "signatures" */
    const json_t *entries;   /* names of the files in a package; NULL: an XML document */
    int content;             /* where the parts are */
    goffset content_size;
    KysoTrust *trust;
} KysoXadesSubject;

/* The report, and whether all of the document is covered. Reasons beside those of
 * KysoSignatureReport: "reference_unresolved", "properties_unsigned", "partial_coverage". NULL:
 * KYSO_ERROR_SIGNATURE_UNREADABLE, not a signature by its form. */
KysoSignatureReport *kyso_xades_verify(const KysoXadesSubject *subject, gboolean *ret_covers_all,
                                       GError **error);

/* The references of one of "signatures" that say what of the document it is about: those of its
 * manifest, where the kind of document has one. Borrowed. */
const json_t *kyso_xades_verify_subjects(const json_t *signature);

/* The digest by "SHA256" that a timestamp over the signature is asked for: of its ds:SignatureValue
 * in exclusive canonical form (EN 319 132-1 §5.3). KYSO_ERROR_SIGNATURE_UNREADABLE. */
GBytes *kyso_xades_verify_hash_value(const KysoXadesSubject *subject, GError **error);
