/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* As xml-inspect.h, of an ODF package. Main thread only. */

#include "agent/document/xml-signature.h"

json_t *kyso_odf_inspect(GBytes *data, gboolean for_signing, KysoXmlOutput *output, GError **error);
GBytes *kyso_odf_inspect_enclose(GBytes *data, GBytes *signature, GError **error);
GBytes *kyso_odf_inspect_extend(GBytes *data, guint signature, GBytes *timestamp, GError **error);
