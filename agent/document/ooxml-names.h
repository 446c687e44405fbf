/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The names of Office Open XML packages (ISO/IEC 29500-2) and of their signatures (§13, and
 * [MS-OFFCRYPTO] §2.5.2 for what Office adds). */

#define KYSO_OOXML_PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define KYSO_OOXML_RELATIONSHIPS KYSO_OOXML_PACKAGE "relationships"
#define KYSO_OOXML_TYPES KYSO_OOXML_PACKAGE "content-types"

/* Types of relationships */
#define KYSO_OOXML_ORIGIN KYSO_OOXML_RELATIONSHIPS "/digital-signature/origin"
#define KYSO_OOXML_SIGNATURE KYSO_OOXML_RELATIONSHIPS "/digital-signature/signature"

/* Media types of parts */
#define KYSO_OOXML_MEDIA "application/vnd.openxmlformats-"
#define KYSO_OOXML_RELATIONSHIPS_TYPE KYSO_OOXML_MEDIA "package.relationships+xml"
#define KYSO_OOXML_ORIGIN_TYPE KYSO_OOXML_MEDIA "package.digital-signature-origin"
#define KYSO_OOXML_SIGNATURE_TYPE KYSO_OOXML_MEDIA "package.digital-signature-xmlsignature+xml"

#define KYSO_OOXML_TYPES_ENTRY "[Content_Types].xml"
#define KYSO_OOXML_ROOT_ENTRY "_rels/.rels"
