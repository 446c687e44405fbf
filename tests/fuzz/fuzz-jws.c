/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a JWS: read or refused, judged by nobody's trust, and never valid; what base64url
 * takes, it gives back letter by letter.
 */

#include <stdint.h>
#include <string.h>

#include "agent/jose/base64url.h"
#include "agent/jose/json-data.h"
#include "agent/jose/jws-verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_base64url(const char *text, size_t size)
{
    g_autoptr(GBytes) bytes = kyso_base64url_decode(text, size);

    if (bytes == NULL)
        return;
    g_autofree char *again =
        kyso_base64url_encode(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    g_assert_true(strlen(again) == size && (size == 0 || memcmp(again, text, size) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoJws) jws = kyso_jws_read(bytes, &error);

    check_base64url((const char *) data, size);
    kyso_jws_is_begun_by((const char *) data, size);
    kyso_json_data_check(bytes, NULL);
    g_assert_true((jws == NULL) == (error != NULL));
    if (jws == NULL)
        return 0;
    g_autoptr(KysoSignatureReport) alone = kyso_jws_verify(jws, NULL, NULL);
    g_autoptr(KysoSignatureReport) beside = kyso_jws_verify(jws, bytes, NULL);
    g_assert_true(alone->verdict != KYSO_VALID && beside->verdict != KYSO_VALID);
    return 0;
}
