/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/ooxml-update.h"

#include <string.h>

#include "agent/document/ooxml-names.h"
#include "agent/document/ooxml-parts.h"
#include "agent/document/ooxml-relationships.h"
#include "agent/document/package-view.h"
#include "agent/document/xml-parse.h"
#include "ipc/base/error.h"

#define ORIGIN "_xmlsignatures/origin.sigs"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define NO_RELATIONSHIPS                                                                           \
    DECLARATION "<Relationships xmlns=\"" KYSO_OOXML_RELATIONSHIPS "\"></Relationships>"

/* What is to be written, by name. */
typedef struct {
    KysoPackage *package;
    const KysoOoxmlParts *parts;
    GArray *files; /* of KysoPackageFile */
    GPtrArray *names;
} Update;

static void
file_clear(gpointer data)
{
    g_bytes_unref(((KysoPackageFile *) data)->content);
}

static void
update_clear(Update *self)
{
    g_clear_pointer(&self->files, g_array_unref);
    g_clear_pointer(&self->names, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Update, update_clear)

static void
add_file(Update *self, const char *name, GBytes *content)
{
    KysoPackageFile file = {g_strdup(name), content};

    g_ptr_array_add(self->names, (gpointer) file.name);
    g_array_append_val(self->files, file);
}

/* Without what stands between the elements. */
static void
add_tree(Update *self, const char *name, xmlDoc *doc)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlChar *text = NULL;
    int size = 0;

    for (xmlNode *node = root->children, *next; node != NULL; node = next) {
        next = node->next;
        if (node->type != XML_ELEMENT_NODE) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
    }
    xmlDocDumpMemoryEnc(doc, &text, &size, "UTF-8");
    add_file(self, name, g_bytes_new(text, (gsize) size));
    xmlFree(text);
}

/* Its child @name with these attributes. */
static void
add_child(xmlDoc *doc, const char *name, const char *const *attributes)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *node = xmlNewChild(root, root->ns, BAD_CAST name, NULL);

    for (; *attributes != NULL; attributes += 2)
        xmlSetProp(node, BAD_CAST attributes[0], BAD_CAST attributes[1]);
}

static gboolean
has_id(const xmlDoc *doc, const char *id)
{
    for (const xmlNode *node = xmlDocGetRootElement(doc)->children; node != NULL;
         node = node->next) {
        g_autofree char *used =
            node->type == XML_ELEMENT_NODE ? kyso_xml_parse_attribute(node, "Id") : NULL;
        if (g_strcmp0(used, id) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
add_relationship(xmlDoc *doc, const char *type, const char *target)
{
    g_autofree char *id = NULL;

    for (guint i = 1; id == NULL || has_id(doc, id); i++) {
        g_free(id);
        id = g_strdup_printf("rIdSignature%u", i);
    }
    const char *const attributes[] = {"Id", id, "Type", type, "Target", target, NULL};
    add_child(doc, "Relationship", attributes);
}

static xmlDoc *
parse_entry(const Update *self, const char *name, GError **error)
{
    guint index;

    return kyso_package_find(self->package, name, &index)
               ? kyso_package_view_parse(self->package, index, error)
               : kyso_xml_parse(NO_RELATIONSHIPS, strlen(NO_RELATIONSHIPS), error);
}

/* Beside the origin, as all readers find it; the first that no part has. g_free. */
static char *
new_name(const Update *self, const char *origin)
{
    const char *slash = strrchr(origin, '/');
    int length = slash != NULL ? (int) (slash + 1 - origin) : 0;
    guint index;

    for (guint i = 1;; i++) {
        char *name = g_strdup_printf("%.*ssig%u.xml", length, origin, i);
        if (!kyso_package_find(self->package, name, &index))
            return name;
        g_free(name);
    }
}

static gboolean
update_types(Update *self, const char *origin, const char *signature, GError **error)
{
    const char *const parts[][2] = {{origin, KYSO_OOXML_ORIGIN_TYPE},
                                    {signature, KYSO_OOXML_SIGNATURE_TYPE}};
    g_autoptr(xmlDoc) doc = parse_entry(self, KYSO_OOXML_TYPES_ENTRY, error);

    if (doc == NULL)
        return FALSE;
    if (!g_hash_table_contains(self->parts->defaults, "rels")) {
        const char *const attributes[] = {"Extension", "rels", "ContentType",
                                          KYSO_OOXML_RELATIONSHIPS_TYPE, NULL};
        add_child(doc, "Default", attributes);
    }
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (g_strcmp0(kyso_ooxml_parts_type(self->parts, parts[i][0]), parts[i][1]) == 0)
            continue;
        g_autofree char *name = g_strconcat("/", parts[i][0], NULL);
        const char *const attributes[] = {"PartName", name, "ContentType", parts[i][1], NULL};
        add_child(doc, "Override", attributes);
    }
    add_tree(self, KYSO_OOXML_TYPES_ENTRY, doc);
    return TRUE;
}

/* The package leads to the origin, and that to the signature. */
static gboolean
update_relationships(Update *self, const char *origin, const char *signature, GError **error)
{
    g_autofree char *name = kyso_ooxml_parts_relationships_name(origin);
    g_autofree char *target = g_path_get_basename(signature);
    g_autoptr(xmlDoc) doc = parse_entry(self, name, error);
    guint index;

    if (doc == NULL)
        return FALSE;
    add_relationship(doc, KYSO_OOXML_SIGNATURE, target);
    add_tree(self, name, doc);
    if (!kyso_package_find(self->package, origin, &index))
        add_file(self, origin, g_bytes_new_static("", 0));
    if (self->parts->origin != NULL)
        return TRUE;
    g_autoptr(xmlDoc) root = parse_entry(self, KYSO_OOXML_ROOT_ENTRY, error);
    if (root == NULL)
        return FALSE;
    add_relationship(root, KYSO_OOXML_ORIGIN, origin);
    add_tree(self, KYSO_OOXML_ROOT_ENTRY, root);
    return TRUE;
}

static gboolean
strip_relationships(Update *self, GError **error)
{
    for (guint i = 0; i < kyso_package_count(self->package); i++) {
        const char *name = kyso_package_name(self->package, i);
        if (!kyso_ooxml_relationships_is_part(name) || strcmp(name, KYSO_OOXML_ROOT_ENTRY) == 0)
            continue;
        g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->package, i, error);
        if (doc == NULL)
            return FALSE;
        add_tree(self, name, doc);
    }
    return TRUE;
}

GBytes *
kyso_ooxml_update_enclose(KysoPackage *package, GBytes *data, GBytes *signature, GError **error)
{
    g_autoptr(KysoOoxmlParts) parts = kyso_ooxml_parts_read(package, error);
    guint index;

    if (parts == NULL)
        return NULL;
    g_auto(Update) self = {package, parts, g_array_new(FALSE, FALSE, sizeof(KysoPackageFile)),
                           g_ptr_array_new_with_free_func(g_free)};
    g_array_set_clear_func(self.files, file_clear);
    const char *origin = parts->origin != NULL ? parts->origin : ORIGIN;
    if (parts->origin == NULL && kyso_package_find(package, origin, &index)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER,
                            "it has signatures that nothing leads to");
        return NULL;
    }
    g_autofree char *name = new_name(&self, origin);
    if ((parts->signatures->len == 0 && !strip_relationships(&self, error)) ||
        !update_types(&self, origin, name, error) ||
        !update_relationships(&self, origin, name, error))
        return NULL;
    add_file(&self, name, g_bytes_ref(signature));
    return kyso_package_put(data, (const KysoPackageFile *) self.files->data, self.files->len,
                            error);
}
