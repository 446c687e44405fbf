/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/certificate.h"

#include <string.h>

#include "agent/pki/openssl.h"
#include "ipc/base/error.h"

struct _KysoCertificate {
    gatomicrefcount ref_count;
    GBytes *der;
    X509 *x509;
    char *id;
    char *common_name;
    char *organization;
    char **organizational_units;
    char *subject;
    char *issuer;
    char *issuer_common_name;
    char *serial;
    GDateTime *not_before;
    GDateTime *not_after;
};

/* Reading */

/* All values of one kind in a name, in the name's order. */
static char **
name_values(const X509_NAME *name, int nid)
{
    g_autoptr(GPtrArray) values = g_ptr_array_new();

    for (int i = -1; (i = X509_NAME_get_index_by_NID(name, nid, i)) >= 0;) {
        ASN1_STRING *data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
        unsigned char *text = NULL;
        int size = ASN1_STRING_to_UTF8(&text, data);
        if (size < 0)
            continue;
        g_ptr_array_add(values, kyso_openssl_readable((const char *) text, size));
        OPENSSL_free(text);
    }

    g_ptr_array_add(values, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&values), FALSE);
}

/* The last value is the most particular one, since names run from the country down. */
static char *
name_value(const X509_NAME *name, int nid)
{
    g_auto(GStrv) values = name_values(name, nid);
    guint n_values = g_strv_length(values);

    return g_strdup(n_values > 0 ? values[n_values - 1] : "");
}

static char *
name_line(const X509_NAME *name)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    if (bio == NULL ||
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        return g_strdup("");

    long size = BIO_get_mem_data(bio, &text);
    return kyso_openssl_readable(text, size);
}

static char *
serial_hex(const X509 *x509)
{
    g_autoptr(BIGNUM) number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
    char *hex = number != NULL ? BN_bn2hex(number) : NULL;
    char *serial = g_strdup(hex != NULL ? hex : "");

    OPENSSL_free(hex);
    return serial;
}

static void
read_names(KysoCertificate *self)
{
    const X509_NAME *subject = X509_get_subject_name(self->x509);
    const X509_NAME *issuer = X509_get_issuer_name(self->x509);

    self->common_name = name_value(subject, NID_commonName);
    self->organization = name_value(subject, NID_organizationName);
    self->organizational_units = name_values(subject, NID_organizationalUnitName);
    self->subject = name_line(subject);
    self->issuer = name_line(issuer);
    self->issuer_common_name = name_value(issuer, NID_commonName);
    self->serial = serial_hex(self->x509);
}

/* @x509 is taken. A key that OpenSSL cannot read is unreadable here too: nothing could be checked
 * with it. */
static KysoCertificate *
certificate_take(GBytes *der, X509 *x509, GError **error)
{
    g_autoptr(KysoCertificate) self = g_new0(KysoCertificate, 1);

    g_atomic_ref_count_init(&self->ref_count);
    self->der = g_bytes_ref(der);
    self->x509 = x509;
    if (X509_get0_pubkey(x509) == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                               "cannot read the key of the certificate");
        return NULL;
    }

    self->not_before = kyso_openssl_to_date_time(X509_get0_notBefore(x509));
    self->not_after = kyso_openssl_to_date_time(X509_get0_notAfter(x509));
    if (self->not_before == NULL || self->not_after == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                            "the certificate's period of validity is no time");
        return NULL;
    }

    self->id = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, der);
    read_names(self);
    X509_check_purpose(x509, -1, 0); /* reads the extensions now, once, for all threads */
    return g_steal_pointer(&self);
}

KysoCertificate *
kyso_certificate_new(GBytes *der, GError **error)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(der, &size);
    const unsigned char *end = data;

    if (size == 0 || size > KYSO_CERTIFICATE_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                    "a certificate of %" G_GSIZE_FORMAT " bytes", size);
        return NULL;
    }

    X509 *x509 = d2i_X509(NULL, &end, (long) size);
    if (x509 == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                               "cannot read the certificate");
        return NULL;
    }
    if (end != data + size) {
        X509_free(x509);
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                            "something follows the certificate");
        return NULL;
    }

    return certificate_take(der, x509, error);
}

KysoCertificate *
kyso_certificate_new_from_x509(X509 *x509, GError **error)
{
    unsigned char *buffer = NULL;
    int size = i2d_X509(x509, &buffer);
    g_autoptr(GBytes) der = kyso_openssl_take_bytes(buffer, size);

    if (der == NULL) {
        kyso_openssl_set_error(error, KYSO_ERROR_CERTIFICATE_UNREADABLE,
                               "cannot encode the certificate");
        return NULL;
    }

    return kyso_certificate_new(der, error);
}

