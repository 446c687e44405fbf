/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-reference.h"

#include <string.h>

#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"

#define MAX_TEXT 4096 /* bytes of an attribute or digest */
#define MAX_TRANSFORMS 8

typedef struct {
    KysoXmlSelection selection;
    gboolean is_enveloped;
    gboolean is_known; /* each transform is one that we know */
    gboolean has_method;
    const xmlNode *relationships; /* that transform, the first of all */
} Transforms;

json_t *
kyso_xml_reference_part(const KysoXmlPart *part)
{
    return json_pack("{s:I, s:I}", "offset", (json_int_t) part->offset, "length",
                     (json_int_t) part->length);
}

char **
kyso_xml_reference_prefixes(const xmlNode *method_element)
{
    xmlNode *list = kyso_xml_parse_child(method_element, KYSO_XML_EXCLUSIVE, "InclusiveNamespaces");
    g_autofree char *text = kyso_xml_parse_attribute(list, "PrefixList");

    return text != NULL ? g_strsplit_set(text, " \t\r\n", -1) : NULL;
}

static gboolean
is_id_of(const xmlNode *node, const char *id)
{
    static const char *const names[] = {"Id", "ID", "id"};

    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        gboolean is_xml_id = attribute->ns != NULL &&
                             xmlStrEqual(attribute->ns->href, XML_XML_NAMESPACE) &&
                             xmlStrEqual(attribute->name, BAD_CAST "id");
        gboolean is_id = is_xml_id;
        for (guint i = 0; attribute->ns == NULL && i < G_N_ELEMENTS(names); i++)
            is_id |= strcmp((const char *) attribute->name, names[i]) == 0;
        if (!is_id)
            continue;
        xmlChar *value = xmlNodeListGetString(node->doc, attribute->children, 1);
        gboolean is_same = g_strcmp0((const char *) value, id) == 0;
        xmlFree(value);
        if (is_same)
            return TRUE;
    }
    return FALSE;
}

xmlNode *
kyso_xml_reference_find(xmlDoc *doc, const char *id)
{
    xmlNode *root = xmlDocGetRootElement(doc), *found = NULL;

    for (xmlNode *node = root; node != NULL; node = kyso_xml_parse_next(root, node)) {
        if (node->type != XML_ELEMENT_NODE || !is_id_of(node, id))
            continue;
        if (found != NULL)
            return NULL; /* readers would choose one or the other */
        found = node;
    }
    return found;
}

/* XPath is a language; we know one sentence of it. */
static gboolean
is_no_signatures(const xmlNode *transform)
{
    xmlNode *path = kyso_xml_parse_child(transform, KYSO_XML_DSIG, "XPath");
    g_autofree char *text = path != NULL ? kyso_xml_parse_text(path, 256) : NULL;
    xmlNs *space = path != NULL ? xmlSearchNs(path->doc, path, BAD_CAST "ds") : NULL;

    return text != NULL && strcmp(g_strstrip(text), KYSO_XML_NO_SIGNATURES) == 0 && space != NULL &&
           xmlStrEqual(space->href, BAD_CAST KYSO_XML_DSIG);
}

static gboolean
is_first(const Transforms *self)
{
    return !self->is_enveloped && !self->selection.without_signatures &&
           self->relationships == NULL;
}

static void
take_transform(Transforms *self, const xmlNode *transform)
{
    g_autofree char *algorithm = kyso_xml_parse_attribute(transform, "Algorithm");

    if (algorithm == NULL || self->has_method) {
        self->is_known = FALSE; /* what comes after works on bytes */
    } else if (strcmp(algorithm, KYSO_XML_ENVELOPED) == 0) {
        self->is_enveloped = TRUE;
    } else if (strcmp(algorithm, KYSO_XML_XPATH) == 0 && is_no_signatures(transform)) {
        self->selection.without_signatures = TRUE;
    } else if (strcmp(algorithm, KYSO_XML_RELATIONSHIPS) == 0 && is_first(self)) {
        self->relationships = transform;
    } else if (kyso_xml_canonical_knows(algorithm)) {
        self->has_method = TRUE;
        self->selection.method = g_intern_string(algorithm);
        self->selection.prefixes = kyso_xml_reference_prefixes(transform);
    } else {
        self->is_known = FALSE;
    }
}

