/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verdicts on signatures that somebody has changed, or has made in a form that could cheat.
 */
#include "agent/cms/cms-verify.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/signature-maker.h"

static KysoAuthority *root, *rsa, *ec;
static KysoTrust *trust;

static KysoSignatureReport *
verify_at(GBytes *der, const char *content, KysoTrust *anchors, GDateTime *claimed)
{
    g_autoptr(GError) error = NULL;
    KysoSignatureReport *report = kyso_cms_verify(der, kyso_signature_maker_digest,
                                                  (gpointer) content, anchors, claimed, &error);

    g_assert_no_error(error);
    return report;
}

static KysoSignatureReport *
verify(GBytes *der)
{
    return verify_at(der, KYSO_SIGNATURE_MAKER_CONTENT, trust, NULL);
}

static void
assert_verdict(GBytes *der, KysoSignatureVerdict verdict, const char *reason)
{
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpstr(report->reason, ==, reason);
    g_assert_cmpint(report->verdict, ==, verdict);
    g_assert_cmpint(report->integrity, ==, reason == NULL || strcmp(reason, "certificate") == 0);
}

static void
assert_unreadable(GBytes *der)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_cms_verify(der, kyso_signature_maker_digest,
                                  (gpointer) KYSO_SIGNATURE_MAKER_CONTENT, trust, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE);
}

static GBytes *
flip(GBytes *der, gsize at)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(der, &size);
    guint8 *copy = g_memdup2(data, size);

    copy[at] ^= 1;
    return g_bytes_new_take(copy, size);
}

/* Where @needle stands in @der; it must be there. */
static gsize
find(GBytes *der, const void *needle, gsize needle_size)
{
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(der, &size);
    const guint8 *found = memmem(data, size, needle, needle_size);

    g_assert_nonnull(found);
    return (gsize) (found - data);
}

/* What is still good */

static void
test_zeros_may_follow(void)
{
    static const char ZEROS[4096];
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(GBytes) padded = kyso_signature_maker_append(der, ZEROS, sizeof ZEROS);

    assert_verdict(padded, KYSO_VALID, NULL);
}

/* BER with indefinite lengths, as older signers write it (X.690 §8.1.3.6): the three outermost
 * values are opened, each closed by two zeros. */
static void
test_indefinite_lengths_are_read(void)
{
    static const guint8 OID[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02};
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    gsize size = 0, after_oid = find(der, OID, sizeof OID) + sizeof OID;
    const guint8 *data = g_bytes_get_data(der, &size);
    g_autoptr(GByteArray) ber = g_byte_array_new();

    g_assert_cmphex(data[after_oid], ==, 0xA0); /* [0], length in two octets */
    g_assert_cmphex(data[after_oid + 1], ==, 0x82);
    g_assert_cmphex(data[after_oid + 5], ==, 0x82); /* SignedData */
    g_byte_array_append(ber, (const guint8 *) "\x30\x80", 2);
    g_byte_array_append(ber, OID, sizeof OID);
    g_byte_array_append(ber, (const guint8 *) "\xA0\x80\x30\x80", 4);
    g_byte_array_append(ber, data + after_oid + 8, (guint) (size - after_oid - 8));
    g_byte_array_append(ber, (const guint8 *) "\0\0\0\0\0\0", 6);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&ber));

    assert_verdict(bytes, KYSO_VALID, NULL);
}

/* What is changed */

static void
test_other_content_is_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(KysoSignatureReport) report = verify_at(der, "Quyết định số 02/QĐ-UBND", trust, NULL);

    g_assert_cmpint(report->verdict, ==, KYSO_INVALID);
    g_assert_cmpstr(report->reason, ==, "digest_mismatch");
    g_assert_false(report->integrity);
    g_assert_nonnull(report->signer);
}

static void
test_a_flipped_bit_in_the_digest_is_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    g_autoptr(GBytes) flipped = flip(der, find(der, g_bytes_get_data(digest, NULL), 32) + 7);

    assert_verdict(flipped, KYSO_INVALID, "digest_mismatch");
}

