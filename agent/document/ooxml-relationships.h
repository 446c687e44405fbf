/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A Relationships part of an Office Open XML package (ISO/IEC 29500-2 §9.3), and its form under the
 * Relationships Transform, in which it is signed (§13.2.4.24).
 *
 * Strict: what is neither Relationships nor Relationship, or has other attributes, is refused, so
 * that no reader finds a relationship where this one found none. Main thread only.
 */

#include <glib.h>
#include <libxml/tree.h>

typedef struct {
    char *id, *type, *target;
    gboolean is_external;
} KysoRelationship;

/* KysoRelationship. KYSO_ERROR_INVALID_CONTAINER. g_array_unref. */
GArray *kyso_ooxml_relationships_read(xmlDoc *doc, GError **error);

/* Is it one of the whole document's that changes when others sign, or only look at it: its core
 * and extended properties, its signatures? By its type alone. Nobody signs these. */
gboolean kyso_ooxml_relationships_changes(const KysoRelationship *relationship);

/* Is it one that may go unsigned: as above, and further properties and the preview, which Office
 * leaves out? */
gboolean kyso_ooxml_relationships_may_go(const KysoRelationship *relationship);

/* The canonical XML of those whose Id is in @ids (a set of text), after the transform. g_free. */
char *kyso_ooxml_relationships_transform(const GArray *self, GHashTable *ids);

/* Is this the name of a Relationships part? */
gboolean kyso_ooxml_relationships_is_part(const char *name);

/* The name of the part that @relationship of the part @source ("": the package) leads to; NULL: to
 * none in the package. g_free. */
char *kyso_ooxml_relationships_resolve(const char *source, const KysoRelationship *relationship);
