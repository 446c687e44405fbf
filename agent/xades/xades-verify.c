/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/xades/xades-verify.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/pki/openssl.h"
#include "agent/xades/xml-algorithm.h"
#include "ipc/base/error.h"

#define MAX_CERTIFICATES 16
#define MAX_TIMESTAMPS 4

static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

/* Base64 with any white space in it, as XML has it; NULL where it is none. */
static GBytes *
from_base64(const char *text)
{
    g_autofree char *compact = g_strdup(text);
    char *to = compact;
    gsize size = 0;

    for (const char *from = text; *from != '\0'; from++) {
        if (g_ascii_isspace(*from))
            continue;
        if (!g_ascii_isalnum(*from) && strchr("+/=", *from) == NULL)
            return NULL;
        *to++ = *from;
    }
    *to = '\0';
    if (*compact == '\0' || (to - compact) % 4 != 0)
        return NULL;
    guchar *data = g_base64_decode(compact, &size);
    return g_bytes_new_take(data, size);
}

/* The digest of a part that the reader names; NULL where that is not in its bytes. */
static GBytes *
hash_part(const KysoXadesSubject *subject, const json_t *part, const char *hash)
{
    gint64 offset = -1, length = -1;
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);

    if (state == NULL || !json_is_object(part) ||
        !kyso_json_get_int(part, "offset", KYSO_JSON_REQUIRED, 0, subject->content_size, &offset,
                           NULL) ||
        !kyso_json_get_int(part, "length", KYSO_JSON_REQUIRED, 0, subject->content_size - offset,
                           &length, NULL) ||
        !kyso_file_hash_add(state, subject->content, offset, length, NULL))
        return NULL;
    return kyso_file_hash_get(state);
}

static void
take_certificates(KysoSignatureReport *self, const json_t *signature)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(signature, "certificates"), i, item)
    {
        g_autoptr(GBytes) der = json_is_string(item) ? from_base64(json_string_value(item)) : NULL;
        KysoCertificate *certificate = der != NULL ? kyso_certificate_new(der, NULL) : NULL;
        if (certificate != NULL && self->certificates->len < MAX_CERTIFICATES)
            g_ptr_array_add(self->certificates, certificate);
        else if (certificate != NULL)
            kyso_certificate_unref(certificate);
    }
}

static gboolean
is_digest_of(const json_t *expected, GBytes *actual)
{
    g_autoptr(GBytes) value = from_base64(text_of(expected, "value"));
    return value != NULL && actual != NULL && g_bytes_equal(value, actual);
}

static gboolean
is_named(const json_t *digest, const KysoCertificate *certificate)
{
    const char *hash = kyso_xml_algorithm_hash_of(text_of(digest, "method"));
    gsize size = 0;
    const void *data = g_bytes_get_data(kyso_certificate_get_der(certificate), &size);

    if (hash == NULL)
        return FALSE;
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);
    kyso_file_hash_add_bytes(state, data, size);
    g_autoptr(GBytes) actual = kyso_file_hash_get(state);
    return is_digest_of(digest, actual);
}

/* The one whose key fits; where none does, the first. */
static gboolean
take_signer(KysoSignatureReport *self, KysoScheme scheme, GBytes *digest, GBytes *value)
{
    for (guint i = 0; i < self->certificates->len; i++) {
        KysoCertificate *certificate = self->certificates->pdata[i];
        EVP_PKEY *key = X509_get0_pubkey(kyso_certificate_get_x509(certificate));
        if (key == NULL || !kyso_xml_algorithm_check(key, scheme, self->hash, digest, value))
            continue;
        self->signer = kyso_certificate_ref(certificate);
        return TRUE;
    }
    if (self->certificates->len > 0)
        self->signer = kyso_certificate_ref(self->certificates->pdata[0]);
    return FALSE;
}

const json_t *
kyso_xades_verify_subjects(const json_t *signature)
{
    const json_t *manifest = json_object_get(signature, "manifest");
    return manifest != NULL ? manifest : json_object_get(signature, "references");
}

static const char *
check_list(KysoSignatureReport *self, const KysoXadesSubject *subject, const json_t *references)
{
    json_t *item;
    size_t i;

    json_array_foreach(references, i, item)
    {
        const char *hash = kyso_xml_algorithm_hash_of(text_of(item, "digest_method"));
        const json_t *content = json_object_get(item, "content");
        if (!json_is_object(content))
            return "reference_unresolved";
        if (hash == NULL)
            return "hash_unsupported";
        self->is_weak |= strcmp(hash, "SHA1") == 0;
        g_autoptr(GBytes) actual = hash_part(subject, content, hash);
        g_autoptr(GBytes) expected = from_base64(text_of(item, "digest_value"));
        if (actual == NULL || expected == NULL || !g_bytes_equal(actual, expected))
            return "digest_mismatch";
    }
    return NULL;
}

/* NULL where each reference is to what it was made of, and each of a manifest that is signed. */
static const char *
check_references(KysoSignatureReport *self, const KysoXadesSubject *subject)
{
    const json_t *references = json_object_get(subject->signature, "references");

    if (json_array_size(references) == 0)
        return "reference_unresolved";
    const char *fault = check_list(self, subject, references);
    return fault != NULL
               ? fault
               : check_list(self, subject, json_object_get(subject->signature, "manifest"));
}

