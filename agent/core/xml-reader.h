/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent's side of kyso-document-xml: one sandboxed process a document. It is believed for what
 * the canonical form of a document is, as no one else parses it; all hashes are the agent's own.
 * Main thread only.
 */

#include "agent/core/agent.h"
#include "ipc/wire/helper.h"

/* What xml.inspect found (agent/document/README.md), and the bytes that it names. */
typedef struct {
    json_t *facts;
    KysoFd content;
    goffset content_size;
} KysoXmlInspection;
void kyso_xml_inspection_free(KysoXmlInspection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoXmlInspection, kyso_xml_inspection_free)

/* By how @fd begins: a zip, markup, or what Office wrote until 2007 (to say that clearly). */
gboolean kyso_xml_reader_knows(int fd, goffset size);

/* A reader for one document, starting; ended when dropped. */
KysoHelper *kyso_xml_reader_new(void);

/* @for_signing: what a new signature would be about, too; @leaves_signatures: without the
 * signatures that are there. */
void kyso_xml_reader_inspect_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   gboolean for_signing, gboolean leaves_signatures,
                                   GAsyncReadyCallback done, gpointer user_data);

/* KYSO_ERROR_INVALID_XML, _INVALID_CONTAINER, _OFFICE_FORMAT_UNSUPPORTED, _DOCUMENT_*. */
KysoXmlInspection *kyso_xml_reader_inspect_finish(KysoHelper *self, GAsyncResult *result,
                                                  GError **error);

/* The document with the element @signature in it. FALSE: @done is not called;
 * KYSO_ERROR_INTERNAL. */
gboolean kyso_xml_reader_enclose_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                       int document, GBytes *signature, GAsyncReadyCallback done,
                                       gpointer user_data, GError **error);

/* The document with the element @timestamp among the unsigned properties of the signature of this
 * index. Ends with kyso_xml_reader_enclose_finish: KYSO_ERROR_NOT_SUPPORTED, a signature without
 * properties. FALSE as above. */
gboolean kyso_xml_reader_extend_async(KysoHelper *self, KysoAgent *agent, KysoJob *job,
                                      int document, guint signature, GBytes *timestamp,
                                      GAsyncReadyCallback done, gpointer user_data, GError **error);

/* A descriptor of the result, or -1. */
int kyso_xml_reader_enclose_finish(KysoHelper *self, GAsyncResult *result, GError **error);