static void
test_a_flipped_bit_in_the_signature_is_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(GBytes) flipped = flip(der, g_bytes_get_size(der) - 1);

    assert_verdict(flipped, KYSO_INVALID, "signature_mismatch");
}

/* The ESS attribute is signed too: the signature fails before what it names is looked at. */
static void
test_a_flipped_bit_in_the_attributes_is_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    GBytes *certificate = kyso_certificate_get_der(rsa->certificate);
    guint8 id[32];
    gsize size = sizeof id;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, g_bytes_get_data(certificate, NULL),
                      (gssize) g_bytes_get_size(certificate));
    g_checksum_get_digest(checksum, id, &size);
    g_autoptr(GBytes) flipped = flip(der, find(der, id, sizeof id));

    assert_verdict(flipped, KYSO_INVALID, "signature_mismatch");
}

/* Some octets are signed by nobody (versions, the list of digests). No flip there may ever make
 * another person the signer, or let other content pass. */
static void
test_no_flipped_bit_changes_who_or_what(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(ec, "ECDSA", "SHA256");
    gsize size = g_bytes_get_size(der);

    for (gsize i = 0; i < size; i++) {
        g_autoptr(GBytes) flipped = flip(der, i);
        g_autoptr(KysoSignatureReport) report =
            kyso_cms_verify(flipped, kyso_signature_maker_digest,
                            (gpointer) KYSO_SIGNATURE_MAKER_CONTENT, trust, NULL, NULL);
        g_autoptr(KysoSignatureReport) other = kyso_cms_verify(flipped, kyso_signature_maker_digest,
                                                               (gpointer) "khác", NULL, NULL, NULL);
        if (report != NULL && report->verdict == KYSO_VALID)
            g_assert_cmpstr(kyso_certificate_get_id(report->signer), ==,
                            kyso_certificate_get_id(ec->certificate));
        g_assert_true(other == NULL || !other->integrity);
    }
}

static void
test_truncation_anywhere_does_no_harm(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(ec, "ECDSA", "SHA256");
    gsize size = g_bytes_get_size(der);

    for (gsize n = 0; n < size; n++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(der, 0, n);
        assert_unreadable(part);
    }
}

static void
test_garbage_after_is_unreadable(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(ec, "ECDSA", "SHA256");
    g_autoptr(GBytes) one = kyso_signature_maker_append(der, "x", 1);
    g_autoptr(GBytes) later = kyso_signature_maker_append(der, "\0\0\0x", 4);
    g_autoptr(GBytes) twice =
        kyso_signature_maker_append(der, g_bytes_get_data(der, NULL), g_bytes_get_size(der));

    assert_unreadable(one);
    assert_unreadable(later);
    assert_unreadable(twice);
}

static void
test_other_things_are_unreadable(void)
{
    g_autoptr(BIO) data = BIO_new_mem_buf(KYSO_SIGNATURE_MAKER_CONTENT, -1);
    g_autoptr(GBytes) plain = kyso_signature_maker_encode(CMS_data_create(data, CMS_BINARY));
    g_autoptr(GBytes) text =
        g_bytes_new_static(KYSO_SIGNATURE_MAKER_CONTENT, strlen(KYSO_SIGNATURE_MAKER_CONTENT));
    g_autoptr(GBytes) zeros = g_bytes_new_static("\0\0\0\0\0\0\0\0", 8);

    assert_unreadable(plain);
    assert_unreadable(text);
    assert_unreadable(zeros);
    assert_unreadable(kyso_certificate_get_der(rsa->certificate));
}

static void
test_a_lost_content_is_an_error(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_cms_verify(der, kyso_signature_maker_digest, NULL, trust, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE);
}

/* What is not of the form */

static void
test_two_signers_are_invalid(void)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    kyso_signature_maker_add(cms, rsa, "SHA256", 0, rsa);
    kyso_signature_maker_add(cms, ec, "SHA256", 0, ec);
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);

    assert_verdict(der, KYSO_INVALID, "several_signers");
}