static void
read_transforms(const xmlNode *reference, Transforms *ret)
{
    xmlNode *list = kyso_xml_parse_child(reference, KYSO_XML_DSIG, "Transforms");
    guint n = 0;

    *ret = (Transforms){.is_known = TRUE};
    for (xmlNode *node = list != NULL ? list->children : NULL; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (++n > MAX_TRANSFORMS || !kyso_xml_parse_is(node, KYSO_XML_DSIG, "Transform"))
            ret->is_known = FALSE;
        else
            take_transform(ret, node);
    }
}

static gboolean
is_below(const xmlNode *node, const xmlNode *ancestor)
{
    while (node != NULL && node != ancestor)
        node = node->type == XML_DOCUMENT_NODE ? NULL : node->parent;
    return node != NULL;
}

/* What of the document it covers, so far as the verdict goes by it. */
static const char *
coverage_of(const KysoXmlSignatureSource *source, xmlNode *signature, const xmlNode *target,
            const char *type)
{
    if (target == NULL || target == xmlDocGetRootElement(target->doc))
        return "document";
    if (source->has_manifests && target->parent == signature &&
        kyso_xml_parse_child(target, KYSO_XML_DSIG, "Manifest") != NULL)
        return "manifest";
    if (is_below(target, signature))
        return target == kyso_xml_signature_find_properties(signature) &&
                       g_strcmp0(type, KYSO_XML_PROPERTIES_TYPE) == 0
                   ? "properties"
                   : "own";
    return "element";
}

static json_t *
read_inside(const KysoXmlSignatureSource *source, xmlNode *signature, const char *uri,
            const char *type, Transforms *transforms, const char **ret_covers, GError **error)
{
    xmlNode *target = *uri != '\0' ? kyso_xml_reference_find(source->doc, uri + 1) : NULL;
    KysoXmlPart part;

    if ((*uri != '\0' && target == NULL) || transforms->relationships != NULL)
        return json_null();
    *ret_covers = coverage_of(source, signature, target, type);
    transforms->selection.only = target;
    if (transforms->is_enveloped)
        transforms->selection.without = signature;
    if (!kyso_xml_canonical_write(source->doc, &transforms->selection, source->output, &part,
                                  error))
        return NULL;
    return kyso_xml_reference_part(&part);
}

static json_t *
read_beside(const KysoXmlSignatureSource *source, const char *uri, const Transforms *transforms,
            const char **ret_covers)
{
    json_t *content = NULL;

    if (source->resolve != NULL && !transforms->is_enveloped &&
        !transforms->selection.without_signatures && transforms->selection.prefixes == NULL)
        content = source->resolve(
            uri, &(KysoXmlTransforms){transforms->selection.method, transforms->relationships},
            source->user_data);
    *ret_covers = content != NULL ? "entry" : "none";
    return content != NULL ? content : json_null();
}

/* The value of the only child @name, or NULL. */
static char *
child_text(const xmlNode *parent, const char *name)
{
    xmlNode *child = kyso_xml_parse_child(parent, KYSO_XML_DSIG, name);
    char *text = child != NULL ? kyso_xml_parse_text(child, MAX_TEXT) : NULL;

    return text != NULL ? g_strstrip(text) : NULL;
}

json_t *
kyso_xml_reference_read(const KysoXmlSignatureSource *source, xmlNode *signature,
                        xmlNode *reference, GError **error)
{
    g_autofree char *uri = kyso_xml_parse_attribute(reference, "URI");
    g_autofree char *type = kyso_xml_parse_attribute(reference, "Type");
    xmlNode *method = kyso_xml_parse_child(reference, KYSO_XML_DSIG, "DigestMethod");
    g_autofree char *algorithm = kyso_xml_parse_attribute(method, "Algorithm");
    g_autofree char *value = child_text(reference, "DigestValue");
    const char *covers = "none";
    Transforms transforms;
    json_t *content = NULL;

    read_transforms(reference, &transforms);
    gboolean is_inside = uri != NULL && (*uri == '\0' || *uri == '#');
    if (uri == NULL || strlen(uri) > MAX_TEXT || !transforms.is_known ||
        (is_inside && strncmp(uri, "#xpointer(", 10) == 0))
        content = json_null();
    else if (is_inside)
        content = read_inside(source, signature, uri, type, &transforms, &covers, error);
    else
        content = read_beside(source, uri, &transforms, &covers);
    g_strfreev(transforms.selection.prefixes);
    if (content == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "uri",
                     uri != NULL && strlen(uri) <= MAX_TEXT ? uri : "", "type",
                     type != NULL ? type : "", "digest_method", algorithm != NULL ? algorithm : "",
                     "digest_value", value != NULL ? value : "", "covers", covers, "several",
                     (int) transforms.selection.without_signatures, "content", content);
}
