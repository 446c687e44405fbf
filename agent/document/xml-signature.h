/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What one ds:Signature of a document says, as JSON, with the canonical bytes that it is about:
 * nothing is hashed or believed here, that is the agent's.
 *
 * What cannot be resolved in one way only (an Id twice, a transform that is not known, a file
 * outside) is told as such, with no bytes. Main thread only.
 */

#include "agent/document/xml-canonical.h"
#include "ipc/wire/json.h"

#define KYSO_XML_MAX_SIGNATURES 32
#define KYSO_XML_MAX_REFERENCES 4096

/* How a file beside the signature is to be seen. */
typedef struct {
    const char *method;           /* of its canonical form; NULL: byte for byte */
    const xmlNode *relationships; /* the Relationships Transform before that, or NULL */
} KysoXmlTransforms;

/* The bytes of a file beside the signature (an entry of a package) that @uri names. NULL for what
 * is not there, or cannot be seen so, else {"offset", "length"}: new. */
typedef json_t *(*KysoXmlResolve)(const char *uri, const KysoXmlTransforms *transforms,
                                  gpointer user_data);

typedef struct {
    xmlDoc *doc;
    KysoXmlOutput *output;
    KysoXmlResolve resolve; /* NULL: nothing beside the document */
    gpointer user_data;
    gboolean has_manifests; /* what it is about stands in a ds:Manifest that it is over */
} KysoXmlSignatureSource;

/* The QualifyingProperties (XAdES) of @signature itself, or NULL as below. */
xmlNode *kyso_xml_signature_find_qualifying(xmlNode *signature);

/* The SignedProperties of @signature itself, or NULL where there are none, or more than one. */
xmlNode *kyso_xml_signature_find_properties(xmlNode *signature);

/* New; agent/document/README.md has its members. NULL: KYSO_ERROR_DOCUMENT_TOO_LARGE, or
 * KYSO_ERROR_INTERNAL. What is not a signature by its form is {"fault": why}. */
json_t *kyso_xml_signature_read(const KysoXmlSignatureSource *source, xmlNode *signature,
                                GError **error);
