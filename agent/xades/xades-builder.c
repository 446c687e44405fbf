/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/xades/xades-builder.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/pki/openssl.h"
#include "agent/xades/ooxml-objects.h"
#include "agent/xades/xades-text.h"
#include "agent/xades/xml-algorithm.h"
#include "ipc/base/error.h"

#define XADES "http://uri.etsi.org/01903/v1.3.2#"
#define XPATH "http://www.w3.org/TR/1999/REC-xpath-19991116"

#define DS KYSO_XADES_DS
#define XA " xmlns:xades=\"" XADES "\""
#define EXCLUSIVE KYSO_XADES_EXCLUSIVE
#define TRANSFORM(uri) KYSO_XADES_TRANSFORM(uri)

struct _KysoXadesBuilder {
    KysoCertificate *signer;
    KysoScheme scheme;
    const char *hash;
    char *id, *properties_id;
    char *certificates; /* of X509Data */
    char *package;      /* the ds:Object with the manifest of a package, or NULL */
    char *signed_properties, *signed_info, *signature_value;
    GBytes *digest;
};

static char *
hash_certificate(const KysoXadesBuilder *self)
{
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(self->hash);
    gsize size = 0;
    const void *data = g_bytes_get_data(kyso_certificate_get_der(self->signer), &size);

    kyso_file_hash_add_bytes(state, data, size);
    g_autoptr(GBytes) digest = kyso_file_hash_get(state);
    return kyso_xades_text_base64(digest);
}

/* EN 319 132-1 §5.2: when, by which certificate, and of what kind each thing is. */
static char *
write_properties(const KysoXadesBuilder *self, const KysoXadesSpec *spec)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GDateTime) utc = g_date_time_to_utc(spec->signing_time);
    g_autofree char *time = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *digest = hash_certificate(self);
    guint n_formats = spec->is_ooxml ? 2 : spec->n_contents; /* as many as references */

    g_string_append_printf(
        text,
        "<xades:SignedProperties" XA " Id=\"%s\"><xades:SignedSignatureProperties>"
        "<xades:SigningTime>%s</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
        "<xades:CertDigest><ds:DigestMethod" DS " Algorithm=\"%s\"></ds:DigestMethod>"
        "<ds:DigestValue" DS ">%s</ds:DigestValue></xades:CertDigest></xades:Cert>"
        "</xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        "<xades:SignedDataObjectProperties>",
        self->properties_id, time, kyso_xml_algorithm_hash_uri(self->hash), digest);
    for (guint i = 0; i < n_formats; i++)
        g_string_append_printf(
            text,
            "<xades:DataObjectFormat ObjectReference=\"#%s-%u\">"
            "<xades:MimeType>%s</xades:MimeType></xades:DataObjectFormat>",
            self->id, i,
            spec->is_ooxml || spec->contents[i].is_xml ? "text/xml" : "application/octet-stream");
    g_string_append(text, "</xades:SignedDataObjectProperties></xades:SignedProperties>");
    return g_string_free(text, FALSE);
}

static void
write_transforms(GString *text, const KysoXadesContent *content, gboolean leaves_signatures)
{
    gboolean is_document = *content->name == '\0';

    if (!content->is_xml)
        return;
    g_string_append(text, "<ds:Transforms>");
    if (is_document)
        g_string_append(text, TRANSFORM(KYSO_XADES_DSIG "enveloped-signature"));
    if (is_document && leaves_signatures)
        g_string_append(text, "<ds:Transform Algorithm=\"" XPATH "\"><ds:XPath>"
                              "not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>");
    g_string_append(text, is_document ? TRANSFORM(EXCLUSIVE) : TRANSFORM(KYSO_XADES_INCLUSIVE));
    g_string_append(text, "</ds:Transforms>");
}

/* To a part of the signature itself. */
static void
write_own(const KysoXadesBuilder *self, GString *text, const char *type, const char *id,
          const char *content)
{
    g_autoptr(GBytes) digest = kyso_xades_text_hash(self->hash, content);

    g_string_append_printf(
        text, "Type=\"%s\" URI=\"#%s\"><ds:Transforms>" TRANSFORM(EXCLUSIVE) "</ds:Transforms>",
        type, id);
    kyso_xades_text_add_digest(text, self->hash, digest);
}

