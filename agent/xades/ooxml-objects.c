/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/xades/ooxml-objects.h"

#include "agent/xades/xades-text.h"

#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define MDSSI " xmlns:mdssi=\"" PACKAGE "digital-signature\""

static void
write_selection(GString *text, char *const *relationships)
{
    g_string_append(text,
                    "<ds:Transforms><ds:Transform Algorithm=\"" PACKAGE "RelationshipTransform\">");
    for (; *relationships != NULL; relationships++)
        g_string_append_printf(text,
                               "<mdssi:RelationshipReference" MDSSI
                               " SourceId=\"%s\"></mdssi:RelationshipReference>",
                               *relationships);
    g_string_append(
        text, "</ds:Transform>" KYSO_XADES_TRANSFORM(KYSO_XADES_INCLUSIVE) "</ds:Transforms>");
}

/* Names of parts are escaped as they stand in the package (§9.1.1); what is not is escaped here. */
static void
write_part(GString *text, const KysoXadesContent *content, const char *hash)
{
    g_autofree char *name = g_uri_escape_string(content->name, "/%!$()*+,;=:@", FALSE);

    g_string_append_printf(text, "<ds:Reference URI=\"/%s?ContentType=%s\">", name,
                           content->media_type);
    if (content->relationships != NULL)
        write_selection(text, content->relationships);
    kyso_xades_text_add_digest(text, hash, content->digest);
}

char *
kyso_ooxml_objects_write_package(const KysoXadesSpec *spec)
{
    GString *text =
        g_string_new("<ds:Object" KYSO_XADES_DS " Id=\"" KYSO_OOXML_PACKAGE_ID "\"><ds:Manifest>");
    g_autoptr(GDateTime) utc = g_date_time_to_utc(spec->signing_time);
    g_autofree char *time = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");

    for (guint i = 0; i < spec->n_contents; i++)
        write_part(text, &spec->contents[i], spec->hash);
    g_string_append_printf(
        text,
        "</ds:Manifest><ds:SignatureProperties><ds:SignatureProperty Id=\"idSignatureTime\" "
        "Target=\"#" KYSO_OOXML_SIGNATURE_ID "\"><mdssi:SignatureTime" MDSSI
        "><mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format><mdssi:Value>%s</mdssi:Value>"
        "</mdssi:SignatureTime></ds:SignatureProperty></ds:SignatureProperties></ds:Object>",
        time);
    return g_string_free(text, FALSE);
}

/* Its schema wants versions, and a screen: a signing agent has none. SignatureType 1: nothing of
 * the signature shows on the page. */
const char *
kyso_ooxml_objects_get_office(void)
{
    return "<ds:Object" KYSO_XADES_DS " Id=\"" KYSO_OOXML_OFFICE_ID
           "\"><ds:SignatureProperties><ds:SignatureProperty Id=\"idOfficeV1Details\" "
           "Target=\"#" KYSO_OOXML_SIGNATURE_ID
           "\"><SignatureInfoV1 xmlns=\"http://schemas.microsoft.com/office/2006/digsig\">"
           "<SetupID></SetupID><SignatureText></SignatureText><SignatureImage></SignatureImage>"
           "<SignatureComments></SignatureComments><WindowsVersion></WindowsVersion>"
           "<OfficeVersion></OfficeVersion><ApplicationVersion></ApplicationVersion>"
           "<Monitors>1</Monitors><HorizontalResolution>1</HorizontalResolution>"
           "<VerticalResolution>1</VerticalResolution><ColorDepth>1</ColorDepth>"
           "<SignatureProviderId>{00000000-0000-0000-0000-000000000000}</SignatureProviderId>"
           "<SignatureProviderUrl></SignatureProviderUrl>"
           "<SignatureProviderDetails>9</SignatureProviderDetails>"
           "<SignatureType>1</SignatureType></SignatureInfoV1></ds:SignatureProperty>"
           "</ds:SignatureProperties></ds:Object>";
}
