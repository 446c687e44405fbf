/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-inspect.h"

#include <string.h>

#include "agent/document/xml-insertion.h"
#include "agent/document/xml-names.h"
#include "agent/document/xml-parse.h"
#include "ipc/base/error.h"

static GBytes *
bytes(const char *text)
{
    return g_bytes_new(text, strlen(text));
}

static void
test_text_goes_before_the_last_tag(void)
{
    static const struct {
        const char *before, *after;
        guint element;
    } cases[] = {
        {"<a></a>", "<a>#</a>"},
        {"<a>1<b>2</b></a>\n", "<a>1<b>2</b>#</a>\n"},
        {"<a/>", "<a>#</a>"},
        {"<x:a b='/>' />\n", "<x:a b='/>' >#</x:a>\n"},
        {"<a\n/>", "<a\n>#</a>"},
        {"<a></a ><!-- </a> -->", "<a>#</a ><!-- </a> -->"},
        {"<a></a><?p </a>?> <!--/>-->\n", "<a>#</a><?p </a>?> <!--/>-->\n"},
        {"<a><a></a></a>", "<a><a>#</a></a>", 1},
        {"<a><b/><c/></a>", "<a><b/><c>#</c></a>", 2},
        {"<a><b><c/></b><b></b></a>", "<a><b><c/></b><b>#</b></a>", 3},
        {"<!--<x>--><a><?p <x>?><![CDATA[<x>]]><b c='>\"/'><d/></b></a>",
         "<!--<x>--><a><?p <x>?><![CDATA[<x>]]><b c='>\"/'><d/>#</b></a>", 1},
        {"<a><b c=\"'/>\"/></a>", "<a><b c=\"'/>\">#</b></a>", 1},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) xml = bytes(cases[i].before);
        g_autoptr(GBytes) text = bytes("#");
        g_autoptr(GBytes) expected = bytes(cases[i].after);
        g_autoptr(GBytes) result = kyso_xml_insertion_splice(xml, cases[i].element, text, &error);
        g_assert_no_error(error);
        g_assert_cmpmem(g_bytes_get_data(result, NULL), g_bytes_get_size(result),
                        g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
    }
}

static void
test_tags_that_only_a_parser_finds_are_told(void)
{
    static const struct {
        const char *xml;
        guint n_elements;
        gboolean is_possible;
    } cases[] = {
        {"<a><b/>c</a>", 2, TRUE},
        {"<?xml version='1.0' encoding='UTF-7'?><a>+ADw-b/+AD4-</a>", 2, FALSE},
        {"<a><b/></a>", 3, FALSE},
        {"<a><!-- <b> --><![CDATA[<b>]]></a>", 1, TRUE},
        {"", 1, FALSE},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) xml = bytes(cases[i].xml);
        gboolean is_possible = kyso_xml_insertion_is_possible(xml, cases[i].n_elements, &error);
        g_assert_cmpint(is_possible, ==, cases[i].is_possible);
        if (!is_possible)
            g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML);
    }
}

static void
test_elements_that_there_are_not_take_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) xml = bytes("<a><b/></a>");
    g_autoptr(GBytes) text = bytes("#");

    g_assert_null(kyso_xml_insertion_splice(xml, 2, text, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML);
}

#define SIGNATURE(object)                                                                          \
    "<a xmlns:d=\"" KYSO_XML_DSIG "\" xmlns:x=\"" KYSO_XML_XADES                                   \
    "\"><d:Signature Id=\"s\"><d:Object>" object "</d:Object></d:Signature></a>"
#define QUALIFYING(more) "<x:QualifyingProperties Target=\"#s\">" more "</x:QualifyingProperties>"

static void
test_a_timestamp_goes_where_nobody_signs(void)
{
    static const struct {
        const char *before, *after;
        int code;
    } cases[] = {
        {SIGNATURE(QUALIFYING("")),
         SIGNATURE(QUALIFYING("<xades:UnsignedProperties xmlns:xades=\"" KYSO_XML_XADES
                              "\"><xades:UnsignedSignatureProperties>#"
                              "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>")),
         0},
        {SIGNATURE(QUALIFYING("<x:UnsignedProperties><x:UnsignedSignatureProperties/>"
                              "</x:UnsignedProperties>")),
         SIGNATURE(QUALIFYING("<x:UnsignedProperties><x:UnsignedSignatureProperties>#"
                              "</x:UnsignedSignatureProperties></x:UnsignedProperties>")),
         0},
        {SIGNATURE(QUALIFYING("<x:UnsignedProperties/>")), NULL, KYSO_ERROR_NOT_SUPPORTED},
        {SIGNATURE(""), NULL, KYSO_ERROR_NOT_SUPPORTED},
        {"<a/>", NULL, KYSO_ERROR_WRONG_PARAMETERS},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) xml = bytes(cases[i].before);
        g_autoptr(GBytes) text = bytes("#");
        g_autoptr(GBytes) result = kyso_xml_inspect_extend(xml, 0, text, &error);
        g_autoptr(GBytes) expected = bytes(cases[i].after != NULL ? cases[i].after : "");
        if (cases[i].after != NULL)
            g_assert_cmpmem(g_bytes_get_data(result, NULL), g_bytes_get_size(result),
                            g_bytes_get_data(expected, NULL), g_bytes_get_size(expected));
        else
            g_assert_error(error, KYSO_ERROR, cases[i].code);
    }
}

