/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures that we build, read back by OpenSSL's own verifier, which shares no code with ours.
 */
#include "agent/cms/cades-builder.h"

#include <string.h>

#include <openssl/pem.h>

#include "ipc/base/error.h"
#include "tests/kit/authority.h"

#define CONTENT "Quyết định số 01/QĐ-UBND"

/* An RSA and an EC signer below one CA: made once, as RSA keys are slow to make. */
static KysoAuthority *root, *ca, *rsa, *ec;

typedef struct {
    const char *algorithm, *hash;
    KysoAuthority **signer;
} Case;

static const Case CASES[] = {
    {"RSA-PKCS1", "SHA256", &rsa}, {"RSA-PKCS1", "SHA384", &rsa}, {"RSA-PKCS1", "SHA512", &rsa},
    {"RSA-PSS", "SHA256", &rsa},   {"RSA-PSS", "SHA384", &rsa},   {"RSA-PSS", "SHA512", &rsa},
    {"ECDSA", "SHA256", &ec},      {"ECDSA", "SHA384", &ec},      {"ECDSA", "SHA512", &ec},
};

static KysoCadesBuilder *
builder_for(const Case *subject, KysoCadesProfile profile, GError **error)
{
    g_autoptr(GBytes) digest = kyso_authority_digest(subject->hash, CONTENT);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    KysoCadesSpec spec = {
        .signer = (*subject->signer)->certificate,
        .chain = chain,
        .algorithm = subject->algorithm,
        .hash = subject->hash,
        .content_digest = digest,
        .profile = profile,
        .signing_time = now,
    };

    g_ptr_array_add(chain, (*subject->signer)->certificate);
    g_ptr_array_add(chain, ca->certificate);
    g_ptr_array_add(chain, ca->certificate);
    g_ptr_array_add(chain, root->certificate);
    return kyso_cades_builder_new(&spec, error);
}

static GBytes *
build(const Case *subject, KysoCadesProfile profile)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCadesBuilder) builder = builder_for(subject, profile, &error);
    g_assert_no_error(error);

    g_autoptr(GBytes) signature =
        kyso_authority_sign(*subject->signer, subject->algorithm, subject->hash,
                            kyso_cades_builder_get_digest(builder));
    GBytes *der = kyso_cades_builder_finish(builder, signature, &error);
    g_assert_no_error(error);
    return der;
}

static CMS_ContentInfo *
parse(GBytes *der)
{
    const unsigned char *data = g_bytes_get_data(der, NULL), *end = data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &end, (long) g_bytes_get_size(der));

    g_assert_nonnull(cms);
    g_assert_true(end == data + g_bytes_get_size(der));
    return cms;
}

static CMS_SignerInfo *
only_signer(CMS_ContentInfo *cms)
{
    g_assert_cmpint(sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)), ==, 1);
    return sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
}

/* `openssl cms -verify -cades -binary -content` in calls. */
static gboolean
openssl_accepts(GBytes *der, const char *content)
{
    g_autoptr(CMS_ContentInfo) cms = parse(der);
    g_autoptr(X509_STORE) store = X509_STORE_new();
    g_autoptr(BIO) data = BIO_new_mem_buf(content, -1);

    X509_STORE_add_cert(store, kyso_certificate_get_x509(root->certificate));
    return CMS_verify(cms, NULL, store, data, NULL, CMS_BINARY | CMS_CADES) == 1;
}

static void
test_openssl_accepts_every_algorithm(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GBytes) pades = build(&CASES[i], KYSO_CADES_PADES);
        g_autoptr(GBytes) detached = build(&CASES[i], KYSO_CADES_DETACHED);

        g_assert_true(openssl_accepts(pades, CONTENT));
        g_assert_true(openssl_accepts(detached, CONTENT));
        g_assert_false(openssl_accepts(pades, "Quyết định số 02/QĐ-UBND"));
    }
}

