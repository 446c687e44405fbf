/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Text put in at the end of the root element of an XML document, all other bytes left as they
 * stand. Pure; thread-safe.
 */

#include <glib.h>

/* Can it be done? KYSO_ERROR_INVALID_XML as below. */
gboolean kyso_xml_insertion_is_possible(GBytes *xml, GError **error);

/* @xml has been read as XML without a DOCTYPE; @text is ASCII. KYSO_ERROR_INVALID_XML: its letters
 * are not written as ASCII writes them (UTF-16). */
GBytes *kyso_xml_insertion_splice(GBytes *xml, GBytes *text, GError **error);
