/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-parse.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <string.h>

#include "ipc/base/error.h"

#define BLOCK (1024 * 1024) /* bytes handed to the parser at once */

/* What stopped the parser, if it was us. */
typedef struct {
    const char *refusal;
} Watch;

static void
refuse(xmlParserCtxt *parser, const char *refusal)
{
    Watch *watch = parser->_private;

    if (watch->refusal == NULL)
        watch->refusal = refusal;
    xmlStopParser(parser);
}

static void
doctype_seen(void *context, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
    refuse(context, "it has a DOCTYPE");
}

static void
element_begins(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
               int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
               const xmlChar **attributes)
{
    xmlParserCtxt *parser = context;

    if (parser->nodeNr >= KYSO_XML_MAX_DEPTH) {
        refuse(parser, "it is nested too deep");
        return;
    }
    xmlSAX2StartElementNs(context, name, prefix, uri, n_namespaces, namespaces, n_attributes,
                          n_defaulted, attributes);
}

static xmlParserInput *
load_nothing(const char *url, const char *id, xmlParserCtxt *context)
{
    return NULL;
}

static void
say_nothing(void *context, xmlErrorPtr fault)
{
}

/* HUGE lifts libxml2's own bounds (10 MB a text), which attachments in base64 pass; ours hold. */
static xmlParserCtxt *
new_parser(Watch *watch)
{
    xmlParserCtxt *parser;

    xmlSetExternalEntityLoader(load_nothing);
    xmlSetStructuredErrorFunc(NULL, say_nothing); /* what is wrong, our own codes say */
    parser = xmlCreatePushParserCtxt(NULL, NULL, NULL, 0, NULL);
    if (parser == NULL)
        return NULL;
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR |
                                  XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES);
    parser->_private = watch;
    parser->sax->internalSubset = doctype_seen;
    parser->sax->startElementNs = element_begins;
    parser->sax->serror = say_nothing;
    return parser;
}

static gboolean
is_size_good(gsize size, GError **error)
{
    if (size == 0)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_EMPTY, "XML of 0 bytes");
    else if (size > KYSO_XML_MAX_SIZE)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "XML over %d bytes",
                    KYSO_XML_MAX_SIZE);
    else
        return TRUE;
    return FALSE;
}

static void
set_fault(const xmlParserCtxt *parser, const Watch *watch, GError **error)
{
    const xmlError *last = xmlCtxtGetLastError((void *) parser);
    g_autofree char *text = g_strdup(last != NULL && last->message != NULL ? last->message : "");
    g_autofree char *valid = g_utf8_make_valid(g_strstrip(text), -1);

    if (watch->refusal != NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML, "refused: %s", watch->refusal);
    else if (parser->errNo == XML_ERR_NO_MEMORY)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                            "more XML than there is memory for");
    else
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML, "line %d: %.200s",
                    last != NULL ? last->line : 0, valid);
}

xmlDoc *
kyso_xml_parse(const void *data, gsize size, GError **error)
{
    Watch watch = {NULL};
    int status = 0;

    if (!is_size_good(size, error))
        return NULL;
    xmlParserCtxt *parser = new_parser(&watch);
    if (parser == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "no XML parser");
        return NULL;
    }
    for (gsize offset = 0; status == 0 && offset < size; offset += BLOCK)
        status =
            xmlParseChunk(parser, (const char *) data + offset, (int) MIN(BLOCK, size - offset), 0);
    if (status == 0)
        status = xmlParseChunk(parser, NULL, 0, 1);

    xmlDoc *doc = parser->myDoc;
    gboolean is_good = status == 0 && watch.refusal == NULL && parser->wellFormed &&
                       parser->nsWellFormed && doc != NULL && xmlDocGetRootElement(doc) != NULL &&
                       doc->intSubset == NULL;
    if (!is_good) {
        set_fault(parser, &watch, error);
        g_clear_pointer(&doc, xmlFreeDoc);
    }
    xmlFreeParserCtxt(parser);
    return doc;
}

xmlNode *
kyso_xml_parse_next(const xmlNode *top, const xmlNode *node)
{
    if (node->type == XML_ELEMENT_NODE && node->children != NULL)
        return node->children;
    while (node != top && node->next == NULL)
        node = node->parent;
    return node == top ? NULL : node->next;
}

guint
kyso_xml_parse_count(const xmlDoc *doc, const xmlNode *element)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    guint number = 0;

    for (xmlNode *node = root; node != NULL && node != element;
         node = kyso_xml_parse_next(root, node))
        number += node->type == XML_ELEMENT_NODE;
    return number;
}

gboolean
kyso_xml_parse_is(const xmlNode *node, const char *space, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL &&
           g_strcmp0((const char *) node->ns->href, space) == 0 &&
           strcmp((const char *) node->name, name) == 0;
}

xmlNode *
kyso_xml_parse_child(const xmlNode *parent, const char *space, const char *name)
{
    xmlNode *found = NULL;

    for (xmlNode *node = parent != NULL ? parent->children : NULL; node != NULL;
         node = node->next) {
        if (!kyso_xml_parse_is(node, space, name))
            continue;
        if (found != NULL)
            return NULL;
        found = node;
    }
    return found;
}

char *
kyso_xml_parse_attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = node != NULL ? xmlGetNoNsProp(node, BAD_CAST name) : NULL;
    char *copy = g_strdup((const char *) value);

    xmlFree(value);
    return copy;
}

char *
kyso_xml_parse_text(const xmlNode *node, gsize limit)
{
    GString *text = g_string_new(NULL);

    for (xmlNode *child = (xmlNode *) node; child != NULL;
         child = kyso_xml_parse_next(node, child)) {
        if ((child->type != XML_TEXT_NODE && child->type != XML_CDATA_SECTION_NODE) ||
            child->content == NULL)
            continue;
        g_string_append(text, (const char *) child->content);
        if (text->len > limit) {
            g_string_free(text, TRUE);
            return NULL;
        }
    }
    return g_string_free(text, FALSE);
}