static void
write_contents(const KysoXadesBuilder *self, GString *text, const KysoXadesSpec *spec)
{
    for (guint i = 0; i < spec->n_contents; i++) {
        g_autofree char *uri = g_uri_escape_string(spec->contents[i].name, "/!$()*+,;=:@", FALSE);
        g_string_append_printf(text, "<ds:Reference Id=\"%s-%u\" URI=\"%s\">", self->id, i, uri);
        write_transforms(text, &spec->contents[i], spec->leaves_signatures);
        kyso_xades_text_add_digest(text, self->hash, spec->contents[i].digest);
    }
}

static void
write_objects(const KysoXadesBuilder *self, GString *text)
{
    g_string_append_printf(text, "<ds:Reference Id=\"%s-0\" ", self->id);
    write_own(self, text, KYSO_XADES_DSIG "Object", KYSO_OOXML_PACKAGE_ID, self->package);
    g_string_append_printf(text, "<ds:Reference Id=\"%s-1\" ", self->id);
    write_own(self, text, KYSO_XADES_DSIG "Object", KYSO_OOXML_OFFICE_ID,
              kyso_ooxml_objects_get_office());
}

static char *
write_signed_info(const KysoXadesBuilder *self, const KysoXadesSpec *spec)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text,
                           "<ds:SignedInfo" DS "><ds:CanonicalizationMethod Algorithm=\"" EXCLUSIVE
                           "\"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"%s\">"
                           "</ds:SignatureMethod>",
                           kyso_xml_algorithm_scheme_uri(self->scheme, self->hash));
    if (self->package != NULL)
        write_objects(self, text);
    else
        write_contents(self, text, spec);
    g_string_append(text, "<ds:Reference ");
    write_own(self, text, "http://uri.etsi.org/01903#SignedProperties", self->properties_id,
              self->signed_properties);
    g_string_append(text, "</ds:SignedInfo>");
    return g_string_free(text, FALSE);
}

static void
write_certificate(GString *text, const KysoCertificate *certificate)
{
    g_autofree char *value = kyso_xades_text_base64(kyso_certificate_get_der(certificate));
    g_string_append_printf(text, "<ds:X509Certificate>%s</ds:X509Certificate>", value);
}

static char *
write_certificates(const KysoXadesSpec *spec)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GString *text = g_string_new(NULL);

    g_hash_table_add(seen, (gpointer) kyso_certificate_get_id(spec->signer));
    write_certificate(text, spec->signer);
    for (guint i = 0; spec->chain != NULL && i < spec->chain->len; i++) {
        const KysoCertificate *certificate = spec->chain->pdata[i];
        if (g_hash_table_add(seen, (gpointer) kyso_certificate_get_id(certificate)) &&
            X509_self_signed(kyso_certificate_get_x509(certificate), 0) != 1)
            write_certificate(text, certificate);
    }
    return g_string_free(text, FALSE);
}

static EVP_PKEY *
public_key(const KysoXadesBuilder *self)
{
    return X509_get0_pubkey(kyso_certificate_get_x509(self->signer));
}

static gboolean
is_plain(const char *text)
{
    return text != NULL && strpbrk(text, "&<>\"' \t\r\n") == NULL;
}

/* Of a package: may each be written as it is? */
static gboolean
are_parts(const KysoXadesSpec *spec)
{
    for (guint i = 0; spec->is_ooxml && i < spec->n_contents; i++) {
        const KysoXadesContent *content = &spec->contents[i];
        if (!is_plain(content->media_type))
            return FALSE;
        for (char **id = content->relationships; id != NULL && *id != NULL; id++)
            if (!is_plain(*id))
                return FALSE;
    }
    return TRUE;
}

KysoXadesBuilder *
kyso_xades_builder_new(const KysoXadesSpec *spec, GError **error)
{
    g_autoptr(KysoXadesBuilder) self = g_new0(KysoXadesBuilder, 1);
    g_autofree char *random = g_uuid_string_random();

    self->signer = kyso_certificate_ref(spec->signer);
    self->scheme = kyso_algorithm_scheme_from_name(spec->algorithm);
    self->hash = g_intern_string(spec->hash);
    if (kyso_xml_algorithm_scheme_uri(self->scheme, self->hash) == NULL || spec->n_contents == 0 ||
        !kyso_algorithm_fits_key(self->scheme, public_key(self)) || !are_parts(spec)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "cannot sign XML by %s over %s with this key", spec->algorithm, spec->hash);
        return NULL;
    }
    self->id =
        spec->is_ooxml ? g_strdup(KYSO_OOXML_SIGNATURE_ID) : g_strconcat("kyso-", random, NULL);
    self->properties_id = spec->is_ooxml ? g_strdup(KYSO_OOXML_PROPERTIES_ID)
                                         : g_strconcat(self->id, "-properties", NULL);
    self->package = spec->is_ooxml ? kyso_ooxml_objects_write_package(spec) : NULL;
    self->certificates = write_certificates(spec);
    self->signed_properties = write_properties(self, spec);
    self->signed_info = write_signed_info(self, spec);
    self->digest = kyso_xades_text_hash(self->hash, self->signed_info);
    return g_steal_pointer(&self);
}