static void
assert_algorithm(const Case *subject, int nid, gboolean has_parameters)
{
    g_autoptr(GBytes) der = build(subject, KYSO_CADES_PADES);
    g_autoptr(CMS_ContentInfo) cms = parse(der);
    X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    int type = 0;

    CMS_SignerInfo_get0_algs(only_signer(cms), NULL, NULL, NULL, &algorithm);
    X509_ALGOR_get0(&object, &type, NULL, algorithm);
    g_assert_cmpint(OBJ_obj2nid(object), ==, nid);
    g_assert_cmpint(type != V_ASN1_UNDEF, ==, has_parameters);
}

/* RFC 3370 §3.2, RFC 4056 §3, RFC 5753 §7.1.3 */
static void
test_algorithms_are_written_as_the_standards_say(void)
{
    assert_algorithm(&CASES[0], NID_rsaEncryption, TRUE);
    assert_algorithm(&CASES[3], NID_rsassaPss, TRUE);
    assert_algorithm(&CASES[6], NID_ecdsa_with_SHA256, FALSE);
    assert_algorithm(&CASES[8], NID_ecdsa_with_SHA512, FALSE);
}

/* EN 319 142-1 §6.3: a PDF has its time in /M; EN 319 122-1 §6.3: a file needs the attribute. */
static void
test_signing_time_is_for_files_only(void)
{
    g_autoptr(GBytes) pades = build(&CASES[0], KYSO_CADES_PADES);
    g_autoptr(GBytes) detached = build(&CASES[0], KYSO_CADES_DETACHED);
    g_autoptr(CMS_ContentInfo) pades_cms = parse(pades);
    g_autoptr(CMS_ContentInfo) detached_cms = parse(detached);
    CMS_SignerInfo *in_pdf = only_signer(pades_cms), *in_file = only_signer(detached_cms);

    g_assert_cmpint(CMS_signed_get_attr_count(in_pdf), ==, 3);
    g_assert_cmpint(CMS_signed_get_attr_by_NID(in_pdf, NID_pkcs9_signingTime, -1), <, 0);
    g_assert_cmpint(CMS_signed_get_attr_count(in_file), ==, 4);
    g_assert_nonnull(CMS_signed_get0_data_by_OBJ(in_file, OBJ_nid2obj(NID_pkcs9_signingTime), -3,
                                                 V_ASN1_UTCTIME));
}

static char *
to_hex(const guint8 *data, gsize size)
{
    g_autoptr(GString) hex = g_string_new(NULL);

    for (gsize i = 0; i < size; i++)
        g_string_append_printf(hex, "%02x", data[i]);

    return g_string_free(g_steal_pointer(&hex), FALSE);
}

/* RFC 5035 §4: SHA-256 is the default and so not written; EN 319 122-1 wants issuer and serial.
 * SEQUENCE { SEQUENCE OF { SEQUENCE { OCTET STRING (32), SEQUENCE issuerSerial } } } */
