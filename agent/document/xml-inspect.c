/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-inspect.h"

#include <string.h>

#include "agent/document/odf-inspect.h"
#include "agent/document/ooxml-inspect.h"
#include "agent/document/ooxml-update.h"
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

static json_t *
inspect_package(GBytes *data, gboolean for_signing, KysoXmlOutput *output, GError **error)
{
    g_auto(KysoPackageView) view = {0};

    if (!kyso_package_view_init(&view, data, output, error))
        return NULL;
    g_autoptr(json_t) json = kyso_package_is_ooxml(view.package)
                                 ? kyso_ooxml_inspect(&view, for_signing, error)
                                 : kyso_odf_inspect(&view, for_signing, error);
    if (json != NULL && output->fault != 0) {
        g_set_error_literal(error, KYSO_ERROR, output->fault, "it holds too much");
        return NULL;
    }
    return g_steal_pointer(&json);
}

/* What Office wrote until 2007, and all that it encrypts ([MS-CFB] §2.2). */
static gboolean
is_compound_file(const void *data, gsize size)
{
    return size >= 8 && memcmp(data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) == 0;
}

typedef enum { XML, PACKAGE, COMPOUND_FILE } Kind;

static Kind
kind_of(GBytes *data)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(data, &size);

    if (kyso_package_is_zip(bytes, size))
        return PACKAGE;
    return is_compound_file(bytes, size) ? COMPOUND_FILE : XML;
}

json_t *
kyso_xml_inspect(GBytes *data, const KysoXmlQuestion *question, KysoXmlOutput *output,
                 GError **error)
{
    switch (kind_of(data)) {
    case PACKAGE:
        return inspect_package(data, question->for_signing, output, error);
    case COMPOUND_FILE:
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED,
                            "an older Office document, or an encrypted one");
        return NULL;
    default:
        return inspect_xml(data, question, output, error);
    }
}

GBytes *
kyso_xml_inspect_enclose(GBytes *data, GBytes *signature, GError **error)
{
    if (kind_of(data) != PACKAGE)
        return kyso_xml_insertion_splice(data, 0, signature, error);
    g_autoptr(KysoPackage) package = kyso_package_open(data, error);
    if (package == NULL)
        return NULL;
    return kyso_package_is_ooxml(package)
               ? kyso_ooxml_update_enclose(package, data, signature, error)
               : kyso_odf_inspect_enclose(package, data, signature, error);
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
    if (kind_of(data) != PACKAGE)
        return extend_xml(data, signature, timestamp, error);
    g_autoptr(KysoPackage) package = kyso_package_open(data, error);
    if (package == NULL)
        return NULL;
    return kyso_package_is_ooxml(package)
               ? kyso_ooxml_inspect_extend(package, data, signature, timestamp, error)
               : kyso_odf_inspect_extend(package, data, signature, timestamp, error);
}
