/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/ooxml-inspect.h"

#include <string.h>

#include "agent/document/ooxml-names.h"
#include "agent/document/ooxml-parts.h"
#include "agent/document/ooxml-relationships.h"
#include "agent/document/xml-extension.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-reference.h"
#include "ipc/base/error.h"

#define TYPE_QUERY "ContentType="

typedef struct {
    KysoPackageView *view;
    const KysoOoxmlParts *parts;
} Inspection;

/* Reading what signatures are about */

/* The file that @uri, "/name?ContentType=type", names, if it is of that type. */
static gboolean
find_part(const Inspection *self, const char *uri, guint *ret_index)
{
    const char *query = strchr(uri, '?');

    if (*uri != '/' || query == NULL || !g_str_has_prefix(query + 1, TYPE_QUERY))
        return FALSE;
    g_autofree char *name = g_strndup(uri + 1, (gsize) (query - uri) - 1);
    g_autofree char *plain = g_uri_unescape_string(name, NULL);
    if (!kyso_package_find(self->view->package, name, ret_index) &&
        (plain == NULL || !kyso_package_find(self->view->package, plain, ret_index)))
        return FALSE;
    const char *type =
        kyso_ooxml_parts_type(self->parts, kyso_package_name(self->view->package, *ret_index));
    return type != NULL && g_ascii_strcasecmp(type, query + 1 + strlen(TYPE_QUERY)) == 0;
}

static void
add_type(GHashTable *ids, const GArray *list, const char *type)
{
    for (guint i = 0; i < list->len; i++) {
        const KysoRelationship *item = &g_array_index(list, KysoRelationship, i);
        if (strcmp(item->type, type) == 0)
            g_hash_table_add(ids, g_strdup(item->id));
    }
}

/* The Ids that the transform selects (§13.2.4.24); FALSE where it says more than we know. */
static gboolean
read_selection(const xmlNode *transform, const GArray *list, GHashTable *ids)
{
    for (const xmlNode *node = transform->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        gboolean is_group =
            kyso_xml_parse_is(node, KYSO_XML_OOXML_SIGNATURES, "RelationshipsGroupReference");
        char *value = kyso_xml_parse_attribute(node, is_group ? "SourceType" : "SourceId");
        if (value == NULL || (!is_group && !kyso_xml_parse_is(node, KYSO_XML_OOXML_SIGNATURES,
                                                              "RelationshipReference"))) {
            g_free(value);
            return FALSE;
        }
        if (!is_group) {
            g_hash_table_add(ids, value);
            continue;
        }
        add_type(ids, list, value);
        g_free(value);
    }
    return TRUE;
}

/* Is no relationship left out that makes the document what it is? */
static gboolean
is_all(const Inspection *self, guint index, const GArray *list, GHashTable *ids)
{
    gboolean is_root =
        strcmp(kyso_package_name(self->view->package, index), KYSO_OOXML_ROOT_ENTRY) == 0;

    for (guint i = 0; i < list->len; i++) {
        const KysoRelationship *item = &g_array_index(list, KysoRelationship, i);
        if (!g_hash_table_contains(ids, item->id) &&
            !(is_root && kyso_ooxml_relationships_may_go(item)))
            return FALSE;
    }
    return TRUE;
}

static gboolean
write_relationships(const Inspection *self, const GArray *list, GHashTable *ids, KysoXmlPart *ret)
{
    g_autofree char *text = kyso_ooxml_relationships_transform(list, ids);
    gsize size = strlen(text);

    *ret = (KysoXmlPart){self->view->output->size, (goffset) size};
    return kyso_xml_output_write(self->view->output, text, size, NULL);
}

