/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way from a certificate to a CA that we trust; with CAs made here and with those of GCC that
 * we ship.
 */
#include "agent/pki/trust.h"

#include <glib/gstdio.h>
#include <string.h>

#include <openssl/pem.h>

#include "ipc/base/error.h"
#include "tests/kit/authority.h"

static void
assert_trusted(KysoTrust *trust, const KysoAuthority *signer, const GPtrArray *extra, guint n_chain)
{
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GPtrArray) chain = NULL;
    g_autoptr(GError) error = NULL;

    kyso_trust_check(trust, signer->certificate, extra, now, &chain, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(chain->len, ==, n_chain);
    g_assert_cmpstr(kyso_certificate_get_id(g_ptr_array_index(chain, 0)), ==,
                    kyso_certificate_get_id(signer->certificate));
}

static void
assert_not_trusted(KysoTrust *trust, const KysoAuthority *signer, const GPtrArray *extra, int code)
{
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    GPtrArray *chain = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(kyso_trust_check(trust, signer->certificate, extra, now, &chain, &error));
    g_assert_error(error, KYSO_ERROR, code);
    g_assert_null(chain);
}

static void
test_a_path_leads_to_the_anchor(void)
{
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) sub = kyso_authority_new_ca("CA", root);
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", "RSA-2048", sub);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, sub, NULL);

    assert_trusted(trust, signer, NULL, 3);
}

static void
test_an_anchor_need_not_be_a_root(void)
{
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) sub = kyso_authority_new_ca("CA", root);
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, sub);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(sub, NULL);

    assert_trusted(trust, signer, NULL, 2);
}

static void
test_embedded_certificates_help_but_are_not_trusted(void)
{
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) sub = kyso_authority_new_ca("CA", root);
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", NULL, sub);
    g_autoptr(KysoAuthority) forged_root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) forged_sub = kyso_authority_new_ca("CA", forged_root);
    g_autoptr(KysoAuthority) forger = kyso_authority_new_signer("Thử", NULL, forged_sub);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, NULL);
    g_autoptr(GPtrArray) extra = g_ptr_array_new();

    assert_not_trusted(trust, signer, NULL, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    g_ptr_array_add(extra, forged_root->certificate);
    g_ptr_array_add(extra, forged_sub->certificate);
    assert_not_trusted(trust, forger, extra, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    g_ptr_array_add(extra, sub->certificate);
    assert_trusted(trust, signer, extra, 3);
}

static void
test_who_is_no_ca_cannot_issue(void)
{
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) person = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, root);
    g_autoptr(KysoAuthority) friend = kyso_authority_new_signer("Chủ tịch", NULL, person);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, NULL);
    g_autoptr(GPtrArray) extra = g_ptr_array_new();

    g_ptr_array_add(extra, person->certificate);
    assert_not_trusted(trust, friend, extra, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

static void
test_unknown_and_self_signed_are_not_trusted(void)
{
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) other = kyso_authority_new_ca("Khác", NULL);
    g_autoptr(KysoAuthority) stranger = kyso_authority_new_signer("Lạ", NULL, other);
    g_autoptr(KysoAuthority) alone = kyso_authority_new_signer("Một mình", NULL, NULL);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, NULL);

    assert_not_trusted(trust, stranger, NULL, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    assert_not_trusted(trust, alone, NULL, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

static void
test_the_period_of_every_certificate_counts(void)
{
    KysoAuthoritySpec old_ca = {
        .common_name = "CA cũ", .is_ca = TRUE, .from_days = -20, .to_days = -1};
    KysoAuthoritySpec old = {.common_name = "Thử", .from_days = -20, .to_days = -1};
    KysoAuthoritySpec young = {.common_name = "Thử", .from_days = 1, .to_days = 20};
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) expired_ca = kyso_authority_new(&old_ca, root);
    g_autoptr(KysoAuthority) of_expired = kyso_authority_new_signer("Thử", NULL, expired_ca);
    g_autoptr(KysoAuthority) expired = kyso_authority_new(&old, root);
    g_autoptr(KysoAuthority) not_yet = kyso_authority_new(&young, root);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, expired_ca, NULL);
    g_autoptr(KysoTrust) trust_old = kyso_authority_trust(expired_ca, NULL);
    g_autoptr(GDateTime) earlier = kyso_authority_day(-10);

    assert_not_trusted(trust, expired, NULL, KYSO_ERROR_CERTIFICATE_EXPIRED);
    assert_not_trusted(trust, not_yet, NULL, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID);
    assert_not_trusted(trust, of_expired, NULL, KYSO_ERROR_CERTIFICATE_EXPIRED);
    assert_not_trusted(trust_old, of_expired, NULL, KYSO_ERROR_CERTIFICATE_EXPIRED);
    g_assert_true(kyso_trust_check(trust, expired->certificate, NULL, earlier, NULL, NULL));
}

