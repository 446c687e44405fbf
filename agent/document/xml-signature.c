/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-signature.h"

#include <string.h>

#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-reference.h"

#define MAX_VALUE (16 * 1024)        /* bytes of base64: a signature's value */
#define MAX_CERTIFICATE (128 * 1024) /* the same, of a certificate or timestamp */
#define MAX_CERTIFICATES 16
#define MAX_TIMESTAMPS 4

static json_t *
text_of(const xmlNode *node, gsize limit)
{
    g_autofree char *text = node != NULL ? kyso_xml_parse_text(node, limit) : NULL;
    return text != NULL ? json_string(g_strstrip(text)) : json_null();
}

static json_t *
attribute_of(const xmlNode *node, const char *name)
{
    g_autofree char *text = kyso_xml_parse_attribute(node, name);
    return json_string(text != NULL ? text : "");
}

/* {"offset", "length"}; NULL where the output is full. */
static json_t *
write_part(const KysoXmlSignatureSource *source, const KysoXmlSelection *selection, GError **error)
{
    KysoXmlPart part;

    if (!kyso_xml_canonical_write(source->doc, selection, source->output, &part, error))
        return NULL;
    return kyso_xml_reference_part(&part);
}

/* The same of @element alone, by the method that @method_element names; null where
 * that is not known. */
static json_t *
canonical_of(const KysoXmlSignatureSource *source, xmlNode *element, const xmlNode *method_element,
             GError **error)
{
    g_autofree char *method = kyso_xml_parse_attribute(method_element, "Algorithm");

    if (method_element != NULL && !kyso_xml_canonical_knows(method))
        return json_null();
    g_auto(GStrv) prefixes =
        method_element != NULL ? kyso_xml_reference_prefixes(method_element) : NULL;
    KysoXmlSelection selection = {.only = element, .method = method, .prefixes = prefixes};
    return write_part(source, &selection, error);
}

/* What nobody signs must not hold content that somebody might read as the document's: all that is
 * in a signature is of signatures. */
static gboolean
is_pure(const xmlNode *signature)
{
    static const char *const spaces[] = {KYSO_XML_DSIG,
                                         KYSO_XML_DSIG11,
                                         KYSO_XML_XADES,
                                         KYSO_XML_XADES141,
                                         KYSO_XML_DC,
                                         KYSO_XML_OOXML_SIGNATURES,
                                         KYSO_XML_OFFICE_SIGNATURES,
                                         NULL};

    for (xmlNode *node = (xmlNode *) signature; node != NULL;
         node = kyso_xml_parse_next(signature, node))
        if (node->type == XML_ELEMENT_NODE &&
            (node->ns == NULL || !g_strv_contains(spaces, (const char *) node->ns->href)))
            return FALSE;
    return TRUE;
}

static json_t *
read_references(const KysoXmlSignatureSource *source, xmlNode *signature, xmlNode *info,
                GError **error)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    json_t *list = json_array();

    for (xmlNode *node = info->children; node != NULL; node = node->next)
        if (kyso_xml_parse_is(node, KYSO_XML_DSIG, "Reference"))
            g_ptr_array_add(nodes, node);
    for (guint i = 0; i < nodes->len && i <= KYSO_XML_MAX_REFERENCES; i++) {
        json_t *item = kyso_xml_reference_read(source, signature, nodes->pdata[i], error);
        if (item == NULL) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, item);
    }
    return list;
}

/* What the manifests list that are in objects which @references are to (ISO/IEC 29500-2 §13.2.4.7:
 * the parts of a package). NULL where the output is full. */
static json_t *
read_manifests(const KysoXmlSignatureSource *source, xmlNode *signature, const json_t *references,
               GError **error)
{
    g_autoptr(json_t) all = json_array();
    json_t *item;
    size_t i;

    json_array_foreach(references, i, item)
    {
        const char *uri = json_string_value(json_object_get(item, "uri"));
        if (strcmp(json_string_value(json_object_get(item, "covers")), "manifest") != 0 ||
            json_array_size(all) > KYSO_XML_MAX_REFERENCES)
            continue;
        xmlNode *object = kyso_xml_reference_find(source->doc, uri + 1);
        g_autoptr(json_t) list = read_references(
            source, signature, kyso_xml_parse_child(object, KYSO_XML_DSIG, "Manifest"), error);
        if (list == NULL)
            return NULL;
        json_array_extend(all, list);
    }
    return g_steal_pointer(&all);
}

static json_t *
read_certificates(xmlNode *signature)
{
    xmlNode *info = kyso_xml_parse_child(signature, KYSO_XML_DSIG, "KeyInfo");
    json_t *list = json_array();

    for (xmlNode *node = info; node != NULL && json_array_size(list) < MAX_CERTIFICATES;
         node = kyso_xml_parse_next(info, node))
        if (kyso_xml_parse_is(node, KYSO_XML_DSIG, "X509Certificate"))
            json_array_append_new(list, text_of(node, MAX_CERTIFICATE));
    return list;
}

