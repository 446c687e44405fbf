/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a certificate says, and whether it may sign.
 */
#include "agent/pki/certificate.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/authority.h"

static void
assert_may_not_sign(const KysoAuthoritySpec *spec, int code)
{
    g_autoptr(KysoAuthority) ca = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    g_autoptr(KysoAuthority) signer = kyso_authority_new(spec, ca);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GError) error = NULL;

    g_assert_false(kyso_certificate_check_signer(signer->certificate, now, &error));
    g_assert_error(error, KYSO_ERROR, code);
}

static void
assert_may_sign(const KysoAuthoritySpec *spec)
{
    g_autoptr(KysoAuthority) ca = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    g_autoptr(KysoAuthority) signer = kyso_authority_new(spec, ca);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GError) error = NULL;

    g_assert_true(kyso_certificate_check_signer(signer->certificate, now, &error));
    g_assert_no_error(error);
}

static void
test_names_are_vietnamese(void)
{
    KysoAuthoritySpec spec = {
        .common_name = "Nguyễn Văn Thử",
        .unit = "Văn phòng HĐND và UBND/Bộ phận Một cửa",
    };
    g_autoptr(KysoAuthority) ca = kyso_authority_new_ca("CA Thử Nghiệm, số 1", NULL);
    g_autoptr(KysoAuthority) signer = kyso_authority_new(&spec, ca);
    const KysoCertificate *certificate = signer->certificate;
    const char *const *units = kyso_certificate_get_organizational_units(certificate);

    g_assert_cmpstr(kyso_certificate_get_common_name(certificate), ==, "Nguyễn Văn Thử");
    g_assert_cmpstr(kyso_certificate_get_organization(certificate), ==, "UBND xã Thử Nghiệm");
    g_assert_cmpuint(g_strv_length((char **) units), ==, 2);
    g_assert_cmpstr(units[0], ==, "Văn phòng HĐND và UBND");
    g_assert_cmpstr(units[1], ==, "Bộ phận Một cửa");
    g_assert_cmpstr(kyso_certificate_get_subject(certificate), ==,
                    "CN=Nguyễn Văn Thử,OU=Bộ phận Một cửa,OU=Văn phòng HĐND và UBND,"
                    "O=UBND xã Thử Nghiệm,C=VN");
    g_assert_cmpstr(kyso_certificate_get_issuer(certificate), ==,
                    "CN=CA Thử Nghiệm\\, số 1,O=UBND xã Thử Nghiệm,C=VN");
    g_assert_cmpstr(kyso_certificate_get_issuer_common_name(certificate), ==,
                    "CA Thử Nghiệm, số 1");
}

static void
test_facts_are_those_of_the_certificate(void)
{
    g_autoptr(KysoAuthority) ca = kyso_authority_new_ca("CA Thử Nghiệm", NULL);
    g_autoptr(KysoAuthority) rsa = kyso_authority_new_signer("Một", "RSA-2048", ca);
    g_autoptr(KysoAuthority) ec = kyso_authority_new_signer("Hai", "EC-P-384", ca);
    GBytes *der = kyso_certificate_get_der(rsa->certificate);
    g_autofree char *id = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, der);
    GDateTime *from = kyso_certificate_get_not_before(rsa->certificate);
    GDateTime *to = kyso_certificate_get_not_after(rsa->certificate);

    g_assert_cmpstr(kyso_certificate_get_id(rsa->certificate), ==, id);
    g_assert_cmpstr(kyso_certificate_get_key_type(rsa->certificate), ==, "RSA");
    g_assert_cmpuint(kyso_certificate_get_key_bits(rsa->certificate), ==, 2048);
    g_assert_cmpstr(kyso_certificate_get_key_type(ec->certificate), ==, "EC");
    g_assert_cmpuint(kyso_certificate_get_key_bits(ec->certificate), ==, 384);
    g_assert_cmpuint(strlen(kyso_certificate_get_serial(rsa->certificate)), ==, 16);
    g_assert_cmpint(g_date_time_difference(to, from), ==, 395 * G_TIME_SPAN_DAY);
    g_assert_true(kyso_certificate_is_ca(ca->certificate));
    g_assert_false(kyso_certificate_is_ca(rsa->certificate));
}