static void
test_weak_links_are_refused(void)
{
    KysoAuthoritySpec sha1 = {.common_name = "Thử", .hash = "SHA1"};
    KysoAuthoritySpec short_key = {.common_name = "Thử", .key = "RSA-1024"};
    KysoAuthoritySpec sha1_ca = {.common_name = "CA", .is_ca = TRUE, .hash = "SHA1"};
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) by_sha1 = kyso_authority_new(&sha1, root);
    g_autoptr(KysoAuthority) by_short_key = kyso_authority_new(&short_key, root);
    g_autoptr(KysoAuthority) weak_ca = kyso_authority_new(&sha1_ca, root);
    g_autoptr(KysoAuthority) of_weak_ca = kyso_authority_new_signer("Thử", NULL, weak_ca);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, weak_ca, NULL);

    assert_not_trusted(trust, by_sha1, NULL, KYSO_ERROR_CERTIFICATE_WEAK);
    assert_not_trusted(trust, by_short_key, NULL, KYSO_ERROR_CERTIFICATE_WEAK);
    assert_not_trusted(trust, of_weak_ca, NULL, KYSO_ERROR_CERTIFICATE_WEAK);
}

/* As GCC's first generation is: the sub-CA signed over SHA-1, the leaf over SHA-256. */
static void
test_a_pinned_ca_may_itself_be_signed_over_sha1(void)
{
    KysoAuthoritySpec sha1_ca = {.common_name = "CA", .is_ca = TRUE, .hash = "SHA1"};
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) pinned = kyso_authority_new(&sha1_ca, root);
    g_autoptr(KysoAuthority) signer = kyso_authority_new_signer("Thử", "RSA-2048", pinned);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(pinned, NULL);

    assert_trusted(trust, signer, NULL, 2);
}

static void
test_an_unknown_critical_extension_is_refused(void)
{
    KysoAuthoritySpec spec = {.common_name = "Thử", .critical_unknown = "2.16.704.1.1.99"};
    g_autoptr(KysoAuthority) root = kyso_authority_new_ca("Gốc", NULL);
    g_autoptr(KysoAuthority) signer = kyso_authority_new(&spec, root);
    g_autoptr(KysoTrust) trust = kyso_authority_trust(root, NULL);

    assert_not_trusted(trust, signer, NULL, KYSO_ERROR_CERTIFICATE_WRONG_USAGE);
}

/* Loading */

static void
test_a_missing_folder_is_empty(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTrust) trust = kyso_trust_load("/nonexistent/kyso", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(kyso_trust_get_anchors(trust)->len, ==, 0);
}

static void
write_text(const char *dir, const char *folder, const char *name, const char *text, gssize size)
{
    g_autofree char *parent = g_build_filename(dir, folder, NULL);
    g_autofree char *path = g_build_filename(parent, name, NULL);

    g_mkdir_with_parents(parent, 0700);
    g_assert_true(g_file_set_contents(path, text, size, NULL));
}

static void
test_pem_der_and_bundles_are_read(void)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(KysoAuthority) one = kyso_authority_new_ca("Một", NULL);
    g_autoptr(KysoAuthority) two = kyso_authority_new_ca("Hai", NULL);
    g_autoptr(KysoAuthority) three = kyso_authority_new_ca("Ba", NULL);
    GBytes *der = kyso_certificate_get_der(three->certificate);
    g_autoptr(GError) error = NULL;

    kyso_authority_write(one, dir, "anchors", "bundle.pem");
    kyso_authority_write(two, dir, "anchors", "bundle.pem");
    write_text(dir, "anchors", "three.cer", g_bytes_get_data(der, NULL),
               (gssize) g_bytes_get_size(der));
    write_text(dir, "anchors", "README.md", "not a certificate", -1);
    kyso_authority_write(three, dir, "intermediates", "three.crt");

    g_autoptr(KysoTrust) trust = kyso_trust_load(dir, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(kyso_trust_get_anchors(trust)->len, ==, 3);
    g_assert_cmpuint(kyso_trust_get_intermediates(trust)->len, ==, 1);
    kyso_authority_remove_folder(dir);
}