/* Relationships that are only in part what is signed have no name: they cover nothing. */
static json_t *
resolve_relationships(const Inspection *self, guint index, const KysoXmlTransforms *transforms)
{
    g_autoptr(GArray) list = kyso_ooxml_parts_relationships(self->parts, index, NULL);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    KysoXmlPart part;

    if (list == NULL || transforms->method == NULL ||
        !read_selection(transforms->relationships, list, ids) ||
        !write_relationships(self, list, ids, &part))
        return NULL;
    return is_all(self, index, list, ids)
               ? kyso_package_view_describe(self->view, index, &part, TRUE)
               : kyso_xml_reference_part(&part);
}

static json_t *
resolve(const char *uri, const KysoXmlTransforms *transforms, gpointer user_data)
{
    const Inspection *self = user_data;
    KysoXmlPart part;
    guint index;

    if (!find_part(self, uri, &index))
        return NULL;
    if (transforms->relationships != NULL)
        return kyso_ooxml_relationships_is_part(kyso_package_name(self->view->package, index))
                   ? resolve_relationships(self, index, transforms)
                   : NULL;
    if (!kyso_package_view_write(self->view, index, transforms->method, &part))
        return NULL;
    return kyso_package_view_describe(self->view, index, &part, transforms->method != NULL);
}

static json_t *
read_signature(Inspection *self, const char *name, GError **error)
{
    guint index = 0;

    kyso_package_find(self->view->package, name, &index);
    g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->view->package, index, error);
    xmlNode *root = doc != NULL ? xmlDocGetRootElement(doc) : NULL;
    if (doc != NULL && !kyso_xml_parse_is(root, KYSO_XML_DSIG, "Signature"))
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, "\"%.100s\" is no signature",
                    name);
    else if (doc != NULL) {
        KysoXmlSignatureSource source = {.doc = doc,
                                         .output = self->view->output,
                                         .resolve = resolve,
                                         .user_data = self,
                                         .has_manifests = TRUE};
        return kyso_xml_signature_read(&source, root, error);
    }
    return NULL;
}

static json_t *
read_signatures(Inspection *self, GError **error)
{
    g_autoptr(json_t) list = json_array();

    for (guint i = 0; i < self->parts->signatures->len; i++) {
        json_t *item = read_signature(self, self->parts->signatures->pdata[i], error);
        if (item == NULL)
            return NULL;
        json_array_append_new(list, item);
    }
    return g_steal_pointer(&list);
}

static json_t *
list_entries(const Inspection *self)
{
    json_t *names = json_array();

    for (guint i = 0; i < kyso_package_count(self->view->package); i++)
        if (kyso_ooxml_parts_must_be_signed(self->parts, i))
            json_array_append_new(names, json_string(kyso_package_name(self->view->package, i)));
    return names;
}

/* What a new signature is about */

static json_t *
write_selected(const Inspection *self, guint index, GError **error)
{
    g_autoptr(GArray) list = kyso_ooxml_parts_relationships(self->parts, index, error);
    g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean is_root =
        strcmp(kyso_package_name(self->view->package, index), KYSO_OOXML_ROOT_ENTRY) == 0;
    g_autoptr(json_t) selected = json_array();
    KysoXmlPart part;

    if (list == NULL)
        return NULL;
    for (guint i = 0; i < list->len; i++) {
        const KysoRelationship *item = &g_array_index(list, KysoRelationship, i);
        if (is_root && kyso_ooxml_relationships_changes(item))
            continue;
        g_hash_table_add(ids, g_strdup(item->id));
        json_array_append_new(selected, json_string(item->id));
    }
    if (!write_relationships(self, list, ids, &part)) {
        kyso_package_view_set_error(self->view, index, error);
        return NULL;
    }
    json_t *json = kyso_package_view_describe(self->view, index, &part, TRUE);
    json_object_set(json, "relationships", selected);
    return json;
}

