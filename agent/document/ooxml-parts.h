/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What each file of an Office Open XML package is (ISO/IEC 29500-2 §9, §10): its media type, and
 * whether it belongs to the document, to its properties or to its signatures. By the relationships
 * that lead to it, as Office reads them, never by its name alone. Main thread only.
 */

#include "agent/document/package.h"

typedef struct {
    KysoPackage *package;  /* borrowed */
    GHashTable *types;     /* of parts: "/name" in small letters -> media type */
    GHashTable *defaults;  /* of extensions in small letters */
    char *document;        /* the main part */
    char *origin;          /* of the signatures, or NULL */
    GHashTable *optional;  /* names of properties and preview -> does nobody sign it? */
    GPtrArray *signatures; /* names of the parts with a signature, in order */
} KysoOoxmlParts;

/* @package must live as long. KYSO_ERROR_INVALID_CONTAINER; KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED: a
 * package of this kind, but no document of Word, Excel or PowerPoint. */
KysoOoxmlParts *kyso_ooxml_parts_read(KysoPackage *package, GError **error);
void kyso_ooxml_parts_free(KysoOoxmlParts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoOoxmlParts, kyso_ooxml_parts_free)

/* NULL: it has none. */
const char *kyso_ooxml_parts_type(const KysoOoxmlParts *self, const char *name);

/* Must a signature over the document be over this file? Not over the list of media types (it names
 * them with each part instead), what belongs to the signatures, nor the document's properties. */
gboolean kyso_ooxml_parts_must_be_signed(const KysoOoxmlParts *self, guint index);

/* Do we sign it? That, and the properties which nothing but an editor changes. */
gboolean kyso_ooxml_parts_is_signed(const KysoOoxmlParts *self, guint index);

/* The relationships in the part @index, KysoRelationship. As kyso_ooxml_relationships_read. */
GArray *kyso_ooxml_parts_relationships(const KysoOoxmlParts *self, guint index, GError **error);

/* The name of the part with the relationships of the part @name. g_free. */
char *kyso_ooxml_parts_relationships_name(const char *name);