static void
test_signing_certificate_is_named_by_sha256(void)
{
    const ASN1_OBJECT *type = OBJ_nid2obj(NID_id_smime_aa_signingCertificateV2);
    g_autoptr(GBytes) der = build(&CASES[8], KYSO_CADES_PADES); /* signed over SHA-512 */
    g_autoptr(CMS_ContentInfo) cms = parse(der);
    const ASN1_STRING *value =
        CMS_signed_get0_data_by_OBJ(only_signer(cms), type, -3, V_ASN1_SEQUENCE);
    g_assert_nonnull(value);

    g_autofree char *lower = to_hex(ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
    const char *hash = strstr(lower, kyso_certificate_get_id(ec->certificate));
    g_assert_nonnull(hash);
    g_assert_true(g_str_has_prefix(hash - 4, "0420"));
    g_assert_cmpint(hash - lower, <=, 2 * 12);        /* no algorithm stands before it */
    g_assert_true(g_str_has_prefix(hash + 64, "30")); /* issuerSerial follows */
}

static void
test_the_chain_is_embedded_once_without_the_root(void)
{
    g_autoptr(GBytes) der = build(&CASES[0], KYSO_CADES_PADES);
    g_autoptr(CMS_ContentInfo) cms = parse(der);
    g_autoptr(KysoX509Stack) stack = CMS_get1_certs(cms);
    int n_root = 0;

    g_assert_cmpint(sk_X509_num(stack), ==, 2);
    for (int i = 0; i < sk_X509_num(stack); i++)
        n_root +=
            X509_cmp(sk_X509_value(stack, i), kyso_certificate_get_x509(root->certificate)) == 0;
    g_assert_cmpint(n_root, ==, 0);
}

static void
test_the_digest_is_over_the_attributes_as_they_stand(void)
{
    g_autoptr(KysoCadesBuilder) builder = builder_for(&CASES[0], KYSO_CADES_PADES, NULL);
    GBytes *digest = kyso_cades_builder_get_digest(builder);
    g_autoptr(GBytes) signature = kyso_authority_sign(rsa, "RSA-PKCS1", "SHA256", digest);
    g_autoptr(GBytes) der = kyso_cades_builder_finish(builder, signature, NULL);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(der, &size);
    guint n_found = 0;

    /* [0] IMPLICIT in the file, a SET where hashed (RFC 5652 §5.4) */
    for (gsize i = 0; i + 3 < size; i++) {
        const unsigned char *body = data + i;
        long length = 0;
        int tag = 0, class = 0;
        if (data[i] != 0xA0 ||
            (ASN1_get_object(&body, &length, &tag, &class, (long) (size - i)) & 0x80) != 0)
            continue;
        gsize n = (gsize) (body - (data + i)) + (gsize) length;
        g_autofree guint8 *set = g_memdup2(data + i, n);
        set[0] = 0x31;
        g_autofree char *ours = g_compute_checksum_for_data(G_CHECKSUM_SHA256, set, n);
        g_autofree char *theirs = to_hex(g_bytes_get_data(digest, NULL), 32);
        n_found += strcmp(ours, theirs) == 0;
    }
    g_assert_cmpuint(n_found, ==, 1);
}

static void
test_it_fits_the_space_that_a_pdf_reserves(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "../../packaging/trust/intermediates/gcc-g2-subca-nhanuoc.pem", NULL);
    g_autoptr(BIO) bio = BIO_new_file(path, "r");
    g_autoptr(X509) x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    g_autoptr(KysoCertificate) large = kyso_certificate_new_from_x509(x509, NULL);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", CONTENT);
    KysoCadesSpec cades = {.signer = rsa->certificate,
                           .chain = chain,
                           .algorithm = "RSA-PSS",
                           .hash = "SHA256",
                           .content_digest = digest};

    g_ptr_array_add(chain, large); /* GCC's own, of 4096 bits */
    g_ptr_array_add(chain, ca->certificate);
    g_autoptr(KysoCadesBuilder) builder = kyso_cades_builder_new(&cades, NULL);
    g_autoptr(GBytes) signature =
        kyso_authority_sign(rsa, "RSA-PSS", "SHA256", kyso_cades_builder_get_digest(builder));
    g_autoptr(GBytes) der = kyso_cades_builder_finish(builder, signature, NULL);
    g_assert_cmpuint(g_bytes_get_size(der), <, 8192);
}

static void
test_a_wrong_signature_is_not_taken(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i += 3) {
        const Case *subject = &CASES[i];
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoCadesBuilder) builder = builder_for(subject, KYSO_CADES_PADES, NULL);
        GBytes *digest = kyso_cades_builder_get_digest(builder);
        g_autoptr(GBytes) right =
            kyso_authority_sign(*subject->signer, subject->algorithm, subject->hash, digest);
        g_autoptr(GBytes) other = kyso_authority_digest(subject->hash, "khác");
        g_autoptr(GBytes) wrong =
            kyso_authority_sign(*subject->signer, subject->algorithm, subject->hash, other);
        g_autoptr(GBytes) empty = g_bytes_new("", 0);

        g_assert_null(kyso_cades_builder_finish(builder, wrong, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG);
        g_assert_null(kyso_cades_builder_finish(builder, empty, NULL));
        g_autoptr(GBytes) der = kyso_cades_builder_finish(builder, right, NULL);
        g_assert_true(openssl_accepts(der, CONTENT));
    }
}