xmlNode *
kyso_xml_signature_find_qualifying(xmlNode *signature)
{
    g_autofree char *id = kyso_xml_parse_attribute(signature, "Id");
    xmlNode *found = NULL;

    for (xmlNode *node = signature->children; node != NULL; node = node->next) {
        if (!kyso_xml_parse_is(node, KYSO_XML_DSIG, "Object"))
            continue;
        xmlNode *properties = kyso_xml_parse_child(node, KYSO_XML_XADES, "QualifyingProperties");
        g_autofree char *target = kyso_xml_parse_attribute(properties, "Target");
        if (properties == NULL || id == NULL || target == NULL || *target != '#' ||
            strcmp(target + 1, id) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = properties;
    }
    return found;
}

static xmlNode *
child_of(const xmlNode *parent, const char *name)
{
    return kyso_xml_parse_child(parent, KYSO_XML_XADES, name);
}

xmlNode *
kyso_xml_signature_find_properties(xmlNode *signature)
{
    return child_of(kyso_xml_signature_find_qualifying(signature), "SignedProperties");
}

/* The first certificate that SigningCertificate(V2) names: the signer's (EN 319 132-1 §5.2.2). */
static void
add_signing_certificate(json_t *json, const xmlNode *properties)
{
    xmlNode *list = child_of(properties, "SigningCertificateV2");
    if (list == NULL)
        list = child_of(properties, "SigningCertificate");
    xmlNode *cert = list != NULL ? list->children : NULL;
    while (cert != NULL && !kyso_xml_parse_is(cert, KYSO_XML_XADES, "Cert"))
        cert = cert->next;
    xmlNode *digest = child_of(cert, "CertDigest");
    if (digest == NULL)
        return;
    json_object_set_new(
        json, "certificate_digest",
        json_pack(
            "{s:o, s:o}", "method",
            attribute_of(kyso_xml_parse_child(digest, KYSO_XML_DSIG, "DigestMethod"), "Algorithm"),
            "value", text_of(kyso_xml_parse_child(digest, KYSO_XML_DSIG, "DigestValue"), 256)));
}

static json_t *
read_timestamps(const KysoXmlSignatureSource *source, const xmlNode *qualifying, xmlNode *value,
                GError **error)
{
    xmlNode *unsigned_properties =
        child_of(child_of(qualifying, "UnsignedProperties"), "UnsignedSignatureProperties");
    json_t *list = json_array();

    for (xmlNode *node = unsigned_properties != NULL ? unsigned_properties->children : NULL;
         node != NULL && json_array_size(list) < MAX_TIMESTAMPS; node = node->next) {
        if (!kyso_xml_parse_is(node, KYSO_XML_XADES, "SignatureTimeStamp"))
            continue;
        json_t *content = canonical_of(
            source, value, kyso_xml_parse_child(node, KYSO_XML_DSIG, "CanonicalizationMethod"),
            error);
        if (content == NULL) {
            json_decref(list);
            return NULL;
        }
        json_array_append_new(
            list, json_pack("{s:o, s:o}", "token",
                            text_of(child_of(node, "EncapsulatedTimeStamp"), MAX_CERTIFICATE),
                            "content", content));
    }
    return list;
}

static gboolean
add_properties(json_t *json, const KysoXmlSignatureSource *source, xmlNode *signature,
               xmlNode *value, GError **error)
{
    xmlNode *qualifying = kyso_xml_signature_find_qualifying(signature);
    xmlNode *properties = kyso_xml_signature_find_properties(signature);
    xmlNode *signed_part = child_of(properties, "SignedSignatureProperties");
    json_t *timestamps = read_timestamps(source, qualifying, value, error);

    if (timestamps == NULL)
        return FALSE;
    json_object_set_new(json, "has_properties", json_boolean(properties != NULL));
    json_object_set_new(json, "signing_time", text_of(child_of(signed_part, "SigningTime"), 64));
    add_signing_certificate(json, signed_part);
    json_object_set_new(json, "timestamps", timestamps);
    return TRUE;
}

json_t *
kyso_xml_signature_read(const KysoXmlSignatureSource *source, xmlNode *signature, GError **error)
{
    xmlNode *info = kyso_xml_parse_child(signature, KYSO_XML_DSIG, "SignedInfo");
    xmlNode *value = kyso_xml_parse_child(signature, KYSO_XML_DSIG, "SignatureValue");
    xmlNode *method = kyso_xml_parse_child(info, KYSO_XML_DSIG, "CanonicalizationMethod");
    xmlNode *algorithm = kyso_xml_parse_child(info, KYSO_XML_DSIG, "SignatureMethod");

    if (info == NULL || value == NULL || method == NULL || algorithm == NULL)
        return json_pack("{s:s}", "fault", "a part of the signature is missing, or there twice");
    g_autoptr(json_t) json =
        json_pack("{s:o, s:o, s:o, s:b, s:o}", "id", attribute_of(signature, "Id"), "algorithm",
                  attribute_of(algorithm, "Algorithm"), "value", text_of(value, MAX_VALUE), "pure",
                  (int) is_pure(signature), "certificates", read_certificates(signature));
    json_t *signed_info = canonical_of(source, info, method, error);
    if (signed_info == NULL)
        return NULL;
    json_object_set_new(json, "signed_info", signed_info);
    KysoXmlSelection selection = {.only = value, .method = KYSO_XML_EXCLUSIVE};
    json_t *value_content = write_part(source, &selection, error);
    if (value_content == NULL)
        return NULL;
    json_object_set_new(json, "value_content", value_content);
    json_t *references = read_references(source, signature, info, error);
    if (references == NULL)
        return NULL;
    json_object_set_new(json, "references", references);
    if (source->has_manifests) {
        json_t *manifest = read_manifests(source, signature, references, error);
        if (manifest == NULL)
            return NULL;
        json_object_set_new(json, "manifest", manifest);
    }
    if (!add_properties(json, source, signature, value, error))
        return NULL;
    return g_steal_pointer(&json);
}
