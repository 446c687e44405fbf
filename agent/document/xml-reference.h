/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One ds:Reference of a signature: what it names, and the bytes of that. Main thread only. */

#include "agent/document/xml-signature.h"

/* New: {"uri", "type", "digest_method", "digest_value", "covers", "several", "content": part or
 * null}. NULL where the output is full. */
json_t *kyso_xml_reference_read(const KysoXmlSignatureSource *source, xmlNode *signature,
                                xmlNode *reference, GError **error);

/* The only element of @doc with an Id of @id, or NULL. */
xmlNode *kyso_xml_reference_find(xmlDoc *doc, const char *id);

json_t *kyso_xml_reference_part(const KysoXmlPart *part); /* {"offset", "length"}; new */

/* The prefixes that InclusiveNamespaces of @method_element lists, or NULL. g_strfreev. */
char **kyso_xml_reference_prefixes(const xmlNode *method_element);