static gboolean
covers(const json_t *signature, const char *what)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(signature, "references"), i, item)
    {
        if (strcmp(text_of(item, "covers"), what) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
covers_entries(const KysoXadesSubject *subject)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *item;
    size_t i;

    json_array_foreach(kyso_xades_verify_subjects(subject->signature), i, item)
    {
        if (strcmp(text_of(item, "covers"), "entry") == 0)
            g_hash_table_add(names, (gpointer) text_of(json_object_get(item, "content"), "name"));
    }
    json_array_foreach(subject->entries, i, item)
    {
        if (!json_is_string(item) || !g_hash_table_contains(names, json_string_value(item)))
            return FALSE;
    }
    return json_array_size(subject->entries) > 0;
}

/* What is inside the signature is signed by nobody: it may hold nothing else. */
static gboolean
covers_all(const KysoXadesSubject *subject)
{
    if (!json_is_true(json_object_get(subject->signature, "pure")))
        return FALSE;
    return subject->entries != NULL ? covers_entries(subject)
                                    : covers(subject->signature, "document");
}

/* By the certificate that it names: XAdES binds it, XML-DSig alone does not. */
static const char *
check_properties(KysoSignatureReport *self, const json_t *signature)
{
    const json_t *digest = json_object_get(signature, "certificate_digest");

    if (!json_is_true(json_object_get(signature, "has_properties")))
        return NULL;
    if (!covers(signature, "properties"))
        return "properties_unsigned";
    self->is_cades = digest != NULL;
    if (digest != NULL && !is_named(digest, self->signer))
        return "signing_certificate_mismatch";
    self->signing_time = g_date_time_new_from_iso8601(text_of(signature, "signing_time"), NULL);
    return NULL;
}

static const char *
find_fault(KysoSignatureReport *self, const KysoXadesSubject *subject, KysoScheme scheme)
{
    const json_t *signature = subject->signature;
    g_autoptr(GBytes) value = from_base64(text_of(signature, "value"));
    g_autoptr(GBytes) digest =
        hash_part(subject, json_object_get(signature, "signed_info"), self->hash);

    if (self->certificates->len == 0)
        return "signer_certificate_missing";
    if (value == NULL || digest == NULL || !take_signer(self, scheme, digest, value)) {
        if (self->signer == NULL)
            self->signer = kyso_certificate_ref(self->certificates->pdata[0]);
        return "signature_mismatch";
    }
    const char *fault = check_references(self, subject);
    return fault != NULL ? fault : check_properties(self, signature);
}

typedef struct {
    const KysoXadesSubject *subject;
    const json_t *part;
} Stamped;

static GBytes *
hash_stamped(const char *hash, gpointer user_data, GError **error)
{
    const Stamped *stamped = user_data;
    GBytes *digest = hash_part(stamped->subject, stamped->part, hash);

    if (digest == NULL)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_TIMESTAMP_WRONG,
                            "what the timestamp is about cannot be hashed");
    return digest;
}

static void
take_timestamp(KysoSignatureReport *self, const KysoXadesSubject *subject)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(subject->signature, "timestamps"), i, item)
    {
        g_autoptr(GBytes) token = from_base64(text_of(item, "token"));
        Stamped stamped = {subject, json_object_get(item, "content")};
        self->has_timestamp = TRUE;
        if (self->timestamp == NULL && token != NULL && i < MAX_TIMESTAMPS)
            self->timestamp = kyso_timestamp_check(token, hash_stamped, &stamped, subject->trust,
                                                   self->certificates, NULL);
    }
}

KysoSignatureReport *
kyso_xades_verify(const KysoXadesSubject *subject, gboolean *ret_covers_all, GError **error)
{
    const json_t *signature = subject->signature;
    g_autoptr(KysoSignatureReport) self = NULL;
    KysoScheme scheme = KYSO_SCHEME_OTHER;
    const char *hash = NULL;

    *ret_covers_all = FALSE;
    if (!json_is_string(json_object_get(signature, "algorithm"))) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "not a signature: %.100s",
                    text_of(signature, "fault"));
        return NULL;
    }
    self = kyso_signature_report_new();
    take_certificates(self, signature);
    if (!kyso_xml_algorithm_scheme_of(text_of(signature, "algorithm"), &scheme, &hash)) {
        self->reason = "hash_unsupported";
        self->verdict = KYSO_UNDETERMINED;
        return g_steal_pointer(&self);
    }
    self->hash = hash;
    self->algorithm = kyso_algorithm_scheme_name(scheme);
    self->is_weak = strcmp(hash, "SHA1") == 0;
    self->reason = find_fault(self, subject, scheme);
    self->integrity = self->reason == NULL;
    *ret_covers_all = self->integrity && covers_all(subject);
    take_timestamp(self, subject);
    kyso_signature_report_judge(self, subject->trust, NULL);
    if (self->reason != NULL && strcmp(self->reason, "hash_unsupported") == 0)
        self->verdict = KYSO_UNDETERMINED;
    if (self->verdict == KYSO_VALID && !*ret_covers_all) {
        self->verdict = KYSO_UNDETERMINED;
        self->reason = "partial_coverage";
    }
    return g_steal_pointer(&self);
}

GBytes *
kyso_xades_verify_hash_value(const KysoXadesSubject *subject, GError **error)
{
    GBytes *digest =
        hash_part(subject, json_object_get(subject->signature, "value_content"), "SHA256");

    if (digest == NULL)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE,
                            "the signature's value cannot be hashed");
    return digest;
}
