/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * As xml-inspect.h, of an Office Open XML document (.docx, .xlsx, .pptx), whose signatures are
 * parts of its package (ISO/IEC 29500-2 §13): each over a manifest of the other parts, with the
 * media type of each, and of relationships only those that the document is made of. Main thread
 * only.
 */

#include "agent/document/package-view.h"

json_t *kyso_ooxml_inspect(KysoPackageView *view, gboolean for_signing, GError **error);

/* As kyso_xml_inspect_extend. @package: of @data. */
GBytes *kyso_ooxml_inspect_extend(KysoPackage *package, GBytes *data, guint signature,
                                  GBytes *timestamp, GError **error);
