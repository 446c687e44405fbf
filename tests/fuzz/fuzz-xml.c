/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as XML, or as or in a package: refused with a code, or inspected, each part within the
 * bytes that come with it; each signature gets a verdict, and none is valid, as nobody is trusted;
 * and where something was said of a new signature, one can be put in and is found there. A
 * timestamp that was put into the first signature is found there, too.
 *
 * First byte: bit 0, for signing; bit 1, without the signatures that are there. Bit 2: the rest is
 * no file, but one in a package: the signatures of an ODF, or a part of a Word document.
 */

#include <stdint.h>
#include <string.h>

#include "agent/document/package.h"
#include "agent/document/xml-inspect.h"
#include "agent/xades/xades-verify.h"
#include "ipc/base/error.h"

#define SIGNATURE                                                                                  \
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"fuzz\"><ds:SignedInfo>"    \
    "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"           \
    "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>"        \
    "</ds:SignedInfo><ds:SignatureValue>QUJD</ds:SignatureValue></ds:Signature>"

#define TIMESTAMP                                                                                  \
    "<xades:SignatureTimeStamp xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\">"                 \
    "<xades:EncapsulatedTimeStamp>QUJD</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>"
#define MAX_TIMESTAMPS 4 /* that are read of a signature */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A package of two files, stored: no name or length in it depends on the input but the last. */
static const char PACKAGE[] =
    "PK\003\004\024\000\000\000\000\000\000\000!\000^\3062\014'\000\000\000'\000\000\000\010"
    "\000\000\000mimetypeapplication/vnd.oasis.opendocument.textPK\003\004\024\000\000\000\000"
    "\000\000\000!\000\215\226<\001\035\000\000\000\035\000\000\000\013\000\000\000content.xml<"
    "a xmlns=\042urn:x\042><b>1</b></a>PK\001\002\024\003\024\000\000\000\000\000\000\000!\000^"
    "\3062\014'\000\000\000'\000\000\000\010\000\000\000\000\000\000\000\000\000\000\000\200"
    "\001\000\000\000\000mimetypePK\001\002\024\003\024\000\000\000\000\000\000\000!\000\215"
    "\226<\001\035\000\000\000\035\000\000\000\013\000\000\000\000\000\000\000\000\000\000\000"
    "\200\001M\000\000\000content.xmlPK\005\006\000\000\000\000\002\000\002\000o\000\000\000"
    "\223\000\000\000\000\000";

static void
check_part(const json_t *part, const KysoXmlOutput *output)
{
    json_int_t offset = json_integer_value(json_object_get(part, "offset"));
    json_int_t length = json_integer_value(json_object_get(part, "length"));

    if (!json_is_object(part))
        return;
    g_assert_cmpint(offset, >=, 0);
    g_assert_cmpint(length, >=, 0);
    g_assert_cmpint(offset + length, <=, output->size);
}

static void
check_signature(const json_t *facts, const json_t *signature, const KysoXmlOutput *output)
{
    KysoXadesSubject subject = {
        .signature = signature,
        .entries = json_object_get(facts, "entries"),
        .content = output->fd,
        .content_size = output->size,
    };
    gboolean covers_all = TRUE;
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoSignatureReport) report = kyso_xades_verify(&subject, &covers_all, &error);
    json_t *item;
    size_t i;

    check_part(json_object_get(signature, "signed_info"), output);
    check_part(json_object_get(signature, "value_content"), output);
    json_array_foreach(json_object_get(signature, "references"), i, item)
        check_part(json_object_get(item, "content"), output);
    g_assert_true((report == NULL) == (error != NULL));
    g_assert_true(report == NULL || report->verdict != KYSO_VALID);
}

/* New, or NULL where it was refused. */
static json_t *
inspect(GBytes *file, const KysoXmlQuestion *question)
{
    g_auto(KysoXmlOutput) output = {.fd = -1};
    g_autoptr(GError) error = NULL;
    json_t *item;
    size_t i;

    g_assert_true(kyso_xml_output_init(&output, NULL));
    json_t *facts = kyso_xml_inspect(file, question, &output, &error);
    g_assert_true((facts == NULL) == (error != NULL));
    g_assert_true(error == NULL ||
                  (error->domain == KYSO_ERROR && error->code != KYSO_ERROR_INTERNAL));
    json_array_foreach(json_object_get(facts, "signatures"), i, item)
        check_signature(facts, item, &output);
    json_array_foreach(json_object_get(facts, "contents"), i, item) check_part(item, &output);
    return facts;
}

static gsize
count(const json_t *facts)
{
    return json_array_size(json_object_get(facts, "signatures"));
}

