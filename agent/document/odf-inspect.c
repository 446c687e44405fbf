/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/odf-inspect.h"

#include <string.h>

#include "agent/document/package-view.h"
#include "agent/document/xml-extension.h"
#include "agent/document/xml-insertion.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "agent/document/xml-signature.h"
#include "ipc/base/error.h"

#define NEW_SIGNATURES                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<document-signatures "                            \
    "xmlns=\"" KYSO_XML_ODF_SIGNATURES "\" version=\"1.2\"></document-signatures>"

/* Is it an XML stream, whose canonical form is signed (ISO/IEC 26300-3 §5)? By its name. */
static gboolean
is_xml(const KysoPackage *package, guint index)
{
    const char *name = kyso_package_name(package, index);
    return g_str_has_suffix(name, ".xml") || g_str_has_suffix(name, ".rdf");
}

static json_t *
resolve(const char *uri, const KysoXmlTransforms *transforms, gpointer user_data)
{
    KysoPackageView *self = user_data;
    g_autofree char *name = g_uri_unescape_string(uri, NULL);
    KysoXmlPart part;
    guint index;

    if (name == NULL || transforms->relationships != NULL ||
        !kyso_package_find(self->package, name, &index) ||
        !kyso_package_view_write(self, index, transforms->method, &part))
        return NULL;
    return kyso_package_view_describe(self, index, &part, transforms->method != NULL);
}

static gboolean
is_signatures(const KysoPackage *package, guint index)
{
    return strcmp(kyso_package_name(package, index), KYSO_ODF_SIGNATURES_ENTRY) == 0;
}

static json_t *
list_entries(const KysoPackageView *self)
{
    json_t *names = json_array();

    for (guint i = 0; i < kyso_package_count(self->package); i++)
        if (!is_signatures(self->package, i))
            json_array_append_new(names, json_string(kyso_package_name(self->package, i)));
    return names;
}

/* What is called XML and is none is signed as it stands. */
static json_t *
write_contents(KysoPackageView *self, GError **error)
{
    g_autoptr(json_t) list = json_array();
    KysoXmlPart part;

    for (guint i = 0; i < kyso_package_count(self->package); i++) {
        if (is_signatures(self->package, i))
            continue;
        gboolean is_canonical =
            is_xml(self->package, i) && kyso_package_view_write(self, i, KYSO_XML_C14N, &part);
        if (!is_canonical && !kyso_package_view_write(self, i, NULL, &part)) {
            kyso_package_view_set_error(self, i, error);
            return NULL;
        }
        json_array_append_new(list, kyso_package_view_describe(self, i, &part, is_canonical));
    }
    return g_steal_pointer(&list);
}

static char *
read_text(const KysoPackageView *self)
{
    static const char *const names[] = {"content.xml", "styles.xml"};
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        guint index;
        if (kyso_package_find(self->package, names[i], &index))
            kyso_package_view_add_text(self, index, text);
    }
    return g_string_free(text, FALSE);
}

static json_t *
read_list(KysoPackageView *self, xmlDoc *doc, GError **error)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    KysoXmlSignatureSource source = {
        .doc = doc, .output = self->output, .resolve = resolve, .user_data = self};
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
read_signatures_file(KysoPackage *package, GError **error)
{
    guint index;

    return kyso_package_find(package, KYSO_ODF_SIGNATURES_ENTRY, &index)
               ? kyso_package_read(package, index, error)
               : NULL;
}

static GBytes *
put_signatures(GBytes *data, GBytes *content, GError **error)
{
    const KysoPackageFile file = {KYSO_ODF_SIGNATURES_ENTRY, content};
    return kyso_package_put(data, &file, 1, error);
}

static xmlDoc *
parse(GBytes *content, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(content, &size);
    return kyso_xml_parse(data, size, error);
}

static json_t *
read_signatures(KysoPackageView *self, GError **error)
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
kyso_odf_inspect(KysoPackageView *view, gboolean for_signing, GError **error)
{
    json_t *contents = for_signing ? write_contents(view, error) : json_null();

    if (contents == NULL)
        return NULL;
    g_autoptr(json_t) json = json_pack("{s:s, s:o, s:o}", "kind", "odf", "entries",
                                       list_entries(view), "contents", contents);
    json_t *signatures = read_signatures(view, error);
    if (signatures == NULL)
        return NULL;
    json_object_set_new(json, "signatures", signatures);
    if (for_signing) {
        g_autofree char *text = read_text(view);
        json_object_set_new(json, "text", json_string(text));
    }
    return g_steal_pointer(&json);
}

GBytes *
kyso_odf_inspect_enclose(KysoPackage *package, GBytes *data, GBytes *signature, GError **error)
{
    GError *fault = NULL;
    g_autoptr(GBytes) old = read_signatures_file(package, &fault);

    if (fault != NULL) {
        g_propagate_error(error, fault);
        return NULL;
    }
    if (old == NULL)
        old = g_bytes_new_static(NEW_SIGNATURES, strlen(NEW_SIGNATURES));
    g_autoptr(GBytes) content = kyso_xml_insertion_splice(old, 0, signature, error);
    return content != NULL ? put_signatures(data, content, error) : NULL;
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
kyso_odf_inspect_extend(KysoPackage *package, GBytes *data, guint signature, GBytes *timestamp,
                        GError **error)
{
    GError *fault = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autoptr(GBytes) file = read_signatures_file(package, &fault);

    if (file != NULL)
        content = extend_signature(file, signature, timestamp, &fault);
    else if (fault == NULL)
        fault = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "it has 0 signatures");
    if (fault != NULL)
        g_propagate_error(error, fault);
    return content != NULL ? put_signatures(data, content, error) : NULL;
}
