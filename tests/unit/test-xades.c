/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures that are written as text without a parser, read back by the parser: what it finds is,
 * byte for byte, what was signed.
 */
#include "agent/xades/xades-builder.h"

#include <string.h>

#include "agent/document/xml-inspect.h"
#include "agent/xades/xades-verify.h"
#include "agent/xades/xml-algorithm.h"
#include "ipc/base/error.h"
#include "tests/kit/authority.h"

#define DOCUMENT "<a xmlns=\"urn:x\" b='1'><c/></a>"
#define CANONICAL "<a xmlns=\"urn:x\" b=\"1\"><c></c></a>"

static KysoAuthority *root, *ca, *rsa, *p256, *p521;
static KysoTrust *trust;

typedef struct {
    const char *algorithm, *hash;
    KysoAuthority **signer;
} Case;

static const Case CASES[] = {
    {"RSA-PKCS1", "SHA256", &rsa}, {"RSA-PKCS1", "SHA384", &rsa}, {"RSA-PKCS1", "SHA512", &rsa},
    {"RSA-PSS", "SHA256", &rsa},   {"RSA-PSS", "SHA384", &rsa},   {"RSA-PSS", "SHA512", &rsa},
    {"ECDSA", "SHA256", &p256},    {"ECDSA", "SHA384", &p256},    {"ECDSA", "SHA512", &p521},
};

static KysoXadesBuilder *
builder_for(const Case *subject, gboolean leaves_signatures, GError **error)
{
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GBytes) digest = kyso_authority_digest(subject->hash, CANONICAL);
    KysoXadesContent content = {"", TRUE, digest};
    KysoXadesSpec spec = {
        .signer = (*subject->signer)->certificate,
        .chain = chain,
        .algorithm = subject->algorithm,
        .hash = subject->hash,
        .contents = &content,
        .n_contents = 1,
        .leaves_signatures = leaves_signatures,
        .signing_time = now,
    };

    g_ptr_array_add(chain, (*subject->signer)->certificate);
    g_ptr_array_add(chain, ca->certificate);
    g_ptr_array_add(chain, root->certificate);
    return kyso_xades_builder_new(&spec, error);
}

static GBytes *
sign(KysoXadesBuilder *builder, const Case *subject)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature =
        kyso_authority_sign(*subject->signer, subject->algorithm, subject->hash,
                            kyso_xades_builder_get_digest(builder));
    g_autoptr(GBytes) element = kyso_xades_builder_finish(builder, signature, &error);
    g_autoptr(GBytes) document = g_bytes_new_static(DOCUMENT, strlen(DOCUMENT));

    g_assert_no_error(error);
    GBytes *result = kyso_xml_inspect_enclose(document, element, &error);
    g_assert_no_error(error);
    return result;
}

static char *
read_part(const KysoXmlOutput *output, const json_t *part)
{
    gsize length = (gsize) json_integer_value(json_object_get(part, "length"));
    char *text = g_malloc0(length + 1);

    g_assert_true(kyso_fd_read_at(output->fd, text, length,
                                  json_integer_value(json_object_get(part, "offset")), NULL));
    return text;
}

static void
check(GBytes *document, const KysoXadesBuilder *builder, const Case *subject)
{
    static const KysoXmlQuestion question = {FALSE, FALSE};
    g_auto(KysoXmlOutput) output = {.fd = -1};
    g_autoptr(GError) error = NULL;

    g_assert_true(kyso_xml_output_init(&output, &error));
    g_autoptr(json_t) facts = kyso_xml_inspect(document, &question, &output, &error);
    g_assert_no_error(error);
    const json_t *signature = json_array_get(json_object_get(facts, "signatures"), 0);
    const json_t *references = json_object_get(signature, "references");
    g_autofree char *info = read_part(&output, json_object_get(signature, "signed_info"));
    g_autofree char *content =
        read_part(&output, json_object_get(json_array_get(references, 0), "content"));
    g_autofree char *properties =
        read_part(&output, json_object_get(json_array_get(references, 1), "content"));
    g_assert_cmpstr(info, ==, kyso_xades_builder_get_signed_info(builder));
    g_assert_cmpstr(content, ==, CANONICAL);
    g_assert_cmpstr(properties, ==, kyso_xades_builder_get_signed_properties(builder));

    KysoXadesSubject found = {
        .signature = signature, .content = output.fd, .content_size = output.size, .trust = trust};
    gboolean covers_all = FALSE;
    g_autoptr(KysoSignatureReport) report = kyso_xades_verify(&found, &covers_all, &error);
    g_assert_no_error(error);
    g_assert_cmpint(report->verdict, ==, KYSO_VALID);
    g_assert_true(covers_all && report->is_cades);
    g_assert_cmpstr(report->hash, ==, subject->hash);
    g_assert_cmpuint(report->certificates->len, ==, 2); /* no root, nobody twice */
}

