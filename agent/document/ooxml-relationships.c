/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/ooxml-relationships.h"

#include <string.h>

#include "agent/document/ooxml-names.h"
#include "agent/document/xml-parse.h"
#include "ipc/base/error.h"

#define FOLDER "_rels/"
#define SUFFIX ".rels"

static void
relationship_clear(gpointer data)
{
    KysoRelationship *self = data;

    g_free(self->id);
    g_free(self->type);
    g_free(self->target);
}

static gboolean
fail(GError **error, const char *what)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, "its relationships: %s", what);
    return FALSE;
}

static gboolean
has_only(const xmlNode *node, const char *const *names)
{
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next)
        if (attribute->ns != NULL || !g_strv_contains(names, (const char *) attribute->name))
            return FALSE;
    return TRUE;
}

/* White space and comments, which the transform drops; nothing else. */
static gboolean
is_empty(const xmlNode *node)
{
    return node->type == XML_COMMENT_NODE || (node->type == XML_TEXT_NODE && xmlIsBlankNode(node));
}

/* An xsd:ID has none of these, and needs no escape where it is written. */
static gboolean
is_id(const char *text)
{
    return text != NULL && *text != '\0' && strpbrk(text, "&<>\"' \t\r\n") == NULL;
}

static gboolean
take(GArray *self, GHashTable *ids, const xmlNode *node, GError **error)
{
    static const char *const names[] = {"Id", "Type", "Target", "TargetMode", NULL};
    g_autofree char *mode = kyso_xml_parse_attribute(node, "TargetMode");
    KysoRelationship item = {
        kyso_xml_parse_attribute(node, "Id"),
        kyso_xml_parse_attribute(node, "Type"),
        kyso_xml_parse_attribute(node, "Target"),
        g_strcmp0(mode, "External") == 0,
    };
    gboolean is_good = is_id(item.id) && item.type != NULL && item.target != NULL &&
                       (mode == NULL || item.is_external || strcmp(mode, "Internal") == 0) &&
                       has_only(node, names);

    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        is_good &= is_empty(child);
    if (!is_good || !g_hash_table_add(ids, g_strdup(item.id))) {
        relationship_clear(&item);
        return fail(error, is_good ? "two of one Id" : "one that is not as it should be");
    }
    g_array_append_val(self, item);
    return TRUE;
}

GArray *
kyso_ooxml_relationships_read(xmlDoc *doc, GError **error)
{
    static const char *const none[] = {NULL};
    const xmlNode *root = xmlDocGetRootElement(doc);
    g_autoptr(GArray) self = g_array_new(FALSE, FALSE, sizeof(KysoRelationship));
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    g_array_set_clear_func(self, relationship_clear);
    if (!kyso_xml_parse_is(root, KYSO_OOXML_RELATIONSHIPS, "Relationships") ||
        !has_only(root, none)) {
        fail(error, "none");
        return NULL;
    }
    for (const xmlNode *node = root->children; node != NULL; node = node->next) {
        if (is_empty(node))
            continue;
        if (!kyso_xml_parse_is(node, KYSO_OOXML_RELATIONSHIPS, "Relationship")) {
            fail(error, "something else among them");
            return NULL;
        }
        if (!take(self, ids, node, error))
            return NULL;
    }
    return g_steal_pointer(&self);
}

gboolean
kyso_ooxml_relationships_changes(const KysoRelationship *relationship)
{
    static const char *const types[] = {
        KYSO_OOXML_ORIGIN,
        KYSO_OOXML_RELATIONSHIPS "/metadata/core-properties",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties",
        "http://purl.oclc.org/ooxml/officeDocument/relationships/extendedProperties",
        NULL,
    };
    return g_strv_contains(types, relationship->type);
}

gboolean
kyso_ooxml_relationships_may_go(const KysoRelationship *relationship)
{
    static const char *const types[] = {
        KYSO_OOXML_RELATIONSHIPS "/metadata/thumbnail",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
        "http://purl.oclc.org/ooxml/officeDocument/relationships/customProperties",
        NULL,
    };
    return kyso_ooxml_relationships_changes(relationship) ||
           g_strv_contains(types, relationship->type);
}

/* Canonical XML 1.0 §2.3, of an attribute's value. */
static void
append_value(GString *text, const char *name, const char *value)
{
    g_string_append_printf(text, " %s=\"", name);
    for (; *value != '\0'; value++) {
        switch (*value) {
        case '&':
            g_string_append(text, "&amp;");
            break;
        case '<':
            g_string_append(text, "&lt;");
            break;
        case '"':
            g_string_append(text, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r':
            g_string_append_printf(text, "&#x%X;", (guint) *value);
            break;
        default:
            g_string_append_c(text, *value);
        }
    }
    g_string_append_c(text, '"');
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const KysoRelationship *const *one = a, *const *other = b;
    return strcmp((*one)->id, (*other)->id);
}

char *
kyso_ooxml_relationships_transform(const GArray *self, GHashTable *ids)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GString *text = g_string_new("<Relationships xmlns=\"" KYSO_OOXML_RELATIONSHIPS "\">");

    for (guint i = 0; i < self->len; i++) {
        KysoRelationship *item = &g_array_index(self, KysoRelationship, i);
        if (g_hash_table_contains(ids, item->id))
            g_ptr_array_add(sorted, item);
    }
    g_ptr_array_sort(sorted, compare);
    for (guint i = 0; i < sorted->len; i++) {
        const KysoRelationship *item = sorted->pdata[i];
        g_string_append(text, "<Relationship");
        append_value(text, "Id", item->id);
        append_value(text, "Target", item->target);
        append_value(text, "TargetMode", item->is_external ? "External" : "Internal");
        append_value(text, "Type", item->type);
        g_string_append(text, "></Relationship>");
    }
    g_string_append(text, "</Relationships>");
    return g_string_free(text, FALSE);
}

gboolean
kyso_ooxml_relationships_is_part(const char *name)
{
    const char *file = strrchr(name, '/');
    const char *folder = file != NULL ? file + 1 - strlen(FOLDER) : name;

    return file != NULL && g_str_has_suffix(name, SUFFIX) && folder >= name &&
           g_str_has_prefix(folder, FOLDER) && (folder == name || folder[-1] == '/');
}

char *
kyso_ooxml_relationships_resolve(const char *source, const KysoRelationship *relationship)
{
    if (relationship->is_external)
        return NULL;
    g_autofree char *base = g_strconcat("pack://package/", source, NULL);
    g_autoptr(GUri) from = g_uri_parse(base, G_URI_FLAGS_ENCODED, NULL);
    g_autoptr(GUri) to =
        from != NULL ? g_uri_parse_relative(from, relationship->target, G_URI_FLAGS_ENCODED, NULL)
                     : NULL;

    if (to == NULL || g_strcmp0(g_uri_get_scheme(to), "pack") != 0 ||
        g_strcmp0(g_uri_get_host(to), "package") != 0 || *g_uri_get_path(to) != '/')
        return NULL;
    return g_strdup(g_uri_get_path(to) + 1);
}
