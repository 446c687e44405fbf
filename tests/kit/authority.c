/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/authority.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

static EVP_PKEY *
make_key(const char *name)
{
    EVP_PKEY *key = NULL;

    if (g_str_has_prefix(name, "RSA-"))
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t) atoi(name + strlen("RSA-")));
    else if (g_str_has_prefix(name, "EC-"))
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", name + strlen("EC-"));
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, name);

    g_assert_nonnull(key);
    return key;
}

static void
add_name(X509_NAME *name, const char *field, const char *value)
{
    g_assert_cmpint(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                               (const unsigned char *) value, -1, -1, 0),
                    ==, 1);
}

static void
set_subject(X509 *x509, const KysoAuthoritySpec *spec)
{
    X509_NAME *name = X509_get_subject_name(x509);
    g_auto(GStrv) units = g_strsplit(spec->unit != NULL ? spec->unit : "", "/", -1);

    add_name(name, "C", "VN");
    add_name(name, "O", spec->organization != NULL ? spec->organization : "UBND xã Thử Nghiệm");
    for (char **unit = units; *unit != NULL; unit++)
        add_name(name, "OU", *unit);
    add_name(name, "CN", spec->common_name);
}

static void
add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);

    g_assert_nonnull(extension);
    g_assert_cmpint(X509_add_ext(x509, extension, -1), ==, 1);
    X509_EXTENSION_free(extension);
}

static void
add_unknown(X509 *x509, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    g_autoptr(ASN1_STRING) value = ASN1_STRING_type_new(V_ASN1_OCTET_STRING);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);

    g_assert_cmpint(X509_add_ext(x509, extension, -1), ==, 1);
    X509_EXTENSION_free(extension);
    ASN1_OBJECT_free(object);
}

static void
add_link(X509 *x509, int nid, const char *prefix, const char *url)
{
    g_autofree char *value = g_strconcat(prefix, url, NULL);

    add_extension(x509, NULL, nid, value);
}

static void
add_extensions(X509 *x509, X509 *issuer, const KysoAuthoritySpec *spec)
{
    const char *usage =
        spec->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,nonRepudiation";

    if (spec->key_usage != NULL)
        usage = spec->key_usage;
    add_extension(x509, issuer, NID_basic_constraints,
                  spec->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(x509, issuer, NID_subject_key_identifier, "hash");
    add_extension(x509, issuer, NID_authority_key_identifier, "keyid");
    if (*usage != '\0')
        add_extension(x509, issuer, NID_key_usage, usage);
    if (spec->extended_key_usage != NULL)
        add_extension(x509, issuer, NID_ext_key_usage, spec->extended_key_usage);
    if (spec->ocsp_url != NULL)
        add_link(x509, NID_info_access, "OCSP;URI:", spec->ocsp_url);
    if (spec->crl_url != NULL)
        add_link(x509, NID_crl_distribution_points, "URI:", spec->crl_url);
    if (spec->critical_unknown != NULL)
        add_unknown(x509, spec->critical_unknown);
}

static void
set_period(X509 *x509, const KysoAuthoritySpec *spec)
{
    gboolean is_usual = spec->from_days == 0 && spec->to_days == 0;

    X509_time_adj_ex(X509_getm_notBefore(x509), is_usual ? -30 : spec->from_days, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(x509), is_usual ? 365 : spec->to_days, 0, NULL);
}

static void
set_serial(X509 *x509)
{
    guint8 bytes[8];

    RAND_bytes(bytes, sizeof bytes);
    bytes[0] = (bytes[0] & 0x7F) | 0x40;
    g_autoptr(BIGNUM) number = BN_bin2bn(bytes, sizeof bytes, NULL);
    g_assert_nonnull(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)));
}

