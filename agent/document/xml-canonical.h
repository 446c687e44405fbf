/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Canonical XML (C14N 1.0, 1.1, exclusive), by libxml2, of a document without some of its parts or
 * of one element, into one memfd that takes everything an answer has in bytes.
 *
 * Namespaces can make canonical XML as long as the square of its source: what is written is
 * bounded. Main thread only.
 */

#include <libxml/tree.h>

#include "ipc/base/descriptor.h"

#define KYSO_XML_OUTPUT_MAX (192 * 1024 * 1024) /* bytes of one answer */

typedef struct {
    KysoFd fd;
    goffset size;
    int fault; /* KysoErrorCode of a write that could not be; 0: none */
} KysoXmlOutput;

gboolean kyso_xml_output_init(KysoXmlOutput *self, GError **error);
void kyso_xml_output_clear(KysoXmlOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoXmlOutput, kyso_xml_output_clear)

/* Where one thing stands in the output. */
typedef struct {
    goffset offset, length;
} KysoXmlPart;

/* KYSO_ERROR_DOCUMENT_TOO_LARGE. */
gboolean kyso_xml_output_write(KysoXmlOutput *self, const void *data, gsize size, GError **error);

typedef struct {
    const xmlNode *only;         /* this element and what is below it; NULL: the whole document */
    const xmlNode *without;      /* but not this element; NULL: none is left out */
    gboolean without_signatures; /* nor any ds:Signature */
    const char *method;          /* URI; NULL: C14N 1.0 */
    char **prefixes;             /* of InclusiveNamespaces, or NULL */
} KysoXmlSelection;

/* Is @method one that can be used here? */
gboolean kyso_xml_canonical_knows(const char *method);

/* KYSO_ERROR_DOCUMENT_TOO_LARGE, KYSO_ERROR_INVALID_XML. */
gboolean kyso_xml_canonical_write(xmlDoc *doc, const KysoXmlSelection *selection,
                                  KysoXmlOutput *output, KysoXmlPart *ret, GError **error);
