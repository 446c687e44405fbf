/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JWS: signatures of ours of every algorithm, and those that nobody should take.
 */
#include "agent/jose/jws-builder.h"
#include "agent/jose/jws-verify.h"

#include <string.h>

#include "agent/jose/base64url.h"
#include "agent/jose/jose-algorithm.h"
#include "agent/jose/signing-input.h"
#include "ipc/base/error.h"
#include "tests/kit/authority.h"

#define CONTENT "{\"so\": \"79/UBND-VHTT\", \"trich_yeu\": \"V/v tăng cường ký số\"}"

static KysoAuthority *root, *ca, *rsa, *p256, *p384;
static KysoTrust *trust;

typedef struct {
    const char *name, *algorithm, *hash;
    KysoAuthority **signer;
} Case;

static const Case CASES[] = {
    {"RS256", "RSA-PKCS1", "SHA256", &rsa}, {"RS384", "RSA-PKCS1", "SHA384", &rsa},
    {"RS512", "RSA-PKCS1", "SHA512", &rsa}, {"PS256", "RSA-PSS", "SHA256", &rsa},
    {"PS384", "RSA-PSS", "SHA384", &rsa},   {"PS512", "RSA-PSS", "SHA512", &rsa},
    {"ES256", "ECDSA", "SHA256", &p256},    {"ES384", "ECDSA", "SHA384", &p384},
};

static GBytes *
decode(const char *text)
{
    GBytes *bytes = kyso_base64url_decode(text, strlen(text));
    g_assert_nonnull(bytes);
    return bytes;
}

/* Ours */

static char *
sign(const Case *subject, const char *content, gboolean is_detached)
{
    g_autoptr(GBytes) payload = g_bytes_new(content, strlen(content));
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    KysoJwsSpec spec = {
        .signer = (*subject->signer)->certificate,
        .chain = chain,
        .algorithm = subject->algorithm,
        .hash = subject->hash,
        .payload = payload,
        .content_type = "json",
        .signing_time = now,
    };

    g_ptr_array_add(chain, (*subject->signer)->certificate);
    g_ptr_array_add(chain, ca->certificate);
    g_ptr_array_add(chain, root->certificate);
    g_autoptr(KysoJwsBuilder) builder = kyso_jws_builder_new(&spec, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) signature = kyso_authority_sign(
        *subject->signer, subject->algorithm, subject->hash, kyso_jws_builder_get_digest(builder));
    g_autoptr(GBytes) jws =
        kyso_jws_builder_finish(builder, signature, is_detached ? NULL : payload, &error);
    g_assert_no_error(error);
    return g_strndup(g_bytes_get_data(jws, NULL), g_bytes_get_size(jws));
}

/* NULL: it cannot be read. */
static KysoSignatureReport *
verify_with(const char *text, const char *payload, KysoTrust *by)
{
    g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));
    g_autoptr(GBytes) content = payload != NULL ? g_bytes_new(payload, strlen(payload)) : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoJws) jws = kyso_jws_read(data, &error);

    if (jws != NULL)
        return kyso_jws_verify(jws, content, by);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE);
    return NULL;
}

static void
assert_verdict(const char *text, const char *payload, KysoSignatureVerdict verdict,
               const char *reason)
{
    g_autoptr(KysoSignatureReport) report = verify_with(text, payload, trust);

    g_assert_nonnull(report);
    g_assert_cmpstr(report->reason, ==, reason);
    g_assert_cmpint(report->verdict, ==, verdict);
}

static void
assert_unreadable(const char *text)
{
    g_assert_null(verify_with(text, NULL, trust));
}

static void
test_every_algorithm_is_signed_and_verified(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = sign(&CASES[i], CONTENT, FALSE);
        g_autoptr(KysoSignatureReport) report = verify_with(text, NULL, trust);
        g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));
        g_autoptr(KysoJws) jws = kyso_jws_read(data, NULL);

        g_assert_cmpint(report->verdict, ==, KYSO_VALID);
        g_assert_null(report->reason);
        g_assert_cmpstr(report->algorithm, ==, CASES[i].algorithm);
        g_assert_cmpstr(report->hash, ==, CASES[i].hash);
        g_assert_nonnull(report->signing_time);
        g_assert_cmpstr(json_string_value(json_object_get(jws->header, "alg")), ==, CASES[i].name);
        g_assert_cmpmem(g_bytes_get_data(jws->payload, NULL), g_bytes_get_size(jws->payload),
                        CONTENT, strlen(CONTENT));
    }
}

