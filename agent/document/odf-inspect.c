/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/odf-inspect.h"

#include <string.h>

#include "agent/document/odf-package.h"
#include "agent/document/xml-extension.h"
#include "agent/document/xml-insertion.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-reference.h"
#include "agent/document/xml-text.h"
#include "ipc/base/error.h"

#define NEW_SIGNATURES                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document-signatures "                            \
    "xmlns=\"" KYSO_XML_ODF_SIGNATURES "\" version=\"1.2\"></document-signatures>"

typedef struct {
    KysoOdfPackage *package;
    KysoXmlOutput *output;
    GHashTable *written; /* "method name" -> KysoXmlPart: several signatures, one copy */
} Inspection;

static void
inspection_clear(Inspection *self)
{
    g_clear_pointer(&self->package, kyso_odf_package_free);
    g_clear_pointer(&self->written, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Inspection, inspection_clear)

static gboolean
write_canonical(Inspection *self, GBytes *content, const char *method, KysoXmlPart *ret)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(content, &size);
    g_autoptr(xmlDoc) doc = kyso_xml_parse(data, size, NULL);
    KysoXmlSelection selection = {.method = method};

    return doc != NULL && kyso_xml_canonical_write(doc, &selection, self->output, ret, NULL);
}

static gboolean
write_entry(Inspection *self, guint index, const char *method, KysoXmlPart *ret)
{
    g_autofree char *key = g_strconcat(method != NULL ? method : "", " ",
                                       kyso_odf_package_name(self->package, index), NULL);
    const KysoXmlPart *known = g_hash_table_lookup(self->written, key);

    if (known != NULL) {
        *ret = *known;
        return TRUE;
    }
    g_autoptr(GBytes) content = kyso_odf_package_read(self->package, index, NULL);
    if (content == NULL)
        return FALSE;
    gsize size = 0;
    const void *data = g_bytes_get_data(content, &size);
    *ret = (KysoXmlPart){self->output->size, (goffset) size};
    if (method != NULL ? !write_canonical(self, content, method, ret)
                       : !kyso_xml_output_write(self->output, data, size, NULL))
        return FALSE;
    g_hash_table_insert(self->written, g_steal_pointer(&key), g_memdup2(ret, sizeof *ret));
    return TRUE;
}

static json_t *
describe(const Inspection *self, guint index, const KysoXmlPart *part, gboolean is_xml)
{
    json_t *json = kyso_xml_reference_part(part);

    json_object_set_new(json, "name", json_string(kyso_odf_package_name(self->package, index)));
    json_object_set_new(json, "is_xml", json_boolean(is_xml));
    return json;
}

static json_t *
resolve(const char *uri, const char *method, gpointer user_data)
{
    Inspection *self = user_data;
    g_autofree char *name = g_uri_unescape_string(uri, NULL);
    KysoXmlPart part;
    guint index;

    if (name == NULL || !kyso_odf_package_find(self->package, name, &index) ||
        !write_entry(self, index, method, &part))
        return NULL;
    return describe(self, index, &part, method != NULL);
}

static gboolean
is_signatures(const KysoOdfPackage *package, guint index)
{
    return strcmp(kyso_odf_package_name(package, index), KYSO_ODF_SIGNATURES_ENTRY) == 0;
}

static json_t *
list_entries(const Inspection *self)
{
    json_t *names = json_array();

    for (guint i = 0; i < kyso_odf_package_count(self->package); i++)
        if (!is_signatures(self->package, i))
            json_array_append_new(names, json_string(kyso_odf_package_name(self->package, i)));
    return names;
}

/* What is called XML and is none is signed as it stands. */
static json_t *
write_contents(Inspection *self, GError **error)
{
    g_autoptr(json_t) list = json_array();
    KysoXmlPart part;

    for (guint i = 0; i < kyso_odf_package_count(self->package); i++) {
        if (is_signatures(self->package, i))
            continue;
        gboolean is_xml =
            kyso_odf_package_is_xml(self->package, i) && write_entry(self, i, KYSO_XML_C14N, &part);
        if (!is_xml && !write_entry(self, i, NULL, &part)) {
            gboolean is_full = self->output->fault == KYSO_ERROR_DOCUMENT_TOO_LARGE;
            g_set_error(error, KYSO_ERROR,
                        is_full ? KYSO_ERROR_DOCUMENT_TOO_LARGE : KYSO_ERROR_INVALID_CONTAINER,
                        "cannot read \"%.100s\"", kyso_odf_package_name(self->package, i));
            return NULL;
        }
        json_array_append_new(list, describe(self, i, &part, is_xml));
    }
    return g_steal_pointer(&list);
}

static char *
read_text(Inspection *self)
{
    static const char *const names[] = {"content.xml", "styles.xml"};
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        guint index;
        if (!kyso_odf_package_find(self->package, names[i], &index))
            continue;
        g_autoptr(GBytes) content = kyso_odf_package_read(self->package, index, NULL);
        gsize size = 0;
        const void *data = content != NULL ? g_bytes_get_data(content, &size) : NULL;
        g_autoptr(xmlDoc) doc = kyso_xml_parse(data, size, NULL);
        if (doc != NULL)
            kyso_xml_text_add(xmlDocGetRootElement(doc), text);
    }
    return g_string_free(text, FALSE);
}

