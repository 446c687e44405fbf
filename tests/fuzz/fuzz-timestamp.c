/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a timestamp, or as a TSA's answer: they are refused with a code, or the timestamp is
 * the TSA's own over the very content. An answer never fits a question that it was not made for.
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

static void
check_timestamp(const KysoTimestamp *timestamp)
{
    g_assert_nonnull(timestamp->time);
    g_assert_cmpstr(timestamp->hash, ==, "SHA256");
    g_assert_true(kyso_known_certificates_same_key(timestamp->signer,
                                                   kyso_known_certificates_get("tsa.der")));
    g_assert_cmpuint(timestamp->chain->len, ==, 2);
    g_assert_cmpuint(g_bytes_get_size(timestamp->token), >, 0);
}

static KysoTimestamp *
ask(GBytes *answer, KysoTrust *trust, GError **error)
{
    g_autoptr(GBytes) digest = kyso_authority_digest("SHA256", KYSO_SIGNATURE_MAKER_CONTENT);
    g_autoptr(KysoTimestampQuery) query = kyso_timestamp_query_new("SHA256", digest, NULL, NULL);
    KysoTimestamp *timestamp = kyso_timestamp_query_finish(query, answer, trust, error);

    g_assert_null(timestamp);
    return timestamp;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static KysoTrust *trust;

    if (trust == NULL)
        trust = kyso_known_certificates_trust();
    if (size < 1)
        return 0;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoTimestamp) timestamp =
        (data[0] & ANSWER_BIT) != 0
            ? ask(bytes, trust, &error)
            : kyso_timestamp_check(bytes, kyso_signature_maker_digest,
                                   (gpointer) KYSO_SIGNATURE_MAKER_CONTENT, trust, NULL, &error);

    g_assert_true((timestamp == NULL) == (error != NULL));
    g_assert_true(error == NULL || error->domain == KYSO_ERROR);
    if (timestamp != NULL)
        check_timestamp(timestamp);
    return 0;
}
