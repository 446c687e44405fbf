/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* As xml-inspect.h, of an ODF package (ISO/IEC 26300-3 §5): one file holds its signatures, over all
 * others. @package: of @data. Main thread only. */

#include "agent/document/package-view.h"

json_t *kyso_odf_inspect(KysoPackageView *view, gboolean for_signing, GError **error);

GBytes *kyso_odf_inspect_enclose(KysoPackage *package, GBytes *data, GBytes *signature,
                                 GError **error);

GBytes *kyso_odf_inspect_extend(KysoPackage *package, GBytes *data, guint signature,
                                GBytes *timestamp, GError **error);
