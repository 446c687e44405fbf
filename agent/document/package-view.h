/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files of a package as signatures are about them: each that was asked for stands once in the
 * answer, however many signatures name it. Main thread only. */

#include "agent/document/package.h"
#include "agent/document/xml-canonical.h"
#include "ipc/wire/json.h"

typedef struct {
    KysoPackage *package;
    KysoXmlOutput *output;
    GHashTable *written; /* "method name" -> KysoXmlPart */
} KysoPackageView;

/* As kyso_package_open; @output must live as long. */
gboolean kyso_package_view_init(KysoPackageView *self, GBytes *data, KysoXmlOutput *output,
                                GError **error);
void kyso_package_view_clear(KysoPackageView *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoPackageView, kyso_package_view_clear)

/* A file in its canonical form by @method, or byte for byte (NULL). FALSE: it cannot be read, is no
 * XML, or the output is full. */
gboolean kyso_package_view_write(KysoPackageView *self, guint index, const char *method,
                                 KysoXmlPart *ret);

/* {"offset", "length", "name", "is_xml"}; new. */
json_t *kyso_package_view_describe(const KysoPackageView *self, guint index,
                                   const KysoXmlPart *part, gboolean is_xml);

/* That a file cannot be read; or that there is more in all than the output takes. */
void kyso_package_view_set_error(const KysoPackageView *self, guint index, GError **error);

/* A file as a tree. As kyso_package_read, kyso_xml_parse. xmlFreeDoc. */
xmlDoc *kyso_package_view_parse(KysoPackage *package, guint index, GError **error);

/* The words of a file, if it is XML, added to @text (xml-text.h). */
void kyso_package_view_add_text(const KysoPackageView *self, guint index, GString *text);
