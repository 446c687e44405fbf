/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-inspect.h"

#include <string.h>

#include "agent/document/odf-inspect.h"
#include "agent/document/odf-package.h"
#include "agent/document/xml-extension.h"
#include "agent/document/xml-insertion.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-reference.h"
#include "agent/document/xml-text.h"
#include "ipc/base/error.h"

static json_t *
read_signatures(const KysoXmlSignatureSource *source, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(source->doc);
    json_t *list = json_array();

    for (xmlNode *node = root; node != NULL; node = kyso_xml_parse_next(root, node)) {
        if (!kyso_xml_parse_is(node, KYSO_XML_DSIG, "Signature"))
            continue;
        json_t *item = NULL;
        if (json_array_size(list) >= KYSO_XML_MAX_SIGNATURES)
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d signatures",
                        KYSO_XML_MAX_SIGNATURES);
        else
            item = kyso_xml_signature_read(source, node, error);
        if (item == NULL) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, item);
    }
    return list;
}

/* What a new enveloped signature is about: the document as it stands. */
static json_t *
write_content(const KysoXmlSignatureSource *source, gboolean leaves_signatures, GError **error)
{
    KysoXmlSelection selection = {.method = KYSO_XML_EXCLUSIVE,
                                  .without_signatures = leaves_signatures};
    KysoXmlPart part;

    if (!kyso_xml_canonical_write(source->doc, &selection, source->output, &part, error))
        return NULL;
    json_t *content = kyso_xml_reference_part(&part);
    json_object_set_new(content, "name", json_string(""));
    json_object_set_new(content, "is_xml", json_true());
    return json_pack("[o]", content);
}

static json_t *
inspect_xml(GBytes *data, const KysoXmlQuestion *question, KysoXmlOutput *output, GError **error)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);
    g_autoptr(xmlDoc) doc = kyso_xml_parse(bytes, size, error);
    if (doc == NULL || (question->for_signing && !kyso_xml_insertion_is_possible(
                                                     data, kyso_xml_parse_count(doc, NULL), error)))
        return NULL;
    KysoXmlSignatureSource source = {.doc = doc, .output = output};
    json_t *signatures = read_signatures(&source, error);
    if (signatures == NULL)
        return NULL;
    g_autoptr(json_t) json = json_pack("{s:s, s:o}", "kind", "xml", "signatures", signatures);
    if (!question->for_signing)
        return g_steal_pointer(&json);
    /* Where others have signed, somebody may sign after us too. */
    gboolean leaves_signatures = question->leaves_signatures || json_array_size(signatures) > 0;
    json_t *contents = write_content(&source, leaves_signatures, error);
    if (contents == NULL)
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    kyso_xml_text_add(xmlDocGetRootElement(doc), text);
    json_object_set_new(json, "contents", contents);
    json_object_set_new(json, "text", json_string(text->str));
    json_object_set_new(json, "leaves_signatures", json_boolean(leaves_signatures));
    return g_steal_pointer(&json);
}

static gboolean
is_zip(GBytes *data)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);
    return kyso_odf_package_is_zip(bytes, size);
}

json_t *
kyso_xml_inspect(GBytes *data, const KysoXmlQuestion *question, KysoXmlOutput *output,
                 GError **error)
{
    return is_zip(data) ? kyso_odf_inspect(data, question->for_signing, output, error)
                        : inspect_xml(data, question, output, error);
}

GBytes *
kyso_xml_inspect_enclose(GBytes *data, GBytes *signature, GError **error)
{
    return is_zip(data) ? kyso_odf_inspect_enclose(data, signature, error)
                        : kyso_xml_insertion_splice(data, 0, signature, error);
}

static GBytes *
extend_xml(GBytes *data, guint signature, GBytes *timestamp, GError **error)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);
    g_autoptr(xmlDoc) doc = kyso_xml_parse(bytes, size, error);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    guint number = 0;

    for (xmlNode *node = root; node != NULL; node = kyso_xml_parse_next(root, node))
        if (kyso_xml_parse_is(node, KYSO_XML_DSIG, "Signature") && number++ == signature)
            return kyso_xml_extension_add(data, node, timestamp, error);
    if (doc != NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "it has %u signatures", number);
    return NULL;
}

GBytes *
kyso_xml_inspect_extend(GBytes *data, guint signature, GBytes *timestamp, GError **error)
{
    return is_zip(data) ? kyso_odf_inspect_extend(data, signature, timestamp, error)
                        : extend_xml(data, signature, timestamp, error);
}
