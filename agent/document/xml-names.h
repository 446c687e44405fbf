/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The namespaces and algorithms of XML signatures (W3C XML-DSig 1.1, ETSI EN 319 132-1) and of the
 * packages of ODF and Office Open XML that the reader of XML looks for. */

#define KYSO_XML_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define KYSO_XML_DSIG11 "http://www.w3.org/2009/xmldsig11#"
#define KYSO_XML_XADES "http://uri.etsi.org/01903/v1.3.2#"
#define KYSO_XML_XADES141 "http://uri.etsi.org/01903/v1.4.1#"
#define KYSO_XML_DC "http://purl.org/dc/elements/1.1/"
#define KYSO_XML_OOXML_SIGNATURES "http://schemas.openxmlformats.org/package/2006/digital-signature"
#define KYSO_XML_OFFICE_SIGNATURES "http://schemas.microsoft.com/office/2006/digsig"
#define KYSO_XML_ODF_SIGNATURES "urn:oasis:names:tc:opendocument:xmlns:digitalsignature:1.0"
#define KYSO_XML_ODF_TEXT "urn:oasis:names:tc:opendocument:xmlns:text:1.0"

#define KYSO_XML_C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define KYSO_XML_C14N11 "http://www.w3.org/2006/12/xml-c14n11"
#define KYSO_XML_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define KYSO_XML_RELATIONSHIPS                                                                     \
    "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
#define KYSO_XML_ENVELOPED KYSO_XML_DSIG "enveloped-signature"
#define KYSO_XML_XPATH "http://www.w3.org/TR/1999/REC-xpath-19991116"
#define KYSO_XML_NO_SIGNATURES "not(ancestor-or-self::ds:Signature)"
#define KYSO_XML_PROPERTIES_TYPE "http://uri.etsi.org/01903#SignedProperties"

#define KYSO_ODF_SIGNATURES_ENTRY "META-INF/documentsignatures.xml"