/* The last one is ours, whatever was there before. */
static void
enclose(GBytes *file, const json_t *facts)
{
    static const KysoXmlQuestion question = {FALSE, FALSE};
    g_autoptr(GBytes) text = g_bytes_new_static(SIGNATURE, strlen(SIGNATURE));
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) result = kyso_xml_inspect_enclose(file, text, &error);

    g_assert_true((result == NULL) == (error != NULL));
    if (result == NULL || count(facts) >= KYSO_XML_MAX_SIGNATURES)
        return;
    g_autoptr(json_t) after = inspect(result, &question);
    if (after == NULL)
        return; /* one over a bound: the agent says that its result does not verify */
    const json_t *last = json_array_get(json_object_get(after, "signatures"), count(facts));
    g_assert_cmpuint(count(after), ==, count(facts) + 1);
    g_assert_cmpstr(json_string_value(json_object_get(last, "id")), ==, "fuzz");
}

/* Of the first signature; NULL where that has not the form of one. */
static const json_t *
timestamps_of(const json_t *facts)
{
    const json_t *first = json_array_get(json_object_get(facts, "signatures"), 0);
    return json_object_get(first, "timestamps");
}

static void
extend(GBytes *file, const json_t *facts)
{
    static const KysoXmlQuestion question = {FALSE, FALSE};
    g_autoptr(GBytes) text = g_bytes_new_static(TIMESTAMP, strlen(TIMESTAMP));
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) result = kyso_xml_inspect_extend(file, 0, text, &error);

    g_assert_true((result == NULL) == (error != NULL));
    g_autoptr(json_t) after = result != NULL ? inspect(result, &question) : NULL;
    if (after == NULL)
        return;
    g_assert_cmpuint(count(after), ==, count(facts));
    const json_t *before = timestamps_of(facts);
    if (before != NULL)
        g_assert_cmpuint(json_array_size(timestamps_of(after)), ==,
                         MIN(json_array_size(before) + 1, MAX_TIMESTAMPS));
}

#define DECLARED "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define LINKS(list)                                                                                \
    DECLARED "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"              \
             "relationships\">" list "</Relationships>"
#define LINK(id, type, target)                                                                     \
    "<Relationship Id=\"" id "\" Type=\"http://schemas.openxmlformats.org/" type                   \
    "\" Target=\"" target "\"/>"

/* An Office Open XML package with a signature; the input takes the place of one part of it. */
static const struct {
    const char *name, *content;
} parts[] = {
    {"[Content_Types].xml",
     DECLARED "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">"
              "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
              "relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
              "<Default Extension=\"sigs\" ContentType=\"application/vnd.openxmlformats-package."
              "digital-signature-origin\"/><Override PartName=\"/word/document.xml\" ContentType="
              "\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
              "\"/></Types>"},
    {"_rels/.rels",
     LINKS(LINK("a", "officeDocument/2006/relationships/officeDocument", "word/document.xml")
               LINK("b", "package/2006/relationships/digital-signature/origin", "s/origin.sigs"))},
    {"word/document.xml", "<a xmlns=\"urn:x\"><b>1</b></a>"},
    {"word/_rels/document.xml.rels",
     LINKS(LINK("a", "officeDocument/2006/relationships/hyperlink", "other.xml"))},
    {"s/_rels/origin.sigs.rels",
     LINKS(LINK("a", "package/2006/relationships/digital-signature/signature", "sig1.xml"))},
    {"s/sig1.xml", SIGNATURE},
    {"s/origin.sigs", ""},
};

static GBytes *
make_ooxml(guint changed, GBytes *content)
{
    static const char EMPTY[] = "PK\005\006\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    g_autoptr(GBytes) empty = g_bytes_new_static(EMPTY, sizeof EMPTY - 1);
    g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    KysoPackageFile files[G_N_ELEMENTS(parts)];

    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_ptr_array_add(contents, i == changed ? g_bytes_ref(content)
                                               : g_bytes_new_static(parts[i].content,
                                                                    strlen(parts[i].content)));
        files[i] = (KysoPackageFile){parts[i].name, contents->pdata[i]};
    }
    return kyso_package_put(empty, files, G_N_ELEMENTS(files), NULL);
}

/* By the first byte: the input is the file; the signatures of an ODF; a part of a document. */
static GBytes *
make_file(guint8 how, GBytes *rest)
{
    g_autoptr(GBytes) odf = g_bytes_new_static(PACKAGE, sizeof PACKAGE - 1);
    const KysoPackageFile signatures = {"META-INF/documentsignatures.xml", rest};

    if ((how & 4) != 0)
        return kyso_package_put(odf, &signatures, 1, NULL);
    return (how & 8) != 0 ? make_ooxml((how >> 4) % G_N_ELEMENTS(parts), rest) : g_bytes_ref(rest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    KysoXmlQuestion question = {(data[0] & 1) != 0, (data[0] & 2) != 0};
    g_autoptr(GBytes) rest = g_bytes_new_static(data + 1, size - 1);
    g_autoptr(GBytes) file = make_file(data[0], rest);

    g_assert_nonnull(file);
    g_autoptr(json_t) facts = inspect(file, &question);
    if (facts != NULL && question.for_signing)
        enclose(file, facts);
    if (facts != NULL)
        extend(file, facts);
    return 0;
}