/* A name is chosen by whoever asks for a certificate: it must not break out of its line, nor turn
 * the text around it. */
static void
test_names_stay_on_their_line(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử\nGiả \xE2\x80\xAE mạo"};
    g_autoptr(KysoAuthority) signer = kyso_authority_new(&spec, NULL);
    const char *name = kyso_certificate_get_common_name(signer->certificate);
    const char *subject = kyso_certificate_get_subject(signer->certificate);

    g_assert_cmpstr(name, ==, "Thử\xEF\xBF\xBDGiả \xEF\xBF\xBD mạo");
    g_assert_null(strchr(subject, '\n'));
    g_assert_null(strstr(subject, "\xE2\x80\xAE"));
    g_assert_true(g_utf8_validate(subject, -1, NULL));
}

static void
test_only_a_whole_certificate_is_read(void)
{
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, NULL);
    GBytes *der = kyso_certificate_get_der(signer->certificate);
    gsize size = g_bytes_get_size(der);

    for (gsize n = 0; n < size; n++) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(der, 0, n);
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_certificate_new(part, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNREADABLE);
    }

    g_autoptr(GByteArray) longer = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    g_byte_array_append(longer, g_bytes_get_data(der, NULL), (guint) size);
    g_byte_array_append(longer, (const guint8 *) "", 1);
    g_autoptr(GBytes) padded = g_byte_array_free_to_bytes(g_steal_pointer(&longer));
    g_assert_null(kyso_certificate_new(padded, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNREADABLE);
}

/* Whatever byte is wrong, reading it or asking it ends well. */
static void
test_a_damaged_certificate_does_no_harm(void)
{
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, NULL);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(kyso_certificate_get_der(signer->certificate), &size);

    for (gsize i = 0; i < size; i++) {
        g_autofree guint8 *copy = g_memdup2(data, size);
        copy[i] ^= 1 << (i % 8);
        g_autoptr(GBytes) der = g_bytes_new(copy, size);
        g_autoptr(KysoCertificate) certificate = kyso_certificate_new(der, NULL);
        if (certificate == NULL)
            continue;
        kyso_certificate_check_signer(certificate, now, NULL);
        g_assert_true(g_utf8_validate(kyso_certificate_get_subject(certificate), -1, NULL));
    }
}

static void
test_the_period_is_checked_at_the_moment_asked(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử", .from_days = -10, .to_days = 10};
    g_autoptr(KysoAuthority) signer = kyso_authority_new(&spec, NULL);
    static const struct {
        int day, code;
    } CASES[] = {
        {-11, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID}, {-9, 0}, {0, 0}, {9, 0},
        {11, KYSO_ERROR_CERTIFICATE_EXPIRED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GDateTime) day = kyso_authority_day(CASES[i].day);
        g_autoptr(GError) error = NULL;
        kyso_certificate_check_signer(signer->certificate, day, &error);
        g_assert_cmpint(error != NULL ? error->code : 0, ==, CASES[i].code);
    }
}

static void
test_the_ends_of_the_period_belong_to_it(void)
{
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, NULL);
    GDateTime *from = kyso_certificate_get_not_before(signer->certificate);
    GDateTime *to = kyso_certificate_get_not_after(signer->certificate);
    g_autoptr(GDateTime) before = g_date_time_add_seconds(from, -1);
    g_autoptr(GDateTime) after = g_date_time_add_seconds(to, 1);

    g_assert_true(kyso_certificate_check_signer(signer->certificate, from, NULL));
    g_assert_true(kyso_certificate_check_signer(signer->certificate, to, NULL));
    g_assert_false(kyso_certificate_check_signer(signer->certificate, before, NULL));
    g_assert_false(kyso_certificate_check_signer(signer->certificate, after, NULL));
}

