/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The words of an XML document, a line each paragraph (ODF) or text, for secrecy marks and for the
 * person who is asked. Main thread only. */

#include <glib.h>
#include <libxml/tree.h>

#define KYSO_XML_TEXT_MAX (64 * 1024) /* bytes */

/* Adds what is below @top, as long as @text is within the bound. */
void kyso_xml_text_add(const xmlNode *top, GString *text);