void
kyso_xades_builder_free(KysoXadesBuilder *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->signer, kyso_certificate_unref);
    g_clear_pointer(&self->digest, g_bytes_unref);
    g_free(self->id);
    g_free(self->properties_id);
    g_free(self->package);
    g_free(self->certificates);
    g_free(self->signed_properties);
    g_free(self->signed_info);
    g_free(self->signature_value);
    g_free(self);
}

GBytes *
kyso_xades_builder_get_digest(const KysoXadesBuilder *self)
{
    return self->digest;
}

const char *
kyso_xades_builder_get_signed_info(const KysoXadesBuilder *self)
{
    return self->signed_info;
}

const char *
kyso_xades_builder_get_signed_properties(const KysoXadesBuilder *self)
{
    return self->signed_properties;
}

/* Of its own namespaces, wherever it is put. */
static char *
write_timestamp(GBytes *token)
{
    g_autofree char *random = g_uuid_string_random();
    g_autofree char *base64 = kyso_xades_text_base64(token);

    return g_strdup_printf(
        "<xades:SignatureTimeStamp" XA " Id=\"kyso-%s-timestamp\"><ds:CanonicalizationMethod" DS
        " Algorithm=\"" EXCLUSIVE "\"></ds:CanonicalizationMethod><xades:EncapsulatedTimeStamp>%s"
        "</xades:EncapsulatedTimeStamp></xades:SignatureTimeStamp>",
        random, base64);
}

GBytes *
kyso_xades_builder_write_timestamp(GBytes *token)
{
    char *text = write_timestamp(token);
    return g_bytes_new_take(text, strlen(text));
}

/* @timestamp: its element, or NULL. */
static GBytes *
write_signature(const KysoXadesBuilder *self, const char *timestamp)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(
        text,
        "<ds:Signature" DS " Id=\"%s\">%s%s<ds:KeyInfo><ds:X509Data>%s"
        "</ds:X509Data></ds:KeyInfo>%s%s<ds:Object><xades:QualifyingProperties" XA
        " Target=\"#%s\">%s",
        self->id, self->signed_info, self->signature_value, self->certificates,
        self->package != NULL ? self->package : "",
        self->package != NULL ? kyso_ooxml_objects_get_office() : "", self->id,
        self->signed_properties);
    if (timestamp != NULL)
        g_string_append_printf(text,
                               "<xades:UnsignedProperties><xades:UnsignedSignatureProperties>%s"
                               "</xades:UnsignedSignatureProperties></xades:UnsignedProperties>",
                               timestamp);
    g_string_append(text, "</xades:QualifyingProperties></ds:Object></ds:Signature>");
    return g_string_free_to_bytes(text);
}

GBytes *
kyso_xades_builder_finish(KysoXadesBuilder *self, GBytes *signature, GError **error)
{
    g_autoptr(GBytes) value = self->scheme == KYSO_SCHEME_ECDSA
                                  ? kyso_xml_algorithm_ecdsa_to_raw(signature, public_key(self))
                                  : g_bytes_ref(signature);

    if (value == NULL || !kyso_xml_algorithm_check(public_key(self), self->scheme, self->hash,
                                                   self->digest, value)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG,
                            "the signature was not made by the certificate's key");
        return NULL;
    }
    g_autofree char *base64 = kyso_xades_text_base64(value);
    g_free(self->signature_value);
    self->signature_value = g_strdup_printf(
        "<ds:SignatureValue" DS " Id=\"%s-value\">%s</ds:SignatureValue>", self->id, base64);
    return write_signature(self, NULL);
}

GBytes *
kyso_xades_builder_hash_signature(const KysoXadesBuilder *self, GError **error)
{
    if (self->signature_value != NULL)
        return kyso_xades_text_hash("SHA256", self->signature_value);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "there is no signature yet");
    return NULL;
}

GBytes *
kyso_xades_builder_add_timestamp(KysoXadesBuilder *self, GBytes *token, GError **error)
{
    g_autofree char *element = write_timestamp(token);

    g_return_val_if_fail(self->signature_value != NULL, NULL);
    return write_signature(self, element);
}
