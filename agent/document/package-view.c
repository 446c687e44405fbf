/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/package-view.h"

#include <string.h>

#include "agent/document/xml-parse.h"
#include "agent/document/xml-reference.h"
#include "agent/document/xml-text.h"
#include "ipc/base/error.h"

gboolean
kyso_package_view_init(KysoPackageView *self, GBytes *data, KysoXmlOutput *output, GError **error)
{
    *self = (KysoPackageView){kyso_package_open(data, error), output, NULL};
    if (self->package == NULL)
        return FALSE;
    self->written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return TRUE;
}

void
kyso_package_view_clear(KysoPackageView *self)
{
    g_clear_pointer(&self->package, kyso_package_free);
    g_clear_pointer(&self->written, g_hash_table_unref);
}

xmlDoc *
kyso_package_view_parse(KysoPackage *package, guint index, GError **error)
{
    g_autoptr(GBytes) content = kyso_package_read(package, index, error);
    gsize size = 0;
    const void *data = content != NULL ? g_bytes_get_data(content, &size) : NULL;

    return content != NULL ? kyso_xml_parse(data, size, error) : NULL;
}

static gboolean
write_canonical(KysoPackageView *self, guint index, const char *method, KysoXmlPart *ret)
{
    g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->package, index, NULL);
    KysoXmlSelection selection = {.method = method};

    return doc != NULL && kyso_xml_canonical_write(doc, &selection, self->output, ret, NULL);
}

static gboolean
write_plain(KysoPackageView *self, guint index, KysoXmlPart *ret)
{
    g_autoptr(GBytes) content = kyso_package_read(self->package, index, NULL);
    gsize size = 0;
    const void *data = content != NULL ? g_bytes_get_data(content, &size) : NULL;

    *ret = (KysoXmlPart){self->output->size, (goffset) size};
    return content != NULL && kyso_xml_output_write(self->output, data, size, NULL);
}

gboolean
kyso_package_view_write(KysoPackageView *self, guint index, const char *method, KysoXmlPart *ret)
{
    g_autofree char *key = g_strconcat(method != NULL ? method : "", " ",
                                       kyso_package_name(self->package, index), NULL);
    const KysoXmlPart *known = g_hash_table_lookup(self->written, key);

    if (known != NULL) {
        *ret = *known;
        return TRUE;
    }
    if (!(method != NULL ? write_canonical(self, index, method, ret)
                         : write_plain(self, index, ret)))
        return FALSE;
    g_hash_table_insert(self->written, g_steal_pointer(&key), g_memdup2(ret, sizeof *ret));
    return TRUE;
}

json_t *
kyso_package_view_describe(const KysoPackageView *self, guint index, const KysoXmlPart *part,
                           gboolean is_xml)
{
    json_t *json = kyso_xml_reference_part(part);

    json_object_set_new(json, "name", json_string(kyso_package_name(self->package, index)));
    json_object_set_new(json, "is_xml", json_boolean(is_xml));
    return json;
}

void
kyso_package_view_set_error(const KysoPackageView *self, guint index, GError **error)
{
    gboolean is_full = self->output->fault == KYSO_ERROR_DOCUMENT_TOO_LARGE;

    g_set_error(error, KYSO_ERROR,
                is_full ? KYSO_ERROR_DOCUMENT_TOO_LARGE : KYSO_ERROR_INVALID_CONTAINER,
                "cannot read \"%.100s\"", kyso_package_name(self->package, index));
}

void
kyso_package_view_add_text(const KysoPackageView *self, guint index, GString *text)
{
    g_autoptr(xmlDoc) doc = kyso_package_view_parse(self->package, index, NULL);

    if (doc != NULL)
        kyso_xml_text_add(xmlDocGetRootElement(doc), text);
}
