/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-text.h"

#include <string.h>

#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"

/* Of ODF, WordprocessingML, DrawingML and SpreadsheetML. */
static gboolean
is_paragraph(const xmlNode *node)
{
    static const struct {
        const char *space, *name;
    } kinds[] = {
        {KYSO_XML_ODF_TEXT, "p"},
        {KYSO_XML_ODF_TEXT, "h"},
        {"http://schemas.openxmlformats.org/wordprocessingml/2006/main", "p"},
        {"http://purl.oclc.org/ooxml/wordprocessingml/main", "p"},
        {"http://schemas.openxmlformats.org/drawingml/2006/main", "p"},
        {"http://purl.oclc.org/ooxml/drawingml/main", "p"},
        {"http://schemas.openxmlformats.org/spreadsheetml/2006/main", "si"},
        {"http://purl.oclc.org/ooxml/spreadsheetml/main", "si"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (kyso_xml_parse_is(node, kinds[i].space, kinds[i].name))
            return TRUE;
    return FALSE;
}

static gboolean
is_in_paragraph(const xmlNode *node)
{
    for (; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent)
        if (is_paragraph(node))
            return TRUE;
    return FALSE;
}

/* Words that a paragraph has in several colours are still one line. */
void
kyso_xml_text_add(const xmlNode *top, GString *text)
{
    for (const xmlNode *node = top; node != NULL && text->len < KYSO_XML_TEXT_MAX;
         node = kyso_xml_parse_next(top, node)) {
        if (is_paragraph(node) && text->len > 0)
            g_string_append_c(text, '\n');
        if ((node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE) ||
            node->content == NULL)
            continue;
        gsize length = strlen((const char *) node->content);
        if (length > KYSO_XML_TEXT_MAX)
            continue; /* data, no words */
        g_string_append_len(text, (const char *) node->content, (gssize) length);
        if (!is_in_paragraph(node->parent))
            g_string_append_c(text, '\n');
    }
    if (text->len > 0)
        g_string_append_c(text, '\n');
}
