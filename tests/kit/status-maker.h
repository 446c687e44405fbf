/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * OCSP answers, CRLs and timestamps for tests, right ones and such as nobody should believe. What
 * fails here aborts the test.
 */

#include "tests/kit/authority.h"

typedef struct {
    const KysoAuthority *issuer;
    const KysoAuthority *responder;     /* who signs */
    const KysoCertificate *certificate; /* whom it is about */
    int status;                         /* V_OCSP_CERTSTATUS_* */
    int revoked_days;                   /* from now */
    int from_days, to_days;             /* thisUpdate, nextUpdate from now; to_days 0: none */
    const char *hash;                   /* of the signature; NULL: "SHA256" */
} KysoOcspSpec;
GBytes *kyso_status_maker_ocsp(const KysoOcspSpec *spec);

typedef struct {
    const KysoAuthority *issuer, *signer; /* its name; its key */
    const KysoCertificate *revoked;       /* NULL: the list is empty */
    int revoked_days, from_days, to_days;
    const char *scope; /* issuingDistributionPoint as in openssl.cnf, or NULL */
    const char *hash;  /* NULL: "SHA256" */
} KysoCrlSpec;
GBytes *kyso_status_maker_crl(const KysoCrlSpec *spec);

/* A TSA's certificate by @issuer. */
KysoAuthority *kyso_status_maker_new_tsa(const KysoAuthority *issuer);

/* The TimeStampResp of @tsa to @query, DER. */
GBytes *kyso_status_maker_timestamp(const KysoAuthority *tsa, GBytes *query);

/* The token inside. */
GBytes *kyso_status_maker_token(GBytes *response);
