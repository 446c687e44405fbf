/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Under which rules of its CA a certificate was given: certificatePolicies (RFC 5280 §4.2.1.4).
 * Thread-safe.
 */

#include "agent/pki/certificate.h"

typedef struct {
    char *oid;      /* in dots */
    GPtrArray *cps; /* of char *: where the CA's certification practice statement is; ASCII */
} KysoCertificatePolicy;

/* New, of KysoCertificatePolicy, in the certificate's order; empty where it names none. At most 16
 * policies, and of each 4 addresses. */
GPtrArray *kyso_certificate_policies_read(const KysoCertificate *certificate);