KysoAuthority *
kyso_authority_new(const KysoAuthoritySpec *spec, const KysoAuthority *issuer)
{
    KysoAuthority *self = g_new0(KysoAuthority, 1);
    g_autoptr(X509) x509 = X509_new();
    g_autoptr(GError) error = NULL;

    X509 *above = issuer != NULL ? kyso_certificate_get_x509(issuer->certificate) : x509;

    self->key = make_key(spec->key != NULL ? spec->key : "EC-P-256");
    X509_set_version(x509, X509_VERSION_3);
    set_serial(x509);
    set_period(x509, spec);
    set_subject(x509, spec);
    X509_set_issuer_name(x509, X509_get_subject_name(above));
    X509_set_pubkey(x509, self->key);
    add_extensions(x509, above, spec);

    EVP_PKEY *key = issuer != NULL ? issuer->key : self->key;
    const EVP_MD *hash = EVP_get_digestbyname(spec->hash != NULL ? spec->hash : "SHA256");
    g_assert_cmpint(X509_sign(x509, key, hash), >, 0);
    self->certificate = kyso_certificate_new_from_x509(x509, &error);
    g_assert_no_error(error);
    return self;
}

void
kyso_authority_free(KysoAuthority *self)
{
    kyso_certificate_unref(self->certificate);
    EVP_PKEY_free(self->key);
    g_free(self);
}

KysoAuthority *
kyso_authority_new_ca(const char *common_name, const KysoAuthority *issuer)
{
    KysoAuthoritySpec spec = {.common_name = common_name, .is_ca = TRUE};

    return kyso_authority_new(&spec, issuer);
}

KysoAuthority *
kyso_authority_new_signer(const char *common_name, const char *key, const KysoAuthority *issuer)
{
    KysoAuthoritySpec spec = {.common_name = common_name, .key = key};

    return kyso_authority_new(&spec, issuer);
}

GBytes *
kyso_authority_sign(const KysoAuthority *self, const char *algorithm, const char *hash,
                    GBytes *digest)
{
    g_autoptr(EVP_PKEY_CTX) context = EVP_PKEY_CTX_new(self->key, NULL);
    guint8 signature[1024];
    size_t size = sizeof signature;

    g_assert_cmpint(EVP_PKEY_sign_init(context), ==, 1);
    g_assert_cmpint(EVP_PKEY_CTX_set_signature_md(context, EVP_get_digestbyname(hash)), ==, 1);
    if (strcmp(algorithm, "RSA-PSS") == 0) {
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST);
    }
    g_assert_cmpint(EVP_PKEY_sign(context, signature, &size, g_bytes_get_data(digest, NULL),
                                  g_bytes_get_size(digest)),
                    ==, 1);
    return g_bytes_new(signature, size);
}

GDateTime *
kyso_authority_day(int days)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    return g_date_time_add_days(now, days);
}

GBytes *
kyso_authority_digest(const char *hash, const char *text)
{
    guint8 digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;

    g_assert_cmpint(EVP_Digest(text, strlen(text), digest, &size, EVP_get_digestbyname(hash), NULL),
                    ==, 1);
    return g_bytes_new(digest, size);
}

void
kyso_authority_write(const KysoAuthority *self, const char *dir, const char *folder,
                     const char *name)
{
    g_autofree char *parent = g_build_filename(dir, folder, NULL);
    g_autofree char *path = g_build_filename(parent, name, NULL);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_autoptr(BIO) bio = BIO_new_file(path, "a");
    g_assert_nonnull(bio);
    g_assert_cmpint(PEM_write_bio_X509(bio, kyso_certificate_get_x509(self->certificate)), ==, 1);
}

KysoTrust *
kyso_authority_trust(const KysoAuthority *anchor, ...)
{
    g_autofree char *dir = g_dir_make_tmp("kyso-trust-XXXXXX", NULL);
    g_autoptr(GError) error = NULL;
    va_list intermediates;

    kyso_authority_write(anchor, dir, "anchors", "anchor.pem");
    va_start(intermediates, anchor);
    for (const KysoAuthority *ca; (ca = va_arg(intermediates, const KysoAuthority *)) != NULL;)
        kyso_authority_write(ca, dir, "intermediates", "all.pem");
    va_end(intermediates);

    KysoTrust *trust = kyso_trust_load(dir, &error);
    g_assert_no_error(error);
    kyso_authority_remove_folder(dir);
    return trust;
}

void
kyso_authority_remove_folder(const char *dir)
{
    g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);

    for (const char *name; folder != NULL && (name = g_dir_read_name(folder)) != NULL;) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            kyso_authority_remove_folder(path);
        else
            g_unlink(path);
    }
    g_rmdir(dir);
}
