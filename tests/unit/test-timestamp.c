/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/timestamp.h"

#include <string.h>

#include "ipc/base/error.h"
#include "tests/kit/status-maker.h"

typedef struct {
    KysoAuthority *ca, *tsa;
    KysoTrust *trust;
    GBytes *digest;
    KysoTimestampQuery *query;
} Fixture;

static void
set_up(Fixture *self, gconstpointer data)
{
    (void) data;
    self->ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    self->tsa = kyso_status_maker_new_tsa(self->ca);
    self->trust = kyso_authority_trust(self->ca, NULL);
    self->digest = kyso_authority_digest("SHA256", "chữ ký");
    self->query = kyso_timestamp_query_new("SHA256", self->digest, NULL, NULL);
}

static void
tear_down(Fixture *self, gconstpointer data)
{
    (void) data;
    kyso_authority_free(self->ca);
    kyso_authority_free(self->tsa);
    kyso_trust_unref(self->trust);
    g_bytes_unref(self->digest);
    kyso_timestamp_query_free(self->query);
}

static GBytes *
answer_of(Fixture *self, const KysoAuthority *tsa)
{
    return kyso_status_maker_timestamp(tsa, kyso_timestamp_query_get_der(self->query));
}

static void
test_good(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) answer = answer_of(self, self->tsa);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTimestamp) timestamp =
        kyso_timestamp_query_finish(self->query, answer, self->trust, &error);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    (void) data;
    g_assert_no_error(error);
    g_assert_cmpint(ABS(g_date_time_difference(now, timestamp->time)), <, 60 * G_TIME_SPAN_SECOND);
    g_assert_cmpstr(timestamp->policy, ==, "2.16.704.1.1.1.2");
    g_assert_cmpstr(kyso_certificate_get_id(timestamp->signer), ==,
                    kyso_certificate_get_id(self->tsa->certificate));
    g_assert_cmpuint(timestamp->chain->len, ==, 2);
}

static void
expect(Fixture *self, GBytes *answer, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_timestamp_query_finish(self->query, answer, self->trust, &error));
    g_assert_error(error, KYSO_ERROR, code);
}

/* Each stands for a service that lies: another question's answer, another nonce, junk. */
static void
test_other_answers(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) other_digest = kyso_authority_digest("SHA256", "khác");
    g_autoptr(KysoTimestampQuery) other =
        kyso_timestamp_query_new("SHA256", other_digest, NULL, NULL);
    g_autoptr(KysoTimestampQuery) again =
        kyso_timestamp_query_new("SHA256", self->digest, NULL, NULL);
    g_autoptr(GBytes) of_other =
        kyso_status_maker_timestamp(self->tsa, kyso_timestamp_query_get_der(other));
    g_autoptr(GBytes) of_again =
        kyso_status_maker_timestamp(self->tsa, kyso_timestamp_query_get_der(again));
    g_autoptr(GBytes) good = answer_of(self, self->tsa);

    (void) data;
    expect(self, of_other, KYSO_ERROR_TIMESTAMP_WRONG);
    expect(self, of_again, KYSO_ERROR_TIMESTAMP_WRONG);
    for (gsize cut = 0; cut < g_bytes_get_size(good); cut += 11) {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes(good, 0, cut);
        expect(self, part, KYSO_ERROR_TIMESTAMP_WRONG);
    }
}

static void
test_policy(Fixture *self, gconstpointer data)
{
    (void) data;
    kyso_timestamp_query_free(self->query);
    self->query = kyso_timestamp_query_new("SHA256", self->digest, "2.16.704.1.1.1.2", NULL);
    g_autoptr(GBytes) good = answer_of(self, self->tsa);
    g_autoptr(KysoTimestamp) timestamp =
        kyso_timestamp_query_finish(self->query, good, self->trust, NULL);
    g_assert_nonnull(timestamp);
    kyso_timestamp_query_free(self->query);
    self->query = kyso_timestamp_query_new("SHA256", self->digest, "1.2.3.4", NULL);
    g_autoptr(GBytes) refused = answer_of(self, self->tsa); /* a policy that it does not have */
    expect(self, refused, KYSO_ERROR_TIMESTAMP_UNAVAILABLE);
    expect(self, good, KYSO_ERROR_TIMESTAMP_WRONG);
}

