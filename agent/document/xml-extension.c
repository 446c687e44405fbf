/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-extension.h"

#include "agent/document/xml-insertion.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-signature.h"
#include "ipc/base/error.h"

#define UNSIGNED_BEGIN                                                                             \
    "<xades:UnsignedProperties xmlns:xades=\"" KYSO_XML_XADES "\">"                                \
    "<xades:UnsignedSignatureProperties>"
#define UNSIGNED_END "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>"

static gboolean
has_child(const xmlNode *parent, const char *name)
{
    for (xmlNode *node = parent->children; node != NULL; node = node->next)
        if (kyso_xml_parse_is(node, KYSO_XML_XADES, name))
            return TRUE;
    return FALSE;
}

static GBytes *
wrap(GBytes *timestamp)
{
    GByteArray *all = g_byte_array_new();
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(timestamp, &size);

    g_byte_array_append(all, (const guint8 *) UNSIGNED_BEGIN, sizeof UNSIGNED_BEGIN - 1);
    g_byte_array_append(all, data, (guint) size);
    g_byte_array_append(all, (const guint8 *) UNSIGNED_END, sizeof UNSIGNED_END - 1);
    return g_byte_array_free_to_bytes(all);
}

GBytes *
kyso_xml_extension_add(GBytes *xml, xmlNode *signature, GBytes *timestamp, GError **error)
{
    xmlNode *qualifying = kyso_xml_signature_find_qualifying(signature);
    xmlNode *place =
        kyso_xml_parse_child(kyso_xml_parse_child(qualifying, KYSO_XML_XADES, "UnsignedProperties"),
                             KYSO_XML_XADES, "UnsignedSignatureProperties");

    if (!kyso_xml_insertion_is_possible(xml, kyso_xml_parse_count(signature->doc, NULL), error))
        return NULL;
    if (place != NULL)
        return kyso_xml_insertion_splice(xml, kyso_xml_parse_count(place->doc, place), timestamp,
                                         error);
    if (qualifying == NULL || has_child(qualifying, "UnsignedProperties")) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED,
                            "a signature without properties that a timestamp goes into");
        return NULL;
    }
    g_autoptr(GBytes) wrapped = wrap(timestamp);
    return kyso_xml_insertion_splice(xml, kyso_xml_parse_count(qualifying->doc, qualifying),
                                     wrapped, error);
}
