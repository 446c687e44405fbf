/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a timestamp, or as a TSA's answer: they are refused with a code, or the timestamp
 * says what the TSA once signed. An answer never fits a question that it was not made for.
 *
 * First byte: bit 0, the answer to a fresh question, else a token of a document.
 */

#include <stdint.h>

#include "agent/pki/timestamp.h"
#include "ipc/base/error.h"
#include "tests/fuzz/known-certificates.h"
#include "tests/kit/signature-maker.h"

#define ANSWER_BIT 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static KysoTrust *
trust(void)
{
    static KysoTrust *known;

    if (known == NULL)
        known = kyso_known_certificates_trust();
    return known;
}

static KysoTimestamp *
check(GBytes *token, GError **error)
{
    return kyso_timestamp_check(token, kyso_signature_maker_digest,
                                (gpointer) KYSO_SIGNATURE_MAKER_CONTENT, trust(), NULL, error);
}

static KysoTimestamp *
ask(GBytes *answer, GError **error)
{
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    g_autoptr(KysoTimestampQuery) query = kyso_timestamp_query_new("SHA256", digest, NULL, NULL);
    KysoTimestamp *timestamp = kyso_timestamp_query_finish(query, answer, trust(), error);

    g_assert_null(timestamp);
    return timestamp;
}

/* The only one over that content that the TSA ever made. */
static const KysoTimestamp *
known_timestamp(void)
{
    static KysoTimestamp *known;
    g_autoptr(GError) error = NULL;

    if (known == NULL) {
        g_autoptr(GBytes) token = kyso_known_certificates_read("fuzz-timestamp.corpus/token", 1);
        known = check(token, &error);
        g_assert_no_error(error);
    }
    return known;
}

static void
check_known(const KysoTimestamp *timestamp)
{
    const KysoTimestamp *known = known_timestamp();

    g_assert_true(g_date_time_equal(timestamp->time, known->time));
    g_assert_cmpstr(timestamp->policy, ==, known->policy);
    g_assert_cmpstr(timestamp->hash, ==, "SHA256");
    g_assert_true(kyso_known_certificates_same_key(timestamp->signer, known->signer));
    g_assert_cmpuint(timestamp->chain->len, ==, 2);
    g_assert_cmpuint(g_bytes_get_size(timestamp->token), >, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTimestamp) timestamp =
        (data[0] & ANSWER_BIT) != 0 ? ask(bytes, &error) : check(bytes, &error);

    g_assert_true((timestamp == NULL) == (error != NULL));
    g_assert_true(error == NULL || error->domain == KYSO_ERROR);
    if (timestamp != NULL)
        check_known(timestamp);
    return 0;
}