/* ETSI TS 119 182-1 table 1 */
static void
test_the_header_is_that_of_jades(void)
{
    g_autofree char *text = sign(&CASES[0], CONTENT, FALSE);
    g_autoptr(GBytes) data = g_bytes_new(text, strlen(text));
    g_autoptr(KysoJws) jws = kyso_jws_read(data, NULL);
    g_autofree char *thumbprint =
        kyso_signing_input_thumbprint(kyso_certificate_get_der(rsa->certificate));

    g_assert_cmpuint(json_object_size(jws->header), ==, 6);
    g_assert_true(json_is_integer(json_object_get(jws->header, "iat")));
    g_assert_cmpstr(json_string_value(json_object_get(jws->header, "typ")), ==, "JOSE");
    g_assert_cmpstr(json_string_value(json_object_get(jws->header, "cty")), ==, "json");
    g_assert_cmpstr(json_string_value(json_object_get(jws->header, "x5t#S256")), ==, thumbprint);
    g_assert_cmpuint(json_array_size(json_object_get(jws->header, "x5c")), ==, 2);
}

static void
test_a_detached_payload_must_be_given_and_the_same(void)
{
    g_autofree char *detached = sign(&CASES[6], CONTENT, TRUE);
    g_autofree char *attached = sign(&CASES[6], CONTENT, FALSE);

    g_assert_nonnull(strstr(detached, ".."));
    assert_verdict(detached, CONTENT, KYSO_VALID, NULL);
    assert_verdict(detached, CONTENT " ", KYSO_INVALID, "signature_mismatch");
    assert_verdict(detached, NULL, KYSO_UNDETERMINED, "content_missing");
    assert_verdict(attached, CONTENT, KYSO_INVALID, "content_present");
}

static void
test_who_is_not_known_here_leaves_the_verdict_open(void)
{
    g_autofree char *text = sign(&CASES[0], CONTENT, FALSE);
    g_autoptr(KysoAuthority) stranger = kyso_authority_new_ca("Người lạ", NULL);
    g_autoptr(KysoTrust) other = kyso_authority_trust(stranger, NULL);
    g_autoptr(KysoSignatureReport) report = verify_with(text, NULL, other);

    g_assert_cmpint(report->verdict, ==, KYSO_UNDETERMINED);
    g_assert_cmpint(report->certificate_code, ==, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
    g_assert_true(report->integrity);
}

static void
test_an_expired_certificate_has_signed_nothing(void)
{
    KysoAuthoritySpec spec = {.common_name = "Đã hết hạn", .from_days = -60, .to_days = -30};
    KysoAuthority *expired = kyso_authority_new(&spec, ca);
    const Case subject = {"ES256", "ECDSA", "SHA256", &expired};
    g_autofree char *text = sign(&subject, CONTENT, FALSE);

    assert_verdict(text, NULL, KYSO_INVALID, "certificate");
    kyso_authority_free(expired);
}

/* Tampering */

/* @text with another header, whose members @change sets; the payload and signature stay, or are
 * made anew by @signer. */
static char *
with_header(const char *text, const Case *signer, void (*change)(json_t *header))
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 3);
    g_autoptr(GBytes) bytes = decode(parts[0]);
    g_autoptr(GBytes) payload = decode(parts[1]);
    g_autoptr(json_t) header =
        json_loadb(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0, NULL);

    change(header);
    g_autofree char *json = kyso_json_format(header, NULL);
    g_autofree char *first = kyso_base64url_encode(json, strlen(json));
    if (signer == NULL)
        return g_strjoin(".", first, parts[1], parts[2], NULL);
    const KysoJoseAlgorithm *algorithm = kyso_jose_algorithm_from_name(signer->name);
    g_autoptr(GBytes) digest = kyso_signing_input_hash(signer->hash, first, strlen(first), payload);
    g_autoptr(GBytes) made =
        kyso_authority_sign(*signer->signer, signer->algorithm, signer->hash, digest);
    g_autoptr(GBytes) value = kyso_jose_algorithm_to_jws(algorithm, made);
    g_autofree char *last =
        kyso_base64url_encode(g_bytes_get_data(value, NULL), g_bytes_get_size(value));
    return g_strjoin(".", first, parts[1], last, NULL);
}

static void
say_none(json_t *header)
{
    json_object_set_new(header, "alg", json_string("nOnE"));
}

static void
say_hmac(json_t *header)
{
    json_object_set_new(header, "alg", json_string("HS256"));
}

static void
say_ec(json_t *header)
{
    json_object_set_new(header, "alg", json_string("ES256"));
}

static void
say_edwards(json_t *header)
{
    json_object_set_new(header, "alg", json_string("EdDSA"));
}

static void
say_nothing(json_t *header)
{
    json_object_del(header, "alg");
}

static void
say_critical(json_t *header)
{
    json_object_set_new(header, "crit", json_pack("[s]", "exp"));
    json_object_set_new(header, "exp", json_integer(1));
}

static void
say_unencoded(json_t *header)
{
    json_object_set_new(header, "b64", json_false());
}

