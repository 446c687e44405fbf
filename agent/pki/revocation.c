/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/revocation.h"

#include <string.h>

#include "agent/pki/openssl.h"
#include "agent/pki/proof-cache.h"
#include "ipc/base/error.h"

#define MAX_URLS 4 /* of each kind */

/* One certificate whose status is asked for. */
typedef struct {
    const KysoRevocationService *service;
    const KysoCertificate *certificate, *issuer;
    GDateTime *now;
    GCancellable *cancellable;
    GError *fault; /* the most telling so far */
} Question;

/* Proofs */

KysoProofs *
kyso_proofs_new(void)
{
    KysoProofs *self = g_new0(KysoProofs, 1);

    self->certificates = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_certificate_unref);
    self->ocsps = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    self->crls = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    return self;
}

void
kyso_proofs_free(KysoProofs *self)
{
    g_ptr_array_unref(self->certificates);
    g_ptr_array_unref(self->ocsps);
    g_ptr_array_unref(self->crls);
    g_free(self);
}

static void
add_bytes(GPtrArray *array, GBytes *bytes)
{
    if (!g_ptr_array_find_with_equal_func(array, bytes, g_bytes_equal, NULL))
        g_ptr_array_add(array, g_bytes_ref(bytes));
}

static void
add_certificate(GPtrArray *array, KysoCertificate *certificate)
{
    for (guint i = 0; i < array->len; i++)
        if (strcmp(kyso_certificate_get_id(g_ptr_array_index(array, i)),
                   kyso_certificate_get_id(certificate)) == 0)
            return;
    g_ptr_array_add(array, kyso_certificate_ref(certificate));
}

static void
keep(KysoProofs *proofs, GPtrArray *kind, const KysoRevocationAnswer *answer)
{
    add_bytes(kind, answer->der);
    for (guint i = 0; i < answer->certificates->len; i++)
        add_certificate(proofs->certificates, g_ptr_array_index(answer->certificates, i));
}

/* Where to ask */

static void
add_url(GPtrArray *urls, const ASN1_STRING *url)
{
    const char *text = (const char *) ASN1_STRING_get0_data(url);
    gsize size = (gsize) ASN1_STRING_length(url);

    if (urls->len < MAX_URLS && size > 0 && memchr(text, '\0', size) == NULL &&
        (g_ascii_strncasecmp(text, "http:", 5) == 0 || g_ascii_strncasecmp(text, "https:", 6) == 0))
        g_ptr_array_add(urls, g_strndup(text, size));
}

static GPtrArray *
find_ocsp_urls(const KysoCertificate *certificate)
{
    GPtrArray *urls = g_ptr_array_new_with_free_func(g_free);
    AUTHORITY_INFO_ACCESS *access =
        X509_get_ext_d2i(kyso_certificate_get_x509(certificate), NID_info_access, NULL, NULL);

    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *entry = sk_ACCESS_DESCRIPTION_value(access, i);
        if (OBJ_obj2nid(entry->method) == NID_ad_OCSP && entry->location->type == GEN_URI)
            add_url(urls, entry->location->d.uniformResourceIdentifier);
    }
    AUTHORITY_INFO_ACCESS_free(access);
    return urls;
}

static void
add_point(GPtrArray *urls, const DIST_POINT *point)
{
    if (point->distpoint == NULL || point->distpoint->type != 0 || point->CRLissuer != NULL)
        return;
    const GENERAL_NAMES *names = point->distpoint->name.fullname;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI)
            add_url(urls, name->d.uniformResourceIdentifier);
    }
}

static GPtrArray *
find_crl_urls(const KysoCertificate *certificate)
{
    GPtrArray *urls = g_ptr_array_new_with_free_func(g_free);
    CRL_DIST_POINTS *points = X509_get_ext_d2i(kyso_certificate_get_x509(certificate),
                                               NID_crl_distribution_points, NULL, NULL);

    for (int i = 0; i < sk_DIST_POINT_num(points); i++)
        add_point(urls, sk_DIST_POINT_value(points, i));
    CRL_DIST_POINTS_free(points);
    return urls;
}

/* Asking */

typedef struct {
    const char *content_type; /* NULL: GET */
    gsize max_size;
    KysoRevocationAnswer *(*read)(GBytes *der, const KysoCertificate *certificate,
                                  const KysoCertificate *issuer, GDateTime *at, GError **error);
} Kind;