KysoCertificate *
kyso_certificate_ref(KysoCertificate *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

void
kyso_certificate_unref(KysoCertificate *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;

    g_bytes_unref(self->der);
    X509_free(self->x509);
    g_free(self->id);
    g_free(self->common_name);
    g_free(self->organization);
    g_strfreev(self->organizational_units);
    g_free(self->subject);
    g_free(self->issuer);
    g_free(self->issuer_common_name);
    g_free(self->serial);
    g_clear_pointer(&self->not_before, g_date_time_unref);
    g_clear_pointer(&self->not_after, g_date_time_unref);
    g_free(self);
}

/* What it says */

const char *
kyso_certificate_get_id(const KysoCertificate *self)
{
    return self->id;
}

GBytes *
kyso_certificate_get_der(const KysoCertificate *self)
{
    return self->der;
}

X509 *
kyso_certificate_get_x509(const KysoCertificate *self)
{
    return self->x509;
}

const char *
kyso_certificate_get_common_name(const KysoCertificate *self)
{
    return self->common_name;
}

const char *
kyso_certificate_get_organization(const KysoCertificate *self)
{
    return self->organization;
}

const char *const *
kyso_certificate_get_organizational_units(const KysoCertificate *self)
{
    return (const char *const *) self->organizational_units;
}

const char *
kyso_certificate_get_subject(const KysoCertificate *self)
{
    return self->subject;
}

const char *
kyso_certificate_get_issuer(const KysoCertificate *self)
{
    return self->issuer;
}

const char *
kyso_certificate_get_issuer_common_name(const KysoCertificate *self)
{
    return self->issuer_common_name;
}

const char *
kyso_certificate_get_serial(const KysoCertificate *self)
{
    return self->serial;
}

GDateTime *
kyso_certificate_get_not_before(const KysoCertificate *self)
{
    return self->not_before;
}

GDateTime *
kyso_certificate_get_not_after(const KysoCertificate *self)
{
    return self->not_after;
}

const char *
kyso_certificate_get_key_type(const KysoCertificate *self)
{
    switch (EVP_PKEY_get_base_id(X509_get0_pubkey(self->x509))) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return "RSA";
    case EVP_PKEY_EC:
        return "EC";
    default:
        return "OTHER";
    }
}

guint
kyso_certificate_get_key_bits(const KysoCertificate *self)
{
    return (guint) MAX(EVP_PKEY_get_bits(X509_get0_pubkey(self->x509)), 0);
}

gboolean
kyso_certificate_is_ca(const KysoCertificate *self)
{
    return X509_check_ca(self->x509) != 0;
}

/* What it may do */

static gboolean
check_period(const KysoCertificate *self, GDateTime *at, GError **error)
{
    if (g_date_time_compare(at, self->not_before) < 0) {
        g_autofree char *moment = g_date_time_format_iso8601(self->not_before);
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID,
                    "the certificate is valid from %s", moment);
        return FALSE;
    }
    if (g_date_time_compare(at, self->not_after) > 0) {
        g_autofree char *moment = g_date_time_format_iso8601(self->not_after);
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_EXPIRED,
                    "the certificate was valid until %s", moment);
        return FALSE;
    }

    return TRUE;
}

/* Extended key usages of machines. A certificate of which all are such is not a person's; one that
 * has others too (GCC: client authentication, e-mail, smart card logon) is. */
static gboolean
is_machine_usage(const ASN1_OBJECT *usage)
{
    switch (OBJ_obj2nid(usage)) {
    case NID_server_auth:
    case NID_time_stamp:
    case NID_OCSP_sign:
    case NID_code_sign:
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
is_of_machine(const X509 *x509)
{
    g_autoptr(EXTENDED_KEY_USAGE) usages = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);

    if (usages == NULL)
        return FALSE;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
        if (!is_machine_usage(sk_ASN1_OBJECT_value(usages, i)))
            return FALSE;

    return TRUE;
}

static gboolean
check_usage(const KysoCertificate *self, GError **error)
{
    guint32 flags = X509_get_extension_flags(self->x509);
    const char *fault = NULL;

    if ((flags & EXFLAG_INVALID) != 0)
        fault = "an extension of the certificate cannot be read";
    else if ((flags & EXFLAG_CRITICAL) != 0)
        fault = "the certificate has a critical extension that is not known here";
    else if (kyso_certificate_is_ca(self))
        fault = "the certificate is a CA's";
    else if ((X509_get_key_usage(self->x509) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
        fault = "the key usage of the certificate is not signing";
    else if (is_of_machine(self->x509))
        fault = "the extended key usage of the certificate is a machine's";

    if (fault != NULL)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_WRONG_USAGE, fault);
    return fault == NULL;
}

static gboolean
is_key_strong(const KysoCertificate *self)
{
    static const char *const CURVES[] = {"prime256v1", "P-256", "secp384r1", "P-384",
                                         "secp521r1",  "P-521", NULL};
    const char *type = kyso_certificate_get_key_type(self);
    char curve[64] = "";

    if (strcmp(type, "RSA") == 0)
        return kyso_certificate_get_key_bits(self) >= 2048;
    if (strcmp(type, "EC") != 0)
        return FALSE;

    EVP_PKEY_get_group_name(X509_get0_pubkey(self->x509), curve, sizeof curve, NULL);
    return g_strv_contains(CURVES, curve);
}

static gboolean
is_issuer_hash_strong(const KysoCertificate *self)
{
    int hash = NID_undef;

    if (X509_get_signature_info(self->x509, &hash, NULL, NULL, NULL) != 1)
        return FALSE;

    switch (hash) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
    case NID_sha512_256:
    case NID_sha3_256:
    case NID_sha3_384:
    case NID_sha3_512:
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
check_strength(const KysoCertificate *self, GError **error)
{
    if (!is_key_strong(self)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_WEAK,
                    "the key of the certificate is too weak: %s, %u bits",
                    kyso_certificate_get_key_type(self), kyso_certificate_get_key_bits(self));
        return FALSE;
    }
    if (!is_issuer_hash_strong(self)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_WEAK,
                            "the CA has signed the certificate over a hash that is too weak");
        return FALSE;
    }

    return TRUE;
}

gboolean
kyso_certificate_check_signer(const KysoCertificate *self, GDateTime *at, GError **error)
{
    return check_period(self, at, error) && check_usage(self, error) && check_strength(self, error);
}