static void
name_another_certificate(json_t *header)
{
    g_autofree char *other =
        kyso_signing_input_thumbprint(kyso_certificate_get_der(p256->certificate));
    json_object_set_new(header, "x5t#S256", json_string(other));
}

static void
leave_out_the_certificates(json_t *header)
{
    json_object_del(header, "x5c");
}

static void
put_another_certificate_first(json_t *header)
{
    json_array_insert_new(json_object_get(header, "x5c"), 0,
                          kyso_json_bytes(kyso_certificate_get_der(ca->certificate)));
}

static void
test_headers_that_lie_are_not_believed(void)
{
    static const struct {
        void (*change)(json_t *header);
        gboolean is_signed; /* by the signer himself */
        KysoSignatureVerdict verdict;
        const char *reason;
    } cases[] = {
        {say_none, FALSE, KYSO_INVALID, "algorithm_forbidden"},
        {say_none, TRUE, KYSO_INVALID, "algorithm_forbidden"},
        {say_hmac, TRUE, KYSO_INVALID, "algorithm_forbidden"},
        {say_ec, TRUE, KYSO_INVALID, "algorithm_forbidden"},
        {say_nothing, TRUE, KYSO_INVALID, "algorithm_forbidden"},
        {say_edwards, TRUE, KYSO_UNDETERMINED, "algorithm_unsupported"},
        {say_critical, TRUE, KYSO_INVALID, "critical_unknown"},
        {say_unencoded, TRUE, KYSO_INVALID, "critical_unknown"},
        {name_another_certificate, TRUE, KYSO_INVALID, "signing_certificate_mismatch"},
        {name_another_certificate, FALSE, KYSO_INVALID, "signature_mismatch"},
        {leave_out_the_certificates, TRUE, KYSO_INVALID, "signer_certificate_missing"},
        {put_another_certificate_first, TRUE, KYSO_INVALID, "algorithm_forbidden"},
    };
    g_autofree char *text = sign(&CASES[0], CONTENT, FALSE);

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *changed =
            with_header(text, cases[i].is_signed ? &CASES[0] : NULL, cases[i].change);
        assert_verdict(changed, NULL, cases[i].verdict, cases[i].reason);
    }
}

/* A letter for another, at every place: valid nowhere. */
static void
test_no_changed_letter_leaves_it_valid(void)
{
    g_autofree char *text = sign(&CASES[6], CONTENT, FALSE);
    gsize length = strlen(text);

    for (gsize i = 0; i < length; i++) {
        g_autofree char *changed = g_strdup(text);
        changed[i] = changed[i] == 'B' ? 'C' : 'B';
        g_autoptr(KysoSignatureReport) report = verify_with(changed, NULL, trust);
        g_assert_true(report == NULL || report->verdict == KYSO_INVALID ||
                      (report->verdict == KYSO_UNDETERMINED && !report->integrity));
    }
}

static void
test_one_signature_is_written_in_one_way_only(void)
{
    g_autofree char *text = sign(&CASES[6], CONTENT, FALSE);
    g_autofree char *padded = g_strconcat(text, "==", NULL);
    g_autofree char *more = g_strconcat(text, ".e30", NULL);
    g_autofree char *garbage = g_strconcat(text, "\nmore", NULL);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    g_autofree char *lines = g_strconcat(text, "\n\n", NULL);
    g_autofree char *last = g_strdup(text);

    assert_unreadable(padded);
    assert_unreadable(more);
    assert_unreadable(garbage);
    assert_unreadable(lines);
    assert_verdict(line, NULL, KYSO_VALID, NULL);
    last[strlen(last) - 1] = last[strlen(last) - 1] == 'x' ? 'y' : 'x'; /* bits of no byte */
    assert_unreadable(last);
}