static void
assert_not_loaded(const char *folder, const char *name, const char *text)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;

    write_text(dir, folder, name, text, -1);
    g_assert_null(kyso_trust_load(dir, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
    g_assert_nonnull(strstr(error->message, name));
    kyso_authority_remove_folder(dir);
}

static void
test_a_bad_file_is_named(void)
{
    assert_not_loaded("anchors", "bad.pem", "");
    assert_not_loaded("anchors", "bad.crt", "rubbish");
    assert_not_loaded("intermediates", "bad.cer", "-----BEGIN CERTIFICATE-----\nrubbish\n");
    assert_not_loaded("intermediates", "bad.pem",
                      "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n");
}

static void
test_a_leaf_is_no_anchor(void)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(KysoAuthority) person = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, NULL);
    g_autoptr(GError) error = NULL;

    kyso_authority_write(person, dir, "anchors", "person.pem");
    g_assert_null(kyso_trust_load(dir, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION);
    kyso_authority_remove_folder(dir);
}

/* The certificates that we ship */

static char *
shipped(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, "../../packaging/trust", name, NULL);
}

static KysoCertificate *
read_pem(const char *path)
{
    g_autoptr(BIO) bio = BIO_new_file(path, "r");
    g_autoptr(X509) x509 = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    g_assert_nonnull(x509);
    return kyso_certificate_new_from_x509(x509, NULL);
}

static void
test_shipped_certificates_have_their_pins(void)
{
    g_autofree char *list = shipped("SHA256-FINGERPRINTS");
    g_autofree char *text = NULL;
    guint n_pins = 0;

    g_assert_true(g_file_get_contents(list, &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, "  ", 2);
        if (**line == '#' || g_strv_length(cells) != 2)
            continue;
        g_autofree char *path = shipped(cells[1]);
        g_autoptr(KysoCertificate) certificate = read_pem(path);
        g_assert_cmpstr(kyso_certificate_get_id(certificate), ==, cells[0]);
        n_pins++;
    }
    g_assert_cmpuint(n_pins, ==, 9);
}

static void
test_every_shipped_anchor_is_pinned(void)
{
    g_autofree char *dir = shipped(".");
    g_autofree char *list = shipped("SHA256-FINGERPRINTS");
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTrust) trust = kyso_trust_load(dir, &error);

    g_assert_no_error(error);
    g_assert_true(g_file_get_contents(list, &text, NULL, NULL));
    g_assert_cmpuint(kyso_trust_get_anchors(trust)->len, ==, 6);
    g_assert_cmpuint(kyso_trust_get_intermediates(trust)->len, ==, 1);
    for (guint i = 0; i < 6; i++) {
        const KysoCertificate *anchor = g_ptr_array_index(kyso_trust_get_anchors(trust), i);
        g_assert_nonnull(strstr(text, kyso_certificate_get_id(anchor)));
    }
}

static int
check_shipped(const char *name, GDateTime *at)
{
    g_autofree char *dir = shipped(".");
    g_autofree char *path = shipped(name);
    g_autoptr(KysoTrust) trust = kyso_trust_load(dir, NULL);
    g_autoptr(KysoCertificate) certificate = read_pem(path);
    g_autoptr(GError) error = NULL;

    kyso_trust_check(trust, certificate, NULL, at, NULL, &error);
    return error != NULL ? error->code : 0;
}

static void
test_both_generations_of_gcc_are_trusted(void)
{
    g_autoptr(GDateTime) y2026 = g_date_time_new_utc(2026, 11, 22, 0, 0, 0);
    g_autoptr(GDateTime) y2031 = g_date_time_new_utc(2031, 1, 1, 0, 0, 0);
    static const char *const G1[] = {"bocongan", "bongoaigiao", "botaichinh", "chinhphu",
                                     "dangcongsan"};

    for (gsize i = 0; i < G_N_ELEMENTS(G1); i++) {
        g_autofree char *name = g_strdup_printf("anchors/gcc-g1-subca-%s.pem", G1[i]);
        g_assert_cmpint(check_shipped(name, y2026), ==, 0);
        g_assert_cmpint(check_shipped(name, y2031), ==, KYSO_ERROR_CERTIFICATE_EXPIRED);
    }
    g_assert_cmpint(check_shipped("intermediates/gcc-g2-subca-nhanuoc.pem", y2026), ==, 0);
    g_assert_cmpint(check_shipped("intermediates/gcc-g2-subca-nhanuoc.pem", y2031), ==, 0);
}

