/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as an OCSP answer or a CRL: they are refused with a code, or say what was signed. All
 * that the one CA ever signed says that its certificate is revoked; all that the other one signed
 * says that its certificate is good.
 *
 * First byte: bit 0, a CRL, else OCSP; bit 1, about the certificate that is good.
 */

#include <stdint.h>

#include "agent/pki/revocation-answer.h"
#include "ipc/base/error.h"
#include "tests/fuzz/known-certificates.h"

#define CRL_BIT 1
#define GOOD_BIT 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef KysoRevocationAnswer *(*Reader)(GBytes *der, const KysoCertificate *certificate,
                                        const KysoCertificate *issuer, GDateTime *at,
                                        GError **error);

static void
check_answer(const KysoRevocationAnswer *answer, GDateTime *at, gboolean is_good)
{
    g_assert_nonnull(answer->this_update);
    g_assert_true((answer->revoked_at == NULL) == is_good);
    g_assert_true(kyso_revocation_answer_is_revoked(answer, at) == !is_good);
    for (guint i = 0; i < answer->certificates->len; i++)
        g_assert_true(
            kyso_known_certificates_same_key(g_ptr_array_index(answer->certificates, i),
                                             kyso_known_certificates_get("responder.der")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    gboolean is_good = (data[0] & GOOD_BIT) != 0;
    Reader read =
        (data[0] & CRL_BIT) != 0 ? kyso_revocation_answer_new_crl : kyso_revocation_answer_new_ocsp;
    const KysoCertificate *certificate =
        kyso_known_certificates_get(is_good ? "good-signer.der" : "signer.der");
    const KysoCertificate *issuer = kyso_known_certificates_get(is_good ? "good-ca.der" : "ca.der");
    g_autoptr(GBytes) der = g_bytes_new(data + 1, size - 1);
    g_autoptr(GDateTime) at = g_date_time_new_utc(2026, 1, 1, 0, 0, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoRevocationAnswer) answer = read(der, certificate, issuer, at, &error);

    g_assert_true((answer == NULL) == (error != NULL));
    g_assert_true(error == NULL || error->domain == KYSO_ERROR);
    if (answer != NULL)
        check_answer(answer, at, is_good);
    return 0;
}