static json_t *
write_content(const Inspection *self, guint index, GError **error)
{
    const char *name = kyso_package_name(self->view->package, index);
    const char *type = kyso_ooxml_parts_type(self->parts, name);
    json_t *json = NULL;
    KysoXmlPart part;

    if (type == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER, "\"%.100s\" has no media type",
                    name);
        return NULL;
    }
    if (kyso_ooxml_relationships_is_part(name))
        json = write_selected(self, index, error);
    else if (!kyso_package_view_write(self->view, index, NULL, &part))
        kyso_package_view_set_error(self->view, index, error);
    else
        json = kyso_package_view_describe(self->view, index, &part, FALSE);
    if (json != NULL)
        json_object_set_new(json, "media_type", json_string(type));
    return json;
}

static json_t *
write_contents(const Inspection *self, GError **error)
{
    g_autoptr(json_t) list = json_array();

    for (guint i = 0; i < kyso_package_count(self->view->package); i++) {
        if (!kyso_ooxml_parts_is_signed(self->parts, i))
            continue;
        json_t *item = write_content(self, i, error);
        if (item == NULL)
            return NULL;
        json_array_append_new(list, item);
    }
    return g_steal_pointer(&list);
}

static gboolean
has_words(const char *type)
{
    static const char *const kinds[] = {
        "wordprocessingml.document.main+xml", "wordprocessingml.template.main+xml",
        "wordprocessingml.header+xml",        "wordprocessingml.footer+xml",
        "spreadsheetml.sharedStrings+xml",    "spreadsheetml.worksheet+xml",
        "presentationml.slide+xml",           "document.macroEnabled.main+xml",
    };

    for (guint i = 0; type != NULL && i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_suffix(type, kinds[i]))
            return TRUE;
    return FALSE;
}

static json_t *
read_text(const Inspection *self)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < kyso_package_count(self->view->package); i++) {
        const char *name = kyso_package_name(self->view->package, i);
        if (has_words(kyso_ooxml_parts_type(self->parts, name)))
            kyso_package_view_add_text(self->view, i, text);
    }
    return json_string(text->str);
}

json_t *
kyso_ooxml_inspect(KysoPackageView *view, gboolean for_signing, GError **error)
{
    g_autoptr(KysoOoxmlParts) parts = kyso_ooxml_parts_read(view->package, error);
    Inspection self = {view, parts};

    if (parts == NULL)
        return NULL;
    json_t *contents = for_signing ? write_contents(&self, error) : json_null();
    if (contents == NULL)
        return NULL;
    g_autoptr(json_t) json = json_pack("{s:s, s:o, s:o}", "kind", "ooxml", "entries",
                                       list_entries(&self), "contents", contents);
    json_t *signatures = read_signatures(&self, error);
    if (signatures == NULL)
        return NULL;
    json_object_set_new(json, "signatures", signatures);
    if (for_signing)
        json_object_set_new(json, "text", read_text(&self));
    return g_steal_pointer(&json);
}

GBytes *
kyso_ooxml_inspect_extend(KysoPackage *package, GBytes *data, guint signature, GBytes *timestamp,
                          GError **error)
{
    g_autoptr(KysoOoxmlParts) parts = kyso_ooxml_parts_read(package, error);
    guint index = 0;

    if (parts == NULL)
        return NULL;
    if (signature >= parts->signatures->len) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "it has %u signatures",
                    parts->signatures->len);
        return NULL;
    }
    const char *name = parts->signatures->pdata[signature];
    kyso_package_find(package, name, &index);
    g_autoptr(GBytes) file = kyso_package_read(package, index, error);
    gsize size = 0;
    const void *bytes = file != NULL ? g_bytes_get_data(file, &size) : NULL;
    g_autoptr(xmlDoc) doc = file != NULL ? kyso_xml_parse(bytes, size, error) : NULL;
    g_autoptr(GBytes) content =
        doc != NULL ? kyso_xml_extension_add(file, xmlDocGetRootElement(doc), timestamp, error)
                    : NULL;
    const KysoPackageFile changed = {name, content};
    return content != NULL ? kyso_package_put(data, &changed, 1, error) : NULL;
}