static const Kind OCSP = {"application/ocsp-request", KYSO_OCSP_MAX_SIZE,
                          kyso_revocation_answer_new_ocsp};
static const Kind CRL = {NULL, KYSO_CRL_MAX_SIZE, kyso_revocation_answer_new_crl};

/* OCSP answers are about one certificate, CRLs about all. */
static char *
cache_key(const Question *self, const Kind *kind, const char *url)
{
    return kind->content_type != NULL
               ? g_strconcat(url, " ", kyso_certificate_get_id(self->certificate), NULL)
               : g_strdup(url);
}

static KysoRevocationAnswer *
look_up(const Question *self, const Kind *kind, const char *key)
{
    const char *dir = self->service->cache_dir;
    g_autoptr(GBytes) der = dir != NULL ? kyso_proof_cache_get(dir, key) : NULL;

    if (der == NULL)
        return NULL;
    KysoRevocationAnswer *answer =
        kind->read(der, self->certificate, self->issuer, self->now, NULL);
    if (answer == NULL)
        kyso_proof_cache_drop(dir, key);
    return answer;
}

static void
note(Question *self, const char *url, GError *fault /* taken */)
{
    if (strstr(fault->message, url) == NULL)
        g_prefix_error(&fault, "%s: ", url);
    self->fault = kyso_fetch_worse_error(self->fault, fault);
}

static KysoRevocationAnswer *
ask(Question *self, const Kind *kind, const char *url, GBytes *body)
{
    g_autofree char *key = cache_key(self, kind, url);
    KysoRevocationAnswer *answer = look_up(self, kind, key);
    GError *fault = NULL;
    if (answer != NULL)
        return answer;

    const KysoFetchRequest request = {url, kind->content_type, body, kind->max_size,
                                      KYSO_ERROR_REVOCATION_UNAVAILABLE};
    g_autoptr(GBytes) der =
        kyso_fetch_run(&self->service->rules, &request, self->cancellable, &fault);
    if (der != NULL)
        answer = kind->read(der, self->certificate, self->issuer, self->now, &fault);
    if (answer == NULL)
        note(self, url, fault);
    else if (self->service->cache_dir != NULL && answer->next_update != NULL)
        kyso_proof_cache_put(self->service->cache_dir, key, der);
    return answer;
}

static KysoRevocationAnswer *
ask_all(Question *self, const Kind *kind, const GPtrArray *urls, GBytes *body)
{
    for (guint i = 0; i < urls->len && !g_cancellable_is_cancelled(self->cancellable); i++) {
        KysoRevocationAnswer *answer = ask(self, kind, g_ptr_array_index(urls, i), body);
        if (answer != NULL)
            return answer;
    }
    return NULL;
}

static gboolean
judge(const Question *self, const KysoRevocationAnswer *answer, GError **error)
{
    if (!kyso_revocation_answer_is_revoked(answer, self->now))
        return TRUE;
    g_autofree char *moment = g_date_time_format_iso8601(answer->revoked_at);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CERTIFICATE_REVOKED, "%s: revoked at %s",
                kyso_certificate_get_subject(self->certificate), moment);
    return FALSE;
}