static void
test_signers(Fixture *self, gconstpointer data)
{
    static const struct {
        const char *extended_key_usage;
        int from_days, to_days;
        gboolean is_foreign;
    } cases[] = {
        {"critical,timeStamping", 0, 0, TRUE},
        {"critical,timeStamping", -30, -1, FALSE},
        {"critical,timeStamping", 1, 30, FALSE},
    };
    g_autoptr(KysoAuthority) foreign = kyso_authority_new_ca("CA khác", NULL);

    (void) data;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const KysoAuthoritySpec spec = {.common_name = "TSA",
                                        .extended_key_usage = cases[i].extended_key_usage,
                                        .from_days = cases[i].from_days,
                                        .to_days = cases[i].to_days};
        g_autoptr(KysoAuthority) tsa =
            kyso_authority_new(&spec, cases[i].is_foreign ? foreign : self->ca);
        g_autoptr(GBytes) answer = answer_of(self, tsa);
        expect(self, answer, KYSO_ERROR_TIMESTAMP_WRONG);
    }
}

static void
test_flipped_bits(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) good = answer_of(self, self->tsa);
    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data(good, &size);
    g_autoptr(KysoTimestamp) right =
        kyso_timestamp_query_finish(self->query, good, self->trust, NULL);
    guint n_taken = 0;

    (void) data;
    for (gsize i = 0; i < size; i++) {
        g_autofree guint8 *copy = g_memdup2(bytes, size);
        copy[i] ^= 0x10;
        g_autoptr(GBytes) broken = g_bytes_new(copy, size);
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoTimestamp) taken =
            kyso_timestamp_query_finish(self->query, broken, self->trust, &error);
        /* Bits that nothing covers (the hash's parameters) may change; whose word it is, and when
         * it was, may not. */
        g_assert_true(taken != NULL || error->domain == KYSO_ERROR);
        if (taken == NULL)
            continue;
        n_taken++;
        g_assert_true(g_date_time_equal(taken->time, right->time));
        g_assert_cmpstr(kyso_certificate_get_id(taken->signer), ==,
                        kyso_certificate_get_id(self->tsa->certificate));
    }
    g_assert_cmpuint(n_taken, <, size / 50);
}

static GBytes *
give_digest(const char *hash, gpointer text, GError **error)
{
    (void) error;
    return kyso_authority_digest(hash, text);
}

static void
test_carried_token(Fixture *self, gconstpointer data)
{
    g_autoptr(GBytes) answer = answer_of(self, self->tsa);
    g_autoptr(GBytes) token = kyso_status_maker_token(answer);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTimestamp) timestamp =
        kyso_timestamp_check(token, give_digest, (gpointer) "chữ ký", self->trust, NULL, &error);

    (void) data;
    g_assert_no_error(error);
    g_assert_nonnull(timestamp);
    g_assert_null(
        kyso_timestamp_check(token, give_digest, (gpointer) "khác", self->trust, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_WRONG);
    g_clear_error(&error);
    g_assert_null(
        kyso_timestamp_check(token, give_digest, (gpointer) "chữ ký", NULL, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_WRONG);
}

/* GCC's TSA stands below a root that is no anchor for people. */
static void
test_anchor_of_its_own(Fixture *self, gconstpointer data)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(KysoAuthority) person = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, self->ca);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GBytes) answer = answer_of(self, self->tsa);
    g_autoptr(GError) error = NULL;

    (void) data;
    kyso_authority_write(self->ca, dir, "timestamp-anchors", "root.pem");
    g_autoptr(KysoTrust) trust = kyso_trust_load(dir, &error);
    kyso_authority_remove_folder(dir);
    g_assert_no_error(error);
    g_autoptr(KysoTimestamp) timestamp =
        kyso_timestamp_query_finish(self->query, answer, trust, &error);
    g_assert_no_error(error);
    g_assert_nonnull(timestamp);
    g_assert_false(kyso_trust_check(trust, person->certificate, NULL, now, NULL, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER);
}

#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("/timestamp/the answer to the question is taken", test_good);
    ADD("/timestamp/the answer to another question is not", test_other_answers);
    ADD("/timestamp/the policy is the one asked for", test_policy);
    ADD("/timestamp/no untrusted or expired signer", test_signers);
    ADD("/timestamp/no flipped bit makes another signer or time", test_flipped_bits);
    ADD("/timestamp/a carried token is checked alike", test_carried_token);
    ADD("/timestamp/its anchors are not those of people", test_anchor_of_its_own);
    return g_test_run();
}
