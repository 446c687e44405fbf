/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/ooxml-parts.h"

#include <string.h>

#include "agent/document/ooxml-names.h"
#include "agent/document/ooxml-relationships.h"
#include "agent/document/package-view.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-signature.h"
#include "ipc/base/error.h"

#define PROPERTIES "docProps/" /* where Office has them: what stands elsewhere may be content */

static gboolean
fail(GError **error, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, what);
    return FALSE;
}

/* Names of parts are the same in capital and in small letters (§9.1.1.1). */
static gboolean
check_names(const KysoPackage *package, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint index;

    if (kyso_package_find(package, "mimetype", &index))
        return fail(error, "two kinds of document in one");
    for (guint i = 0; i < kyso_package_count(package); i++) {
        if (!g_hash_table_add(seen, g_ascii_strdown(kyso_package_name(package, i), -1)))
            return fail(error, "two parts of one name");
    }
    return TRUE;
}

/* No white space or parameter, and nothing that XML would have to escape. */
static gboolean
is_media_type(const char *text)
{
    return text != NULL && strchr(text, '/') != NULL &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                        "/.+-_!#$^") == strlen(text);
}

static gboolean
take_type(KysoOoxmlParts *self, const xmlNode *node, GError **error)
{
    gboolean is_default = kyso_xml_parse_is(node, KYSO_OOXML_TYPES, "Default");
    g_autofree char *key = kyso_xml_parse_attribute(node, is_default ? "Extension" : "PartName");
    g_autofree char *type = kyso_xml_parse_attribute(node, "ContentType");

    if ((!is_default && !kyso_xml_parse_is(node, KYSO_OOXML_TYPES, "Override")) || key == NULL ||
        !is_media_type(type) ||
        !g_hash_table_insert(is_default ? self->defaults : self->types, g_ascii_strdown(key, -1),
                             g_steal_pointer(&type)))
        return fail(error, "its list of media types is not as it should be");
    return TRUE;
}

static gboolean
read_types(KysoOoxmlParts *self, GError **error)
{
    guint index = 0;

    kyso_package_find(self->package, KYSO_OOXML_TYPES_ENTRY, &index);
    g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->package, index, NULL);
    const xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    if (!kyso_xml_parse_is(root, KYSO_OOXML_TYPES, "Types"))
        return fail(error, "its list of media types is none");
    for (const xmlNode *node = root->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !take_type(self, node, error))
            return FALSE;
    return TRUE;
}

const char *
kyso_ooxml_parts_type(const KysoOoxmlParts *self, const char *name)
{
    g_autofree char *small = g_ascii_strdown(name, -1);
    g_autofree char *key = g_strconcat("/", small, NULL);
    const char *type = g_hash_table_lookup(self->types, key);
    const char *extension = strrchr(small, '.');

    if (type == NULL && extension != NULL && strchr(extension, '/') == NULL)
        type = g_hash_table_lookup(self->defaults, extension + 1);
    return type;
}

char *
kyso_ooxml_parts_relationships_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *file = slash != NULL ? slash + 1 : name;
    g_autofree char *folder = g_strndup(name, (gsize) (file - name));

    return g_strconcat(folder, "_rels/", file, ".rels", NULL);
}

GArray *
kyso_ooxml_parts_relationships(const KysoOoxmlParts *self, guint index, GError **error)
{
    g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->package, index, NULL);

    if (doc != NULL)
        return kyso_ooxml_relationships_read(doc, error);
    fail(error, "its relationships are no XML");
    return NULL;
}

static gboolean
is_main(const char *type)
{
    return g_str_has_prefix(type, KYSO_OOXML_MEDIA "officedocument.") ||
           g_str_has_prefix(type, "application/vnd.ms-word.") ||
           g_str_has_prefix(type, "application/vnd.ms-excel.") ||
           g_str_has_prefix(type, "application/vnd.ms-powerpoint.");
}

static gboolean
take_root(KysoOoxmlParts *self, const KysoRelationship *item, GError **error)
{
    char *target = kyso_ooxml_relationships_resolve("", item);
    const char *type = target != NULL ? kyso_ooxml_parts_type(self, target) : NULL;

    if (strcmp(item->type, KYSO_OOXML_ORIGIN) == 0) {
        if (target == NULL || self->origin != NULL) {
            g_free(target);
            return fail(error, "several origins of signatures");
        }
        self->origin = target;
    } else if (g_str_has_suffix(item->type, "/officeDocument") && target != NULL) {
        if (self->document != NULL || type == NULL || !is_main(type)) {
            g_free(target);
            return fail(error, "not one main part");
        }
        self->document = target;
    } else if (kyso_ooxml_relationships_may_go(item) && target != NULL &&
               g_str_has_prefix(target, PROPERTIES)) {
        g_hash_table_insert(self->optional, target,
                            GINT_TO_POINTER(kyso_ooxml_relationships_changes(item)));
    } else {
        g_free(target);
    }
    return TRUE;
}