static void
test_usage_of_a_person_may_sign(void)
{
    static const KysoAuthoritySpec CASES[] = {
        {.common_name = "Thử", .key_usage = ""},
        {.common_name = "Thử", .key_usage = "digitalSignature"},
        {.common_name = "Thử", .key_usage = "critical,nonRepudiation"},
        /* the profile of GCC's first generation */
        {.common_name = "Thử",
         .key_usage = "digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment",
         .extended_key_usage = "clientAuth,emailProtection,msSmartcardLogin"},
        {.common_name = "Thử", .extended_key_usage = "serverAuth,emailProtection"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        assert_may_sign(&CASES[i]);
}

static void
test_other_usage_may_not_sign(void)
{
    static const KysoAuthoritySpec CASES[] = {
        {.common_name = "CA", .is_ca = TRUE},
        {.common_name = "CA", .is_ca = TRUE, .key_usage = "digitalSignature,keyCertSign"},
        {.common_name = "Mã hóa", .key_usage = "critical,keyEncipherment"},
        {.common_name = "Máy chủ", .extended_key_usage = "serverAuth"},
        {.common_name = "Dấu thời gian", .extended_key_usage = "critical,timeStamping"},
        {.common_name = "OCSP", .extended_key_usage = "OCSPSigning"},
        {.common_name = "Phần mềm", .extended_key_usage = "codeSigning,serverAuth"},
        {.common_name = "Thử", .critical_unknown = "2.16.704.1.1.99"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        assert_may_not_sign(&CASES[i], KYSO_ERROR_CERTIFICATE_WRONG_USAGE);
}

static void
test_weak_certificates_may_not_sign(void)
{
    static const KysoAuthoritySpec CASES[] = {
        {.common_name = "Thử", .key = "RSA-1024"},     {.common_name = "Thử", .key = "RSA-2040"},
        {.common_name = "Thử", .key = "EC-secp256k1"}, {.common_name = "Thử", .key = "EC-P-224"},
        {.common_name = "Thử", .key = "ED25519"},      {.common_name = "Thử", .hash = "SHA1"},
        {.common_name = "Thử", .hash = "SHA224"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        assert_may_not_sign(&CASES[i], KYSO_ERROR_CERTIFICATE_WEAK);
}

static void
test_strong_certificates_may_sign(void)
{
    static const KysoAuthoritySpec CASES[] = {
        {.common_name = "Thử", .key = "RSA-2048"},
        {.common_name = "Thử", .key = "EC-P-521", .hash = "SHA512"},
        {.common_name = "Thử", .key = "EC-P-384", .hash = "SHA384"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        assert_may_sign(&CASES[i]);
}

/* Decree 68/2024 Art. 29: validity first, then usage, then strength. */
static void
test_the_first_fault_in_order_is_told(void)
{
    KysoAuthoritySpec spec = {
        .common_name = "Thử", .is_ca = TRUE, .hash = "SHA1", .from_days = -20, .to_days = -10};

    assert_may_not_sign(&spec, KYSO_ERROR_CERTIFICATE_EXPIRED);
    spec.to_days = 10;
    assert_may_not_sign(&spec, KYSO_ERROR_CERTIFICATE_WRONG_USAGE);
    spec.is_ca = FALSE;
    assert_may_not_sign(&spec, KYSO_ERROR_CERTIFICATE_WEAK);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_func("/certificate/names-are-vietnamese", test_names_are_vietnamese);
    g_test_add_func("/certificate/facts-are-those-of-the-certificate",
                    test_facts_are_those_of_the_certificate);
    g_test_add_func("/certificate/names-stay-on-their-line", test_names_stay_on_their_line);
    g_test_add_func("/certificate/only-a-whole-certificate-is-read",
                    test_only_a_whole_certificate_is_read);
    g_test_add_func("/certificate/a-damaged-certificate-does-no-harm",
                    test_a_damaged_certificate_does_no_harm);
    g_test_add_func("/certificate/the-period-is-checked-at-the-moment-asked",
                    test_the_period_is_checked_at_the_moment_asked);
    g_test_add_func("/certificate/the-ends-of-the-period-belong-to-it",
                    test_the_ends_of_the_period_belong_to_it);
    g_test_add_func("/certificate/usage-of-a-person-may-sign", test_usage_of_a_person_may_sign);
    g_test_add_func("/certificate/other-usage-may-not-sign", test_other_usage_may_not_sign);
    g_test_add_func("/certificate/weak-certificates-may-not-sign",
                    test_weak_certificates_may_not_sign);
    g_test_add_func("/certificate/strong-certificates-may-sign", test_strong_certificates_may_sign);
    g_test_add_func("/certificate/the-first-fault-in-order-is-told",
                    test_the_first_fault_in_order_is_told);

    return g_test_run();
}