/* The root of the first generation is not among the anchors, so what it signs is not trusted. */
static void
test_the_first_root_is_not_trusted(void)
{
    g_autoptr(GDateTime) y2026 = g_date_time_new_utc(2026, 11, 22, 0, 0, 0);

    g_assert_cmpint(check_shipped("timestamp-anchors/gcc-g1-rootca.pem", y2026), ==,
                    KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    g_assert_cmpint(check_shipped("not-installed/gcc-g1-tsa01.pem", y2026), ==,
                    KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

/* ... but for timestamps: it has certified GCC's time stamping server itself. */
static void
test_the_first_root_is_trusted_for_timestamps(void)
{
    g_autoptr(GDateTime) y2026 = g_date_time_new_utc(2026, 11, 22, 0, 0, 0);
    g_autofree char *dir = shipped(".");
    g_autofree char *path = shipped("not-installed/gcc-g1-tsa01.pem");
    g_autoptr(KysoTrust) trust = kyso_trust_load(dir, NULL);
    g_autoptr(KysoCertificate) server = read_pem(path);
    g_autoptr(GError) error = NULL;

    kyso_trust_check_timestamp(trust, server, NULL, y2026, NULL, NULL, &error);
    g_assert_no_error(error);
}

static void
test_names_of_gcc_are_readable(void)
{
    g_autofree char *path = shipped("intermediates/gcc-g2-subca-nhanuoc.pem");
    g_autoptr(KysoCertificate) certificate = read_pem(path);

    g_assert_cmpstr(kyso_certificate_get_subject(certificate), ==,
                    "CN=CA phục vụ các cơ quan Nhà nước G2,O=Ban Cơ yếu Chính phủ,C=VN");
    g_assert_cmpstr(kyso_certificate_get_issuer_common_name(certificate), ==,
                    "RootCA chuyên dùng Chính phủ G2");
    g_assert_cmpstr(kyso_certificate_get_serial(certificate), ==, "7AF2DF52182653D3");
    g_assert_true(kyso_certificate_is_ca(certificate));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_func("/trust/a-path-leads-to-the-anchor", test_a_path_leads_to_the_anchor);
    g_test_add_func("/trust/an-anchor-need-not-be-a-root", test_an_anchor_need_not_be_a_root);
    g_test_add_func("/trust/embedded-certificates-help-but-are-not-trusted",
                    test_embedded_certificates_help_but_are_not_trusted);
    g_test_add_func("/trust/who-is-no-ca-cannot-issue", test_who_is_no_ca_cannot_issue);
    g_test_add_func("/trust/unknown-and-self-signed-are-not-trusted",
                    test_unknown_and_self_signed_are_not_trusted);
    g_test_add_func("/trust/the-period-of-every-certificate-counts",
                    test_the_period_of_every_certificate_counts);
    g_test_add_func("/trust/weak-links-are-refused", test_weak_links_are_refused);
    g_test_add_func("/trust/a-pinned-ca-may-itself-be-signed-over-sha1",
                    test_a_pinned_ca_may_itself_be_signed_over_sha1);
    g_test_add_func("/trust/an-unknown-critical-extension-is-refused",
                    test_an_unknown_critical_extension_is_refused);
    g_test_add_func("/trust/a-missing-folder-is-empty", test_a_missing_folder_is_empty);
    g_test_add_func("/trust/pem-der-and-bundles-are-read", test_pem_der_and_bundles_are_read);
    g_test_add_func("/trust/a-bad-file-is-named", test_a_bad_file_is_named);
    g_test_add_func("/trust/a-leaf-is-no-anchor", test_a_leaf_is_no_anchor);
    g_test_add_func("/trust/shipped-certificates-have-their-pins",
                    test_shipped_certificates_have_their_pins);
    g_test_add_func("/trust/every-shipped-anchor-is-pinned", test_every_shipped_anchor_is_pinned);
    g_test_add_func("/trust/both-generations-of-gcc-are-trusted",
                    test_both_generations_of_gcc_are_trusted);
    g_test_add_func("/trust/the-first-root-is-not-trusted", test_the_first_root_is_not_trusted);
    g_test_add_func("/trust/the-first-root-is-trusted-for-timestamps",
                    test_the_first_root_is_trusted_for_timestamps);
    g_test_add_func("/trust/names-of-gcc-are-readable", test_names_of_gcc_are_readable);

    return g_test_run();
}