/* The salt's length is written into the signature: one made with another would verify here and
 * nowhere else. */
static void
test_a_salt_of_another_length_is_not_taken(void)
{
    g_autoptr(KysoCadesBuilder) builder = builder_for(&CASES[3], KYSO_CADES_PADES, NULL);
    GBytes *digest = kyso_cades_builder_get_digest(builder);
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(rsa->key, NULL);
    g_autoptr(GError) error = NULL;
    guint8 data[256];
    size_t size = sizeof data;

    EVP_PKEY_sign_init(context);
    EVP_PKEY_CTX_set_signature_md(context, EVP_sha256());
    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_MAX);
    g_assert_cmpint(EVP_PKEY_sign(context, data, &size, g_bytes_get_data(digest, NULL), 32), ==, 1);
    g_autoptr(GBytes) signature = g_bytes_new(data, size);

    g_assert_null(kyso_cades_builder_finish(builder, signature, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG);
}

static void
assert_not_built(const char *algorithm, const char *hash, const KysoAuthority *signer, gsize size)
{
    g_autofree guint8 *zeros = g_malloc0(size);
    g_autoptr(GBytes) digest = g_bytes_new(zeros, size);
    KysoCadesSpec spec = {.signer = signer->certificate,
                          .algorithm = algorithm,
                          .hash = hash,
                          .content_digest = digest};
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_cades_builder_new(&spec, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
}

static void
test_other_algorithms_are_refused(void)
{
    assert_not_built("RSA-PKCS1", "SHA1", rsa, 20);
    assert_not_built("RSA-PKCS1", "MD5", rsa, 16);
    assert_not_built("RSA-PKCS1", "SHA256", ec, 32);
    assert_not_built("ECDSA", "SHA256", rsa, 32);
    assert_not_built("DSA", "SHA256", rsa, 32);
    assert_not_built("RSA-PKCS1", "SHA256", rsa, 20);
    assert_not_built("RSA-PKCS1", "SHA512", rsa, 32);
    assert_not_built("RSA-PKCS1", "SHA256", rsa, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    root = kyso_authority_new_ca("Gốc Thử Nghiệm", NULL);
    ca = kyso_authority_new_ca("CA Thử Nghiệm", root);
    rsa = kyso_authority_new_signer("Nguyễn Văn Thử", "RSA-2048", ca);
    ec = kyso_authority_new_signer("Trần Thị Nghiệm", "EC-P-256", ca);

    g_test_add_func("/cades/openssl-accepts-every-algorithm", test_openssl_accepts_every_algorithm);
    g_test_add_func("/cades/algorithms-are-written-as-the-standards-say",
                    test_algorithms_are_written_as_the_standards_say);
    g_test_add_func("/cades/signing-time-is-for-files-only", test_signing_time_is_for_files_only);
    g_test_add_func("/cades/signing-certificate-is-named-by-sha256",
                    test_signing_certificate_is_named_by_sha256);
    g_test_add_func("/cades/the-chain-is-embedded-once-without-the-root",
                    test_the_chain_is_embedded_once_without_the_root);
    g_test_add_func("/cades/the-digest-is-over-the-attributes-as-they-stand",
                    test_the_digest_is_over_the_attributes_as_they_stand);
    g_test_add_func("/cades/it-fits-the-space-that-a-pdf-reserves",
                    test_it_fits_the_space_that_a_pdf_reserves);
    g_test_add_func("/cades/a-wrong-signature-is-not-taken", test_a_wrong_signature_is_not_taken);
    g_test_add_func("/cades/a-salt-of-another-length-is-not-taken",
                    test_a_salt_of_another_length_is_not_taken);
    g_test_add_func("/cades/other-algorithms-are-refused", test_other_algorithms_are_refused);
    int status = g_test_run();

    kyso_authority_free(ec);
    kyso_authority_free(rsa);
    kyso_authority_free(ca);
    kyso_authority_free(root);
    return status;
}
