/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/jws-verify.h"

#include <string.h>

#include <openssl/err.h>

#include "agent/jose/jose-algorithm.h"
#include "agent/jose/signing-input.h"
#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

#define MAX_CERTIFICATES 16
#define LAST_SECOND 253402300799 /* of the year 9999 */

/* x5c: base64 with padding, not base64url (RFC 7515 §4.1.6). */
static KysoCertificate *
read_certificate(const json_t *value)
{
    g_autoptr(json_t) holder = json_pack("{s:O?}", "x5c", value);
    g_autoptr(GBytes) der = NULL;

    if (!kyso_json_get_bytes(holder, "x5c", KYSO_JSON_REQUIRED, KYSO_CERTIFICATE_MAX_SIZE, &der,
                             NULL))
        return NULL;
    return kyso_certificate_new(der, NULL);
}

/* The first one is the signer's, or nobody's: another one cannot take its place. */
static void
take_certificates(KysoSignatureReport *self, const KysoJws *jws)
{
    const json_t *list = json_object_get(jws->header, "x5c");

    for (gsize i = 0; i < MIN(json_array_size(list), MAX_CERTIFICATES); i++) {
        KysoCertificate *certificate = read_certificate(json_array_get(list, i));
        if (certificate == NULL)
            continue;
        if (i == 0)
            self->signer = kyso_certificate_ref(certificate);
        g_ptr_array_add(self->certificates, certificate);
    }
}

/* iat, or as long as JAdES had it, sigT. */
static GDateTime *
signing_time_of(const KysoJws *jws)
{
    const json_t *seconds = json_object_get(jws->header, "iat");
    const char *text = json_string_value(json_object_get(jws->header, "sigT"));

    if (json_is_integer(seconds) && json_integer_value(seconds) >= 0 &&
        json_integer_value(seconds) <= LAST_SECOND)
        return g_date_time_new_from_unix_utc(json_integer_value(seconds));
    if (seconds != NULL || text == NULL)
        return NULL;
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    return time != NULL ? g_date_time_to_utc(time) : NULL;
}

/* Everything in the header that must be looked at, although it need not be there. `b64` changes
 * what is signed (RFC 7797), and only works where it is called critical. */
static const char *
find_header_fault(const KysoJws *jws)
{
    if (json_object_get(jws->header, "crit") != NULL || json_object_get(jws->header, "b64") != NULL)
        return "critical_unknown";
    return NULL;
}

static gboolean
is_named(const KysoSignatureReport *self, const KysoJws *jws)
{
    const json_t *named = json_object_get(jws->header, "x5t#S256");
    g_autofree char *own = kyso_signing_input_thumbprint(kyso_certificate_get_der(self->signer));

    return named == NULL || g_strcmp0(json_string_value(named), own) == 0;
}

static gboolean
is_signature_right(const KysoSignatureReport *self, const KysoJws *jws,
                   const KysoJoseAlgorithm *algorithm, GBytes *payload)
{
    EVP_PKEY *key = X509_get0_pubkey(kyso_certificate_get_x509(self->signer));
    const EVP_MD *hash = kyso_algorithm_hash_from_name(algorithm->hash);
    g_autoptr(GBytes) signature = kyso_jose_algorithm_from_jws(algorithm, jws->signature);
    g_autoptr(GBytes) digest = kyso_signing_input_hash(algorithm->hash, jws->protected_text,
                                                       strlen(jws->protected_text), payload);

    return signature != NULL &&
           kyso_algorithm_check(key, algorithm->scheme, hash, digest, signature);
}

static const char *
find_fault(KysoSignatureReport *self, const KysoJws *jws, const KysoJoseAlgorithm *algorithm,
           GBytes *payload)
{
    if (self->signer == NULL)
        return "signer_certificate_missing";
    if (!kyso_jose_algorithm_fits(algorithm, self->signer))
        return "algorithm_forbidden";
    if (jws->payload != NULL && payload != NULL)
        return "content_present";
    if (jws->payload == NULL && payload == NULL)
        return "content_missing";
    if (!is_signature_right(self, jws, algorithm, payload != NULL ? payload : jws->payload))
        return "signature_mismatch";
    if (!is_named(self, jws))
        return "signing_certificate_mismatch";
    return NULL;
}

KysoSignatureReport *
kyso_jws_verify(const KysoJws *jws, GBytes *payload, KysoTrust *trust)
{
    g_autoptr(KysoSignatureReport) self = kyso_signature_report_new();
    const char *name = json_string_value(json_object_get(jws->header, "alg"));
    const KysoJoseAlgorithm *algorithm = kyso_jose_algorithm_from_name(name);

    take_certificates(self, jws);
    self->signing_time = signing_time_of(jws);
    self->is_cades = json_object_get(jws->header, "x5t#S256") != NULL;
    self->reason = find_header_fault(jws);
    if (self->reason == NULL && algorithm == NULL) {
        gboolean is_forbidden = name == NULL || kyso_jose_algorithm_is_forbidden(name);
        self->reason = is_forbidden ? "algorithm_forbidden" : "algorithm_unsupported";
        self->verdict = is_forbidden ? KYSO_INVALID : KYSO_UNDETERMINED;
    } else if (self->reason == NULL) {
        self->algorithm = kyso_algorithm_scheme_name(algorithm->scheme);
        self->hash = algorithm->hash;
        self->reason = find_fault(self, jws, algorithm, payload);
    }
    if (g_strcmp0(self->reason, "content_missing") == 0)
        self->verdict = KYSO_UNDETERMINED;
    self->integrity = self->reason == NULL;
    kyso_signature_report_judge(self, trust, NULL);
    ERR_clear_error(); /* what OpenSSL minded on the way is in the report */
    return g_steal_pointer(&self);
}