static void
test_hostile_xml_is_refused(void)
{
    g_autofree char *open = g_strnfill(3 * (KYSO_XML_MAX_DEPTH + 1), 'x');
    const char *cases[] = {"",
                           "<a",
                           "<a></b>",
                           "<a/><b/>",
                           "<!DOCTYPE a><a/>",
                           "<a>&b;</a>",
                           "<a><x:b/></a>",
                           "<a b=\"1\" b=\"2\"/>",
                           open};

    for (gsize i = 0; i < strlen(open); i += 3)
        memcpy(open + i, "<a>", 3);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_xml_parse(cases[i], strlen(cases[i]), &error));
        int code = i == 0 ? KYSO_ERROR_DOCUMENT_EMPTY : KYSO_ERROR_INVALID_XML;
        g_assert_error(error, KYSO_ERROR, code);
    }
}

static char *
canonical(const char *text, const KysoXmlSelection *selection)
{
    g_autoptr(GError) error = NULL;
    g_auto(KysoXmlOutput) output = {.fd = -1};
    g_autoptr(xmlDoc) doc = kyso_xml_parse(text, strlen(text), &error);
    KysoXmlPart part;

    g_assert_no_error(error);
    g_assert_true(kyso_xml_output_init(&output, NULL));
    g_assert_true(kyso_xml_canonical_write(doc, selection, &output, &part, &error));
    char *data = g_malloc0((gsize) part.length + 1);
    g_assert_true(kyso_fd_read_at(output.fd, data, (gsize) part.length, part.offset, NULL));
    return data;
}

static void
test_canonical_forms(void)
{
    static const char text[] =
        "<?xml version='1.0'?>\n<!-- c --><a xmlns:u='urn:u'  c='2' b='1'><b/><![CDATA[<]]>"
        "<s:Signature xmlns:s='" KYSO_XML_DSIG "'>x</s:Signature></a>";
    KysoXmlSelection exclusive = {.method = KYSO_XML_EXCLUSIVE, .without_signatures = TRUE};
    KysoXmlSelection inclusive = {.method = KYSO_XML_C14N, .without_signatures = TRUE};
    g_autofree char *one = canonical(text, &exclusive);
    g_autofree char *other = canonical(text, &inclusive);

    g_assert_cmpstr(one, ==, "<a b=\"1\" c=\"2\"><b></b>&lt;</a>");
    g_assert_cmpstr(other, ==, "<a xmlns:u=\"urn:u\" b=\"1\" c=\"2\"><b></b>&lt;</a>");
    g_assert_false(kyso_xml_canonical_knows("http://www.w3.org/TR/1999/REC-xslt-19991116"));
    g_assert_false(kyso_xml_canonical_knows(NULL));
}

/* One name space of half a megabyte for each of a thousand elements. */
static void
test_a_canonical_form_is_bounded(void)
{
    g_autofree char *name = g_strnfill(512 * 1024, 'u');
    GString *text = g_string_new(NULL);
    g_auto(KysoXmlOutput) output = {.fd = -1};
    g_autoptr(GError) error = NULL;
    KysoXmlSelection selection = {.method = KYSO_XML_EXCLUSIVE};
    KysoXmlPart part;

    g_string_append_printf(text, "<r xmlns:p=\"urn:%s\">", name);
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "<p:a/>");
    g_string_append(text, "</r>");
    g_autoptr(xmlDoc) doc = kyso_xml_parse(text->str, text->len, &error);
    g_assert_no_error(error);
    g_assert_true(kyso_xml_output_init(&output, NULL));
    g_assert_false(kyso_xml_canonical_write(doc, &selection, &output, &part, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE);
    g_assert_cmpint(output.size, <=, KYSO_XML_OUTPUT_MAX);
    g_string_free(text, TRUE);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xml/text goes before the last tag", test_text_goes_before_the_last_tag);
    g_test_add_func("/xml/tags that only a parser finds are told",
                    test_tags_that_only_a_parser_finds_are_told);
    g_test_add_func("/xml/elements that there are not take nothing",
                    test_elements_that_there_are_not_take_nothing);
    g_test_add_func("/xml/a timestamp goes where nobody signs",
                    test_a_timestamp_goes_where_nobody_signs);
    g_test_add_func("/xml/hostile XML is refused", test_hostile_xml_is_refused);
    g_test_add_func("/xml/canonical forms", test_canonical_forms);
    g_test_add_func("/xml/a canonical form is bounded", test_a_canonical_form_is_bounded);
    return g_test_run();
}
