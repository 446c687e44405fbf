/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A timestamp put into a signature that is there already, among what it does not cover: the
 * unsigned signature properties (EN 319 132-1 §5.3). Main thread only.
 */

#include <glib.h>
#include <libxml/tree.h>

/* The document @xml, which @signature is a node of, with the element @timestamp in that signature;
 * all other bytes as they were. KYSO_ERROR_NOT_SUPPORTED: it has no properties of XAdES, or some
 * that nothing can be put into; KYSO_ERROR_INVALID_XML. */
GBytes *kyso_xml_extension_add(GBytes *xml, xmlNode *signature, GBytes *timestamp, GError **error);
