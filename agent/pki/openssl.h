/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * OpenSSL's types with automatic cleanup, and its error queue as a GError.
 *
 * Thread-safe, as OpenSSL's error queue is one a thread.
 */

#include <glib.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ess.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

typedef STACK_OF(X509) KysoX509Stack;       /* owns its certificates */
typedef STACK_OF(X509) KysoX509View;        /* borrows its certificates */
typedef STACK_OF(ASN1_TYPE) KysoAsn1Values; /* owns its values */
void kyso_openssl_free_stack(KysoX509Stack *stack);
void kyso_openssl_free_view(KysoX509View *view);
void kyso_openssl_free_values(KysoAsn1Values *values);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoX509Stack, kyso_openssl_free_stack)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoX509View, kyso_openssl_free_view)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoAsn1Values, kyso_openssl_free_values)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_STRING, ASN1_STRING_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_TIME, ASN1_TIME_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ESS_SIGNING_CERT_V2, ESS_SIGNING_CERT_V2_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RSA_PSS_PARAMS, RSA_PSS_PARAMS_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE_CTX, X509_STORE_CTX_free)

/* Sets @error to "@what: reason; reason" from this thread's queue, oldest first, and leaves the
 * queue empty. @code is a KysoErrorCode. */
void kyso_openssl_set_error(GError **error, int code, const char *what);

/* Takes a buffer that OpenSSL allocated. NULL where @size is not positive (the buffer is then
 * freed), so that the result of an i2d call can be passed on unchecked. */
GBytes *kyso_openssl_take_bytes(unsigned char *buffer, int size);

/* @cms in DER; NULL where OpenSSL cannot encode it. */
GBytes *kyso_openssl_encode_cms(const CMS_ContentInfo *cms);

/* A moment as OpenSSL has it, in UTC; NULL where it is not a time. */
GDateTime *kyso_openssl_to_date_time(const ASN1_TIME *moment);

/* The bytes of a certificate's subject value or another ASN.1 string as valid UTF-8 on one line:
 * what is not text, and marks that turn the reading direction, become U+FFFD. */
char *kyso_openssl_readable(const char *text, gssize size);