static void
test_what_is_written_is_what_is_read(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        for (int leaves = 0; leaves < 2; leaves++) {
            g_autoptr(GError) error = NULL;
            g_autoptr(KysoXadesBuilder) builder = builder_for(&CASES[i], leaves != 0, &error);
            g_assert_no_error(error);
            g_autoptr(GBytes) document = sign(builder, &CASES[i]);
            check(document, builder, &CASES[i]);
        }
    }
}

static void
test_another_key_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoAuthority) other = kyso_authority_new_signer("Người Khác", "EC-P-256", ca);
    g_autoptr(KysoXadesBuilder) builder = builder_for(&CASES[6], FALSE, &error);
    g_autoptr(GBytes) signature =
        kyso_authority_sign(other, "ECDSA", "SHA256", kyso_xades_builder_get_digest(builder));
    g_autoptr(GBytes) element = kyso_xades_builder_finish(builder, signature, &error);

    g_assert_null(element);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG);
}

static void
test_an_algorithm_that_does_not_fit_is_refused(void)
{
    static const Case bad[] = {
        {"ECDSA", "SHA256", &rsa}, {"RSA-PKCS1", "SHA256", &p256}, {"RSA-PKCS1", "SHA1", &rsa}};

    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoXadesBuilder) builder = builder_for(&bad[i], FALSE, &error);
        g_assert_null(builder);
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    }
}

/* XML-DSig §6.4.3: r and s, each as long as the key, leading zeros and all. */
static void
test_ecdsa_in_both_forms(void)
{
    const KysoAuthority *keys[] = {p256, p521};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        gsize size = i == 0 ? 64 : 132;
        for (int n = 0; n < 64; n++) { /* one of 256 has a leading zero in r */
            g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", "x");
            g_autoptr(GBytes) der = kyso_authority_sign(keys[i], "ECDSA", "SHA256", digest);
            g_autoptr(GBytes) raw = kyso_xml_algorithm_ecdsa_to_raw(der, keys[i]->key);
            g_autoptr(GBytes) again = kyso_xml_algorithm_ecdsa_from_raw(raw, keys[i]->key);
            g_assert_cmpuint(g_bytes_get_size(raw), ==, size);
            g_assert_true(g_bytes_equal(der, again));
        }
        g_autoptr(GBytes) odd = g_bytes_new_static("abc", 3);
        g_assert_null(kyso_xml_algorithm_ecdsa_to_raw(odd, keys[i]->key));
        g_assert_null(kyso_xml_algorithm_ecdsa_from_raw(odd, keys[i]->key));
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    root = kyso_authority_new_ca("Gốc Thử", NULL);
    ca = kyso_authority_new_ca("CA Thử", root);
    rsa = kyso_authority_new_signer("Người RSA", "RSA-2048", ca);
    p256 = kyso_authority_new_signer("Người EC", "EC-P-256", ca);
    p521 = kyso_authority_new_signer("Người EC khác", "EC-P-521", ca);
    trust = kyso_authority_trust(root, NULL);
    g_test_add_func("/xades/what is written is what is read", test_what_is_written_is_what_is_read);
    g_test_add_func("/xades/another key is refused", test_another_key_is_refused);
    g_test_add_func("/xades/an algorithm that does not fit is refused",
                    test_an_algorithm_that_does_not_fit_is_refused);
    g_test_add_func("/xades/ecdsa in both forms", test_ecdsa_in_both_forms);
    int status = g_test_run();
    kyso_trust_unref(trust);
    KysoAuthority *all[] = {root, ca, rsa, p256, p521};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
        kyso_authority_free(all[i]);
    return status;
}
