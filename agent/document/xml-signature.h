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

/* The bytes of a file beside the signature (an entry of a package) that @uri names, canonical by
 * @method (NULL: as they are). NULL for what is not there, else {"offset", "length"}: new. */
typedef json_t *(*KysoXmlResolve)(const char *uri, const char *method, gpointer user_data);

typedef struct {
    xmlDoc *doc;
    KysoXmlOutput *output;
    KysoXmlResolve resolve; /* NULL: nothing beside the document */
    gpointer user_data;
} KysoXmlSignatureSource;

/* The QualifyingProperties (XAdES) of @signature itself, or NULL as below. */
xmlNode *kyso_xml_signature_find_qualifying(xmlNode *signature);

/* The SignedProperties of @signature itself, or NULL where there are none, or more than one. */
xmlNode *kyso_xml_signature_find_properties(xmlNode *signature);

/* New; agent/document/README.md has its members. NULL: KYSO_ERROR_DOCUMENT_TOO_LARGE, or
 * KYSO_ERROR_INTERNAL. What is not a signature by its form is {"fault": why}. */
json_t *kyso_xml_signature_read(const KysoXmlSignatureSource *source, xmlNode *signature,
                                GError **error);
