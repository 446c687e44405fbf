/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A signature put into an Office Open XML package as a part of its own, with what leads to it.
 * Main thread only. */

#include "agent/document/package.h"

/* @signature: the element ds:Signature; @package: of @data. All parts but the list of media types
 * and the relationships of the package and of the signatures' origin stay byte for byte; the first
 * signature also takes the white space out of the other relationships: older readers (xmlsec 1.2)
 * count it, against §13.2.4.24. KYSO_ERROR_INVALID_CONTAINER. */
GBytes *kyso_ooxml_update_enclose(KysoPackage *package, GBytes *data, GBytes *signature,
                                  GError **error);