static void
test_no_signer_is_invalid(void)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    CMS_add1_cert(cms, kyso_certificate_get_x509(rsa->certificate));
    g_autoptr(GBytes) der = kyso_signature_maker_encode(cms);

    assert_verdict(der, KYSO_INVALID, "signer_missing");
}

/* Content inside would be what is verified, and not what the reader sees. */
static void
test_content_inside_is_invalid(void)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(0);
    kyso_signature_maker_add(cms, rsa, "SHA256", 0, rsa);
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, 0);

    assert_verdict(der, KYSO_INVALID, "content_present");
}

static void
test_another_content_type_is_invalid(void)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo));
    kyso_signature_maker_add(cms, rsa, "SHA256", 0, rsa);
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);

    assert_verdict(der, KYSO_INVALID, "wrong_content_type");
}

/* The type beside the content is signed by nobody; the attribute that must equal it is. It stands
 * first in the file, so the first one found is the unsigned one. */
static void
test_a_content_type_unlike_its_attribute_is_invalid(void)
{
    static const guint8 DATA[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
    g_autoptr(GBytes) der = kyso_signature_maker_sign(rsa, "RSA-PKCS1", "SHA256");
    g_autoptr(GBytes) other = flip(der, find(der, DATA, sizeof DATA) + sizeof DATA - 1);

    assert_verdict(other, KYSO_INVALID, "wrong_content_type");
}

/* And the other way: signed as something else, passed off as plain content. */
static void
test_something_else_signed_is_invalid(void)
{
    static const guint8 OTHER[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x00};
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    ASN1_OBJECT *type = OBJ_txt2obj("1.2.840.113549.1.7.0", 1);
    CMS_set1_eContentType(cms, type);
    ASN1_OBJECT_free(type);
    kyso_signature_maker_add(cms, rsa, "SHA256", 0, rsa);
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);
    g_autoptr(GBytes) as_data = flip(der, find(der, OTHER, sizeof OTHER) + sizeof OTHER - 1);

    assert_verdict(as_data, KYSO_INVALID, "wrong_content_type");
}

static void
test_no_attributes_are_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign_legacy(rsa, "SHA256", CMS_NOATTR);

    assert_verdict(der, KYSO_INVALID, "attributes_missing");
}

static void
test_a_missing_certificate_is_invalid(void)
{
    g_autoptr(GBytes) der = kyso_signature_maker_sign_legacy(rsa, "SHA256", CMS_NOCERTS);
    g_autoptr(KysoSignatureReport) report = verify(der);

    g_assert_cmpint(report->verdict, ==, KYSO_INVALID);
    g_assert_cmpstr(report->reason, ==, "signer_certificate_missing");
    g_assert_null(report->signer);
    g_assert_cmpuint(report->certificates->len, ==, 0);
}

static void
test_another_hash_is_left_open(void)
{
    static const char *const HASHES[] = {"MD5", "SHA224", "SHA3-256"};

    for (gsize i = 0; i < G_N_ELEMENTS(HASHES); i++) {
        g_autoptr(GBytes) der = kyso_signature_maker_sign_legacy(rsa, HASHES[i], 0);
        assert_verdict(der, KYSO_UNDETERMINED, "hash_unsupported");
    }
}

static void
test_a_wrong_signing_certificate_is_invalid(void)
{
    CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
    kyso_signature_maker_add(cms, rsa, "SHA256", 0, ec);
    g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);

    assert_verdict(der, KYSO_INVALID, "signing_certificate_mismatch");
}