static json_t *
read_list(Inspection *self, xmlDoc *doc, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    KysoXmlSignatureSource source = {doc, self->output, resolve, self};
    g_autoptr(json_t) list = json_array();

    if (!kyso_xml_parse_is(root, KYSO_XML_ODF_SIGNATURES, "document-signatures")) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INVALID_CONTAINER,
                            "its file of signatures is none");
        return NULL;
    }
    for (xmlNode *node = root->children; node != NULL; node = node->next) {
        if (!kyso_xml_parse_is(node, KYSO_XML_DSIG, "Signature"))
            continue;
        json_t *item = NULL;
        if (json_array_size(list) >= KYSO_XML_MAX_SIGNATURES)
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE, "over %d signatures",
                        KYSO_XML_MAX_SIGNATURES);
        else
            item = kyso_xml_signature_read(&source, node, error);
        if (item == NULL)
            return NULL;
        json_array_append_new(list, item);
    }
    return g_steal_pointer(&list);
}

/* All of the package's file of signatures; NULL without an error: there is none. */
static GBytes *
read_signatures_file(KysoOdfPackage *package, GError **error)
{
    guint index;

    return kyso_odf_package_find(package, KYSO_ODF_SIGNATURES_ENTRY, &index)
               ? kyso_odf_package_read(package, index, error)
               : NULL;
}

static xmlDoc *
parse(GBytes *content, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(content, &size);
    return kyso_xml_parse(data, size, error);
}

static json_t *
read_signatures(Inspection *self, GError **error)
{
    GError *fault = NULL;
    g_autoptr(GBytes) content = read_signatures_file(self->package, &fault);

    if (content == NULL && fault == NULL)
        return json_array();
    g_autoptr(xmlDoc) doc = content != NULL ? parse(content, &fault) : NULL;
    json_t *list = doc != NULL ? read_list(self, doc, &fault) : NULL;
    if (fault != NULL)
        g_propagate_error(error, fault);
    return list;
}

json_t *
kyso_odf_inspect(GBytes *data, gboolean for_signing, KysoXmlOutput *output, GError **error)
{
    g_auto(Inspection) self = {kyso_odf_package_open(data, error), output, NULL};

    if (self.package == NULL)
        return NULL;
    self.written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    json_t *contents = for_signing ? write_contents(&self, error) : json_null();
    if (contents == NULL)
        return NULL;
    g_autoptr(json_t) json = json_pack("{s:s, s:o, s:o}", "kind", "odf", "entries",
                                       list_entries(&self), "contents", contents);
    json_t *signatures = read_signatures(&self, error);
    if (signatures == NULL)
        return NULL;
    json_object_set_new(json, "signatures", signatures);
    if (output->fault != 0) {
        g_set_error_literal(error, KYSO_ERROR, output->fault, "it holds too much");
        return NULL;
    }
    if (for_signing) {
        g_autofree char *text = read_text(&self);
        json_object_set_new(json, "text", json_string(text));
    }
    return g_steal_pointer(&json);
}

GBytes *
kyso_odf_inspect_enclose(GBytes *data, GBytes *signature, GError **error)
{
    g_autoptr(KysoOdfPackage) package = kyso_odf_package_open(data, error);
    GError *fault = NULL;

    if (package == NULL)
        return NULL;
    g_autoptr(GBytes) old = read_signatures_file(package, &fault);
    if (fault != NULL) {
        g_propagate_error(error, fault);
        return NULL;
    }
    if (old == NULL)
        old = g_bytes_new_static(NEW_SIGNATURES, strlen(NEW_SIGNATURES));
    g_autoptr(GBytes) content = kyso_xml_insertion_splice(old, 0, signature, error);
    return content != NULL ? kyso_odf_package_sign(data, content, error) : NULL;
}

static GBytes *
extend_signature(GBytes *file, guint signature, GBytes *timestamp, GError **error)
{
    g_autoptr(xmlDoc) doc = parse(file, error);
    xmlNode *node = doc != NULL ? xmlDocGetRootElement(doc)->children : NULL;
    guint number = 0;

    for (; node != NULL; node = node->next)
        if (kyso_xml_parse_is(node, KYSO_XML_DSIG, "Signature") && number++ == signature)
            return kyso_xml_extension_add(file, node, timestamp, error);
    if (doc != NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "it has %u signatures", number);
    return NULL;
}

GBytes *
kyso_odf_inspect_extend(GBytes *data, guint signature, GBytes *timestamp, GError **error)
{
    g_autoptr(KysoOdfPackage) package = kyso_odf_package_open(data, error);
    GError *fault = NULL;
    g_autoptr(GBytes) content = NULL;

    if (package == NULL)
        return NULL;
    g_autoptr(GBytes) file = read_signatures_file(package, &fault);
    if (file != NULL)
        content = extend_signature(file, signature, timestamp, &fault);
    else if (fault == NULL)
        fault = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "it has 0 signatures");
    if (fault != NULL)
        g_propagate_error(error, fault);
    return content != NULL ? kyso_odf_package_sign(data, content, error) : NULL;
}