static gboolean
read_root(KysoOoxmlParts *self, GError **error)
{
    guint index;

    if (!kyso_package_find(self->package, KYSO_OOXML_ROOT_ENTRY, &index))
        return fail(error, "the package has no relationships");
    g_autoptr(GArray) list = kyso_ooxml_parts_relationships(self, index, error);
    if (list == NULL)
        return FALSE;
    for (guint i = 0; i < list->len; i++)
        if (!take_root(self, &g_array_index(list, KysoRelationship, i), error))
            return FALSE;
    if (self->document != NULL)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED,
                        "no document of Word, Excel or PowerPoint");
    return FALSE;
}

static gboolean
take_signature(KysoOoxmlParts *self, const KysoRelationship *item, GError **error)
{
    guint index;
    char *name = strcmp(item->type, KYSO_OOXML_SIGNATURE) == 0
                     ? kyso_ooxml_relationships_resolve(self->origin, item)
                     : NULL;

    if (name == NULL || !kyso_package_find(self->package, name, &index) ||
        g_ptr_array_find_with_equal_func(self->signatures, name, g_str_equal, NULL)) {
        g_free(name);
        return fail(error, "a signature that is not there");
    }
    g_ptr_array_add(self->signatures, name);
    if (self->signatures->len <= KYSO_XML_MAX_SIGNATURES)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d signatures",
                KYSO_XML_MAX_SIGNATURES);
    return FALSE;
}

static gboolean
read_signatures(KysoOoxmlParts *self, GError **error)
{
    guint index;

    if (self->origin == NULL)
        return TRUE;
    g_autofree char *name = kyso_ooxml_parts_relationships_name(self->origin);
    if (!kyso_package_find(self->package, name, &index))
        return TRUE;
    g_autoptr(GArray) list = kyso_ooxml_parts_relationships(self, index, error);
    for (guint i = 0; list != NULL && i < list->len; i++)
        if (!take_signature(self, &g_array_index(list, KysoRelationship, i), error))
            return FALSE;
    return list != NULL;
}

KysoOoxmlParts *
kyso_ooxml_parts_read(KysoPackage *package, GError **error)
{
    g_autoptr(KysoOoxmlParts) self = g_new0(KysoOoxmlParts, 1);

    self->package = package;
    self->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->defaults = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->optional = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->signatures = g_ptr_array_new_with_free_func(g_free);
    if (!check_names(package, error) || !read_types(self, error) || !read_root(self, error) ||
        !read_signatures(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
kyso_ooxml_parts_free(KysoOoxmlParts *self)
{
    g_hash_table_unref(self->types);
    g_hash_table_unref(self->defaults);
    g_hash_table_unref(self->optional);
    g_ptr_array_unref(self->signatures);
    g_free(self->document);
    g_free(self->origin);
    g_free(self);
}

/* The part itself, or that with its relationships. */
static gboolean
is_origin(const KysoOoxmlParts *self, const char *name)
{
    if (self->origin == NULL)
        return FALSE;
    g_autofree char *relationships = kyso_ooxml_parts_relationships_name(self->origin);
    return strcmp(name, self->origin) == 0 || strcmp(name, relationships) == 0;
}

/* Neither the list of media types, nor of the signatures. */
static gboolean
is_of_document(const KysoOoxmlParts *self, const char *name)
{
    return strcmp(name, KYSO_OOXML_TYPES_ENTRY) != 0 && !is_origin(self, name) &&
           !g_ptr_array_find_with_equal_func(self->signatures, name, g_str_equal, NULL);
}

gboolean
kyso_ooxml_parts_must_be_signed(const KysoOoxmlParts *self, guint index)
{
    const char *name = kyso_package_name(self->package, index);
    return is_of_document(self, name) && !g_hash_table_contains(self->optional, name);
}

gboolean
kyso_ooxml_parts_is_signed(const KysoOoxmlParts *self, guint index)
{
    const char *name = kyso_package_name(self->package, index);
    return is_of_document(self, name) &&
           !GPOINTER_TO_INT(g_hash_table_lookup(self->optional, name));
}
