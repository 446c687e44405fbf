/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a signature of an Office Open XML package is over: two objects within the signature itself,
 * in exclusive canonical form. The first lists the parts (ISO/IEC 29500-2 §13.2.4), the second says
 * what Office wants said ([MS-OFFCRYPTO] §2.5.2.5). Thread-safe.
 */

#include "agent/xades/xades-builder.h"

#define KYSO_OOXML_SIGNATURE_ID "idPackageSignature"
#define KYSO_OOXML_PACKAGE_ID "idPackageObject"
#define KYSO_OOXML_OFFICE_ID "idOfficeObject"
#define KYSO_OOXML_PROPERTIES_ID "idSignedProperties"

/* The ds:Object with the manifest of @spec's contents. g_free. */
char *kyso_ooxml_objects_write_package(const KysoXadesSpec *spec);

/* The ds:Object of Office. */
const char *kyso_ooxml_objects_get_office(void);
