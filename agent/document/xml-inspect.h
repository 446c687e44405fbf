/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * All that the agent needs to know of an XML document, an ODF or Office Open XML package to verify
 * its signatures, or to add one. Main thread only.
 */

#include "agent/document/xml-signature.h"

typedef struct {
    gboolean for_signing;       /* tell also what a new signature is about */
    gboolean leaves_signatures; /* XML: and leave the signatures that are there out of it */
} KysoXmlQuestion;

/* @data: the whole file. New; the parts that it
 * names are in @output. KYSO_ERROR_INVALID_XML, KYSO_ERROR_INVALID_CONTAINER,
 * KYSO_ERROR_DOCUMENT_*, KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED. */
json_t *kyso_xml_inspect(GBytes *data, const KysoXmlQuestion *question, KysoXmlOutput *output,
                         GError **error);

/* The same file with the element @signature in it. As kyso_xml_inspect. */
GBytes *kyso_xml_inspect_enclose(GBytes *data, GBytes *signature, GError **error);

/* The same file with the element @timestamp in the signature of that index. As kyso_xml_inspect;
 * KYSO_ERROR_NOT_SUPPORTED as xml-extension.h, KYSO_ERROR_WRONG_PARAMETERS: there are not so
 * many. */
GBytes *kyso_xml_inspect_extend(GBytes *data, guint signature, GBytes *timestamp, GError **error);
