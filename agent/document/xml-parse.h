/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Hostile XML into a tree, by libxml2, and what is asked of such trees.
 *
 * Never read: a DOCTYPE (such a document is refused, so there are no entities to expand and no
 * attributes that stand only there), another file, the network. Bounded: size, depth, nodes by the
 * memory that the process may have. Main thread only.
 */

#include <glib.h>
#include <libxml/tree.h>

#define KYSO_XML_MAX_SIZE (64 * 1024 * 1024) /* bytes of one document */
#define KYSO_XML_MAX_DEPTH 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* KYSO_ERROR_DOCUMENT_EMPTY, KYSO_ERROR_DOCUMENT_TOO_LARGE, KYSO_ERROR_INVALID_XML with the place
 * of the fault. xmlFreeDoc. */
xmlDoc *kyso_xml_parse(const void *data, gsize size, GError **error);

/* The next node of @top and what is below it, in document order; NULL at the end. Starts with
 * @top itself. */
xmlNode *kyso_xml_parse_next(const xmlNode *top, const xmlNode *node);

/* How many elements of @doc begin before @element (NULL: all of them). */
guint kyso_xml_parse_count(const xmlDoc *doc, const xmlNode *element);

/* Is @node an element @name of @space? */
gboolean kyso_xml_parse_is(const xmlNode *node, const char *space, const char *name);

/* The only child element @name of @space, or NULL where there is none or more than one. */
xmlNode *kyso_xml_parse_child(const xmlNode *parent, const char *space, const char *name);

/* The attribute @name that is in no namespace, or NULL. g_free. */
char *kyso_xml_parse_attribute(const xmlNode *node, const char *name);

/* All text below @node, at most @limit bytes, or NULL where it is longer. g_free. */
char *kyso_xml_parse_text(const xmlNode *node, gsize limit);
