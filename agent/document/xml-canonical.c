/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-canonical.h"

#include <libxml/c14n.h>
#include <libxml/xmlIO.h>
#include <string.h>

#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "ipc/base/error.h"

static const struct {
    const char *uri;
    xmlC14NMode mode;
    int with_comments;
} METHODS[] = {
    {KYSO_XML_C14N, XML_C14N_1_0, 0},
    {KYSO_XML_C14N "#WithComments", XML_C14N_1_0, 1},
    {KYSO_XML_C14N11, XML_C14N_1_1, 0},
    {KYSO_XML_C14N11 "#WithComments", XML_C14N_1_1, 1},
    {KYSO_XML_EXCLUSIVE, XML_C14N_EXCLUSIVE_1_0, 0},
    {KYSO_XML_EXCLUSIVE "WithComments", XML_C14N_EXCLUSIVE_1_0, 1},
};

typedef struct {
    const KysoXmlSelection *selection;
    KysoXmlOutput *output;
} Walk;

gboolean
kyso_xml_output_init(KysoXmlOutput *self, GError **error)
{
    self->size = 0;
    self->fault = 0;
    self->fd = kyso_fd_new_memory("content", "", 0, error);
    return self->fd >= 0;
}

void
kyso_xml_output_clear(KysoXmlOutput *self)
{
    kyso_fd_clear(&self->fd);
}

gboolean
kyso_xml_output_write(KysoXmlOutput *self, const void *data, gsize size, GError **error)
{
    if (self->fault == 0 && size > (gsize) (KYSO_XML_OUTPUT_MAX - self->size)) {
        self->fault = KYSO_ERROR_DOCUMENT_TOO_LARGE;
        g_set_error(error, KYSO_ERROR, self->fault, "its content is over %d bytes",
                    KYSO_XML_OUTPUT_MAX);
    }
    if (self->fault != 0)
        return FALSE;
    if (!kyso_fd_write_at(self->fd, data, size, self->size, error)) {
        self->fault = KYSO_ERROR_INTERNAL;
        return FALSE;
    }
    self->size += (goffset) size;
    return TRUE;
}

static int
write_block(void *context, const char *data, int size)
{
    Walk *walk = context;
    return kyso_xml_output_write(walk->output, data, (gsize) size, NULL) ? size : -1;
}

/* Of a namespace, @parent is the element that has it in scope. */
static int
is_visible(void *context, xmlNodePtr node, xmlNodePtr parent)
{
    const Walk *walk = context;
    const KysoXmlSelection *selection = walk->selection;
    gboolean is_inside = selection->only == NULL;

    if (walk->output->fault != 0)
        return 0; /* nothing more is taken: be quick */
    if (node == NULL)
        return 0;
    if (node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE)
        node = parent;
    for (; node != NULL && node->type != XML_DOCUMENT_NODE; node = node->parent) {
        if (node == selection->without ||
            (selection->without_signatures && kyso_xml_parse_is(node, KYSO_XML_DSIG, "Signature")))
            return 0;
        is_inside |= node == selection->only;
    }
    return is_inside;
}

static gsize
find_method(const char *uri)
{
    for (gsize i = 0; i < G_N_ELEMENTS(METHODS); i++)
        if (g_strcmp0(METHODS[i].uri, uri != NULL ? uri : KYSO_XML_C14N) == 0)
            return i;
    return G_N_ELEMENTS(METHODS);
}

gboolean
kyso_xml_canonical_knows(const char *method)
{
    return method != NULL && find_method(method) < G_N_ELEMENTS(METHODS);
}

gboolean
kyso_xml_canonical_write(xmlDoc *doc, const KysoXmlSelection *selection, KysoXmlOutput *output,
                         KysoXmlPart *ret, GError **error)
{
    Walk walk = {selection, output};
    gsize method = find_method(selection->method);

    g_return_val_if_fail(method < G_N_ELEMENTS(METHODS), FALSE);
    ret->offset = output->size;
    xmlOutputBuffer *buffer = xmlOutputBufferCreateIO(write_block, NULL, &walk, NULL);
    int status = buffer == NULL ? -1
                                : xmlC14NExecute(doc, is_visible, &walk, METHODS[method].mode,
                                                 (xmlChar **) selection->prefixes,
                                                 METHODS[method].with_comments, buffer);
    if (buffer != NULL && xmlOutputBufferClose(buffer) < 0)
        status = -1;
    ret->length = output->size - ret->offset;
    if (output->fault != 0)
        g_set_error_literal(error, KYSO_ERROR, output->fault, "its canonical form is too large");
    else if (status < 0)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML, "it has no canonical form");
    return output->fault == 0 && status >= 0;
}