static gboolean
fail(Question *self, GError **error)
{
    if (g_cancellable_is_cancelled(self->cancellable)) {
        g_clear_error(&self->fault);
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (self->fault == NULL)
        self->fault = g_error_new_literal(KYSO_ERROR, KYSO_ERROR_REVOCATION_UNAVAILABLE,
                                          "names neither an OCSP responder nor a CRL");
    g_propagate_prefixed_error(error, g_steal_pointer(&self->fault),
                               "%s: ", kyso_certificate_get_subject(self->certificate));
    return FALSE;
}

static gboolean
check_one(Question *self, KysoProofs *proofs, GError **error)
{
    g_autoptr(GPtrArray) ocsp_urls = find_ocsp_urls(self->certificate);
    g_autoptr(GPtrArray) crl_urls = find_crl_urls(self->certificate);
    g_autoptr(GBytes) body =
        kyso_revocation_answer_new_request(self->certificate, self->issuer, error);
    if (body == NULL)
        return FALSE;

    g_autoptr(KysoRevocationAnswer) answer =
        self->service->only_crls ? NULL : ask_all(self, &OCSP, ocsp_urls, body);
    if (answer != NULL && proofs != NULL)
        keep(proofs, proofs->ocsps, answer);
    if (answer == NULL) {
        answer = ask_all(self, &CRL, crl_urls, NULL);
        if (answer != NULL && proofs != NULL)
            keep(proofs, proofs->crls, answer);
    }
    gboolean is_good = answer != NULL ? judge(self, answer, error) : fail(self, error);
    g_clear_error(&self->fault);
    return is_good;
}

gboolean
kyso_revocation_check(const KysoRevocationService *service, const GPtrArray *chain,
                      KysoProofs *proofs, GCancellable *cancellable, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    for (guint i = 0; i < chain->len; i++) {
        if (proofs != NULL)
            add_certificate(proofs->certificates, g_ptr_array_index(chain, i));
        if (i + 1 == chain->len) /* the anchor: trusted as it stands */
            break;
        Question question = {
            service, g_ptr_array_index(chain, i), g_ptr_array_index(chain, i + 1), now, cancellable,
            NULL};
        if (!check_one(&question, proofs, error))
            return FALSE;
    }
    return TRUE;
}

/* From proofs alone */

const char *
kyso_revocation_status_name(KysoRevocationStatus status)
{
    switch (status) {
    case KYSO_REVOCATION_GOOD:
        return "good";
    case KYSO_REVOCATION_REVOKED:
        return "revoked";
    default:
        return "not_proven";
    }
}

static KysoRevocationStatus
judge_by(const GPtrArray *blobs, const Kind *kind, const KysoCertificate *certificate,
         const KysoCertificate *issuer, GDateTime *at)
{
    KysoRevocationStatus status = KYSO_REVOCATION_NOT_PROVEN;

    for (guint i = 0; i < blobs->len; i++) {
        g_autoptr(KysoRevocationAnswer) answer =
            kind->read(g_ptr_array_index(blobs, i), certificate, issuer, at, NULL);
        if (answer == NULL)
            continue;
        if (kyso_revocation_answer_is_revoked(answer, at))
            return KYSO_REVOCATION_REVOKED;
        status = KYSO_REVOCATION_GOOD;
    }
    return status;
}

KysoRevocationStatus
kyso_proofs_judge(const KysoProofs *proofs, const GPtrArray *chain, GDateTime *at)
{
    KysoRevocationStatus worst = KYSO_REVOCATION_GOOD;

    if (proofs == NULL || chain == NULL)
        return KYSO_REVOCATION_NOT_PROVEN;
    for (guint i = 0; i + 1 < chain->len; i++) {
        const KysoCertificate *certificate = g_ptr_array_index(chain, i);
        const KysoCertificate *issuer = g_ptr_array_index(chain, i + 1);
        KysoRevocationStatus by_ocsp = judge_by(proofs->ocsps, &OCSP, certificate, issuer, at);
        KysoRevocationStatus by_crl = judge_by(proofs->crls, &CRL, certificate, issuer, at);
        if (MAX(by_ocsp, by_crl) == KYSO_REVOCATION_REVOKED)
            return KYSO_REVOCATION_REVOKED;
        if (MAX(by_ocsp, by_crl) == KYSO_REVOCATION_NOT_PROVEN)
            worst = KYSO_REVOCATION_NOT_PROVEN;
    }
    return worst;
}

static void
find_revocation_by(const GPtrArray *blobs, const Kind *kind, const KysoCertificate *certificate,
                   const KysoCertificate *issuer, GDateTime *now, GDateTime **earliest)
{
    for (guint i = 0; i < blobs->len; i++) {
        g_autoptr(KysoRevocationAnswer) answer =
            kind->read(g_ptr_array_index(blobs, i), certificate, issuer, now, NULL);
        if (answer == NULL || !kyso_revocation_answer_is_revoked(answer, now) ||
            (*earliest != NULL && g_date_time_compare(*earliest, answer->revoked_at) <= 0))
            continue;
        g_clear_pointer(earliest, g_date_time_unref);
        *earliest = g_date_time_ref(answer->revoked_at);
    }
}

GDateTime *
kyso_proofs_find_revocation(const KysoProofs *proofs, const GPtrArray *chain, GDateTime *now)
{
    GDateTime *earliest = NULL;

    for (guint i = 0; i + 1 < chain->len; i++) {
        const KysoCertificate *certificate = g_ptr_array_index(chain, i);
        const KysoCertificate *issuer = g_ptr_array_index(chain, i + 1);
        find_revocation_by(proofs->ocsps, &OCSP, certificate, issuer, now, &earliest);
        find_revocation_by(proofs->crls, &CRL, certificate, issuer, now, &earliest);
    }
    return earliest;
}