static void
test_what_is_no_jws_is_unreadable(void)
{
    static const char *const texts[] = {
        "",
        "..",
        "eyJhbGciOiJSUzI1NiJ9",
        "eyJhbGciOiJSUzI1NiJ9.e30",
        "W10.e30.AA",
        "e30.A.A",
        "{",
        "{}",
        "[]",
        "{\"payload\":\"e30\",\"signatures\":[]}",
        /* {"alg":"RS256","alg":"none"} */
        "eyJhbGciOiJSUzI1NiIsImFsZyI6Im5vbmUifQ.e30.AA",
        "{\"payload\":\"e30\",\"protected\":\"eyJhbGciOiJSUzI1NiJ9\",\"signature\":\"AA\","
        "\"header\":{\"alg\":\"none\"}}",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_unreadable(texts[i]);
}

static void
test_nesting_is_bounded(void)
{
    g_autoptr(GString) json = g_string_new("{\"alg\":");

    for (int i = 0; i < 100000; i++)
        g_string_append_c(json, '[');
    g_autofree char *header = kyso_base64url_encode(json->str, json->len);
    g_autofree char *text = g_strconcat(header, ".e30.AA", NULL);
    assert_unreadable(text);
    assert_unreadable(json->str);
}

static void
test_the_json_forms_are_read(void)
{
    g_autofree char *text = sign(&CASES[0], CONTENT, FALSE);
    g_auto(GStrv) parts = g_strsplit(text, ".", 3);
    g_autofree char *flattened =
        g_strdup_printf(" {\"payload\":\"%s\",\"protected\":\"%s\",\"signature\":\"%s\"}\n",
                        parts[1], parts[0], parts[2]);
    g_autofree char *general = g_strdup_printf(
        "{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\",\"signature\":\"%s\","
        "\"header\":{\"kid\":\"1\"}}]}",
        parts[1], parts[0], parts[2]);

    g_assert_true(kyso_jws_is_begun_by(text, strlen(text)));
    g_assert_true(kyso_jws_is_begun_by(flattened, strlen(flattened)));
    assert_verdict(flattened, NULL, KYSO_VALID, NULL);
    assert_verdict(general, NULL, KYSO_VALID, NULL);
    g_assert_false(kyso_jws_is_begun_by("%PDF-1.7", 8));
    g_assert_false(kyso_jws_is_begun_by("\x30\x82\x01\x00", 4));
    g_assert_false(kyso_jws_is_begun_by("eyes and ears", 13));
    g_assert_false(kyso_jws_is_begun_by("", 0));
}

/* P-384 with SHA-256, which ECDSA allows and JWS does not. */
static void
test_an_algorithm_without_a_name_is_refused(void)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("{}", 2);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GError) error = NULL;
    KysoJwsSpec spec = {.signer = p384->certificate,
                        .algorithm = "ECDSA",
                        .hash = "SHA256",
                        .payload = payload,
                        .signing_time = now};

    g_assert_null(kyso_jws_builder_new(&spec, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED);
}

/* A signature that the token made over something else. */
static void
test_a_wrong_signature_is_not_taken(void)
{
    g_autoptr(GBytes) payload = g_bytes_new_static("{}", 2);
    g_autoptr(GDateTime) now = kyso_authority_day(0);
    g_autoptr(GError) error = NULL;
    KysoJwsSpec spec = {.signer = p256->certificate,
                        .algorithm = "ECDSA",
                        .hash = "SHA256",
                        .payload = payload,
                        .signing_time = now};
    g_autoptr(KysoJwsBuilder) builder = kyso_jws_builder_new(&spec, NULL);
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", "khác");
    g_autoptr(GBytes) signature = kyso_authority_sign(p256, "ECDSA", "SHA256", digest);

    g_assert_null(kyso_jws_builder_finish(builder, signature, payload, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    root = kyso_authority_new_ca("CA gốc thử nghiệm", NULL);
    ca = kyso_authority_new_ca("CA thử nghiệm", root);
    rsa = kyso_authority_new_signer("Nguyễn Văn Thử", "RSA-2048", ca);
    p256 = kyso_authority_new_signer("Trần Thị Thử", "EC-P-256", ca);
    p384 = kyso_authority_new_signer("Lê Văn Thử", "EC-P-384", ca);
    trust = kyso_authority_trust(root, NULL);
    g_test_add_func("/jws/algorithms", test_every_algorithm_is_signed_and_verified);
    g_test_add_func("/jws/header", test_the_header_is_that_of_jades);
    g_test_add_func("/jws/detached", test_a_detached_payload_must_be_given_and_the_same);
    g_test_add_func("/jws/unknown-issuer", test_who_is_not_known_here_leaves_the_verdict_open);
    g_test_add_func("/jws/expired", test_an_expired_certificate_has_signed_nothing);
    g_test_add_func("/jws/lying-headers", test_headers_that_lie_are_not_believed);
    g_test_add_func("/jws/every-letter", test_no_changed_letter_leaves_it_valid);
    g_test_add_func("/jws/one-way", test_one_signature_is_written_in_one_way_only);
    g_test_add_func("/jws/unreadable", test_what_is_no_jws_is_unreadable);
    g_test_add_func("/jws/nesting", test_nesting_is_bounded);
    g_test_add_func("/jws/json-forms", test_the_json_forms_are_read);
    g_test_add_func("/jws/no-name", test_an_algorithm_without_a_name_is_refused);
    g_test_add_func("/jws/wrong-signature", test_a_wrong_signature_is_not_taken);
    int status = g_test_run();
    kyso_trust_unref(trust);
    kyso_authority_free(p384);
    kyso_authority_free(p256);
    kyso_authority_free(rsa);
    kyso_authority_free(ca);
    kyso_authority_free(root);
    return status;
}
