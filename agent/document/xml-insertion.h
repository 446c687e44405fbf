/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Text put in at the end of one element of an XML document, all other bytes left as they stand.
 * Pure; thread-safe.
 */

#include <glib.h>

/* Are the @n_elements elements that @xml has for a parser found here too? KYSO_ERROR_INVALID_XML:
 * its letters are not written as ASCII writes them (UTF-16, UTF-7). */
gboolean kyso_xml_insertion_is_possible(GBytes *xml, guint n_elements, GError **error);

/* Into the element that is the @element-th to begin (from 0: the root). @xml has been read as XML
 * without a DOCTYPE; @text is ASCII. KYSO_ERROR_INVALID_XML: there are not so many. */
GBytes *kyso_xml_insertion_splice(GBytes *xml, guint element, GBytes *text, GError **error);
