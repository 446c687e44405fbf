/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/status-maker.h"

#include <openssl/ocsp.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>

static ASN1_GENERALIZEDTIME *
day(int days)
{
    return ASN1_GENERALIZEDTIME_adj(NULL, time(NULL), days, 0);
}

static const EVP_MD *
hash_of(const char *name)
{
    return EVP_get_digestbyname(name != NULL ? name : "SHA256");
}

GBytes *
kyso_status_maker_ocsp(const KysoOcspSpec *spec)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), kyso_certificate_get_x509(spec->certificate),
                                      kyso_certificate_get_x509(spec->issuer->certificate));
    ASN1_TIME *revoked = day(spec->revoked_days), *from = day(spec->from_days),
              *to = spec->to_days != 0 ? day(spec->to_days) : NULL;
    unsigned char *buffer = NULL;

    g_assert_nonnull(OCSP_basic_add1_status(
        basic, id, spec->status, 0, spec->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL,
        from, to));
    g_assert_cmpint(OCSP_basic_sign(basic, kyso_certificate_get_x509(spec->responder->certificate),
                                    spec->responder->key, hash_of(spec->hash), NULL, 0),
                    ==, 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int size = i2d_OCSP_RESPONSE(response, &buffer);

    ASN1_TIME_free(revoked);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    OCSP_CERTID_free(id);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    return kyso_openssl_take_bytes(buffer, size);
}

static void
add_entry(X509_CRL *crl, const KysoCertificate *certificate, int days)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *moment = day(days);

    X509_REVOKED_set_serialNumber(
        entry, (ASN1_INTEGER *) X509_get0_serialNumber(kyso_certificate_get_x509(certificate)));
    X509_REVOKED_set_revocationDate(entry, moment);
    X509_CRL_add0_revoked(crl, entry);
    ASN1_TIME_free(moment);
}

GBytes *
kyso_status_maker_crl(const KysoCrlSpec *spec)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = day(spec->from_days), *to = day(spec->to_days);
    unsigned char *buffer = NULL;

    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(
        crl, X509_get_subject_name(kyso_certificate_get_x509(spec->issuer->certificate)));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    if (spec->revoked != NULL)
        add_entry(crl, spec->revoked, spec->revoked_days);
    if (spec->scope != NULL) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, NULL, NULL, NULL, crl, 0);
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, NID_issuing_distribution_point, spec->scope);
        g_assert_nonnull(extension);
        X509_CRL_add_ext(crl, extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_CRL_sort(crl);
    g_assert_cmpint(X509_CRL_sign(crl, spec->signer->key, hash_of(spec->hash)), >, 0);
    int size = i2d_X509_CRL(crl, &buffer);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
    return kyso_openssl_take_bytes(buffer, size);
}

KysoAuthority *
kyso_status_maker_new_tsa(const KysoAuthority *issuer)
{
    const KysoAuthoritySpec spec = {
        .common_name = "Máy chủ cấp dấu thời gian 99",
        .extended_key_usage = "critical,timeStamping",
    };

    return kyso_authority_new(&spec, issuer);
}

static ASN1_INTEGER *
next_serial(TS_RESP_CTX *context, void *user_data)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();

    (void) context;
    (void) user_data;
    ASN1_INTEGER_set(serial, g_random_int_range(1, G_MAXINT32));
    return serial;
}

GBytes *
kyso_status_maker_timestamp(const KysoAuthority *tsa, GBytes *query)
{
    TS_RESP_CTX *context = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj("2.16.704.1.1.1.2", 1);
    gsize size = 0;
    const void *data = g_bytes_get_data(query, &size);
    BIO *bio = BIO_new_mem_buf(data, (int) size);
    unsigned char *buffer = NULL;

    TS_RESP_CTX_set_serial_cb(context, next_serial, NULL);
    g_assert_cmpint(
        TS_RESP_CTX_set_signer_cert(context, kyso_certificate_get_x509(tsa->certificate)), ==, 1);
    TS_RESP_CTX_set_signer_key(context, tsa->key);
    TS_RESP_CTX_set_signer_digest(context, EVP_sha256());
    TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256());
    TS_RESP_CTX_set_def_policy(context, policy);
    TS_RESP_CTX_add_md(context, EVP_sha256());
    TS_RESP *response = TS_RESP_create_response(context, bio);
    g_assert_nonnull(response);
    int n = i2d_TS_RESP(response, &buffer);
    BIO_free(bio);
    TS_RESP_free(response);
    ASN1_OBJECT_free(policy);
    TS_RESP_CTX_free(context);
    return kyso_openssl_take_bytes(buffer, n);
}

GBytes *
kyso_status_maker_token(GBytes *response)
{
    gsize size = 0;
    const unsigned char *data = g_bytes_get_data(response, &size);
    TS_RESP *read = d2i_TS_RESP(NULL, &data, (long) size);
    unsigned char *buffer = NULL;

    g_assert_nonnull(read);
    int n = i2d_PKCS7(TS_RESP_get_token(read), &buffer);
    TS_RESP_free(read);
    return kyso_openssl_take_bytes(buffer, n);
}