static void
test_an_unreadable_signing_certificate_is_invalid(void)
{
    static const char *const VALUES[] = {"\x30\x00", "\x30\x02\x30\x00", "\x30\x04\x30\x02\x30\x00",
                                         "\x30\x06\x30\x04\x30\x02\x30\x00"};
    static const int SIZES[] = {2, 4, 6, 8};

    for (gsize i = 0; i < G_N_ELEMENTS(VALUES); i++) {
        CMS_ContentInfo *cms = kyso_signature_maker_start(CMS_DETACHED);
        kyso_signature_maker_add(cms, rsa, "SHA256", 0, NULL);
        CMS_SignerInfo *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
        CMS_signed_add1_attr_by_NID(info, NID_id_smime_aa_signingCertificateV2, V_ASN1_SEQUENCE,
                                    VALUES[i], SIZES[i]);
        g_autoptr(GBytes) der = kyso_signature_maker_finish(cms, CMS_DETACHED);
        assert_verdict(der, KYSO_INVALID, "signing_certificate_mismatch");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    root = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    rsa = kyso_authority_new_signer("Nguyễn Văn Thử", "RSA-2048", root);
    ec = kyso_authority_new_signer("Trần Thị Nghiệm", "EC-P-256", root);
    trust = kyso_authority_trust(root, NULL);

    g_test_add_func("/cms-tampering/zeros-may-follow", test_zeros_may_follow);
    g_test_add_func("/cms-tampering/indefinite-lengths-are-read", test_indefinite_lengths_are_read);
    g_test_add_func("/cms-tampering/other-content-is-invalid", test_other_content_is_invalid);
    g_test_add_func("/cms-tampering/a-flipped-bit-in-the-digest-is-invalid",
                    test_a_flipped_bit_in_the_digest_is_invalid);
    g_test_add_func("/cms-tampering/a-flipped-bit-in-the-signature-is-invalid",
                    test_a_flipped_bit_in_the_signature_is_invalid);
    g_test_add_func("/cms-tampering/a-flipped-bit-in-the-attributes-is-invalid",
                    test_a_flipped_bit_in_the_attributes_is_invalid);
    g_test_add_func("/cms-tampering/no-flipped-bit-changes-who-or-what",
                    test_no_flipped_bit_changes_who_or_what);
    g_test_add_func("/cms-tampering/truncation-anywhere-does-no-harm",
                    test_truncation_anywhere_does_no_harm);
    g_test_add_func("/cms-tampering/garbage-after-is-unreadable", test_garbage_after_is_unreadable);
    g_test_add_func("/cms-tampering/other-things-are-unreadable", test_other_things_are_unreadable);
    g_test_add_func("/cms-tampering/a-lost-content-is-an-error", test_a_lost_content_is_an_error);
    g_test_add_func("/cms-tampering/two-signers-are-invalid", test_two_signers_are_invalid);
    g_test_add_func("/cms-tampering/no-signer-is-invalid", test_no_signer_is_invalid);
    g_test_add_func("/cms-tampering/content-inside-is-invalid", test_content_inside_is_invalid);
    g_test_add_func("/cms-tampering/another-content-type-is-invalid",
                    test_another_content_type_is_invalid);
    g_test_add_func("/cms-tampering/a-content-type-unlike-its-attribute-is-invalid",
                    test_a_content_type_unlike_its_attribute_is_invalid);
    g_test_add_func("/cms-tampering/something-else-signed-is-invalid",
                    test_something_else_signed_is_invalid);
    g_test_add_func("/cms-tampering/no-attributes-are-invalid", test_no_attributes_are_invalid);
    g_test_add_func("/cms-tampering/a-missing-certificate-is-invalid",
                    test_a_missing_certificate_is_invalid);
    g_test_add_func("/cms-tampering/another-hash-is-left-open", test_another_hash_is_left_open);
    g_test_add_func("/cms-tampering/a-wrong-signing-certificate-is-invalid",
                    test_a_wrong_signing_certificate_is_invalid);
    g_test_add_func("/cms-tampering/an-unreadable-signing-certificate-is-invalid",
                    test_an_unreadable_signing_certificate_is_invalid);
    int status = g_test_run();

    kyso_trust_unref(trust);
    kyso_authority_free(ec);
    kyso_authority_free(rsa);
    kyso_authority_free(root);
    return status;
}
