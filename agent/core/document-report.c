/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-report.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "ipc/base/clock.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MAX_SIGNATURES 256

typedef struct {
    KysoSigner *signer;
    int fd;
    goffset size;
    const json_t *inspection; /* NULL: detached */
    GBytes *cms;              /* detached */
} Order;

/* The bytes that one signature covers. */
typedef struct {
    int fd;
    goffset range[4]; /* offset, length, offset, length */
} Ranges;

static void
order_free(Order *order)
{
    g_clear_pointer(&order->cms, g_bytes_unref);
    g_free(order);
}

static void
signature_free(KysoDocumentSignature *self)
{
    g_free(self->field);
    g_free(self->format);
    kyso_signature_report_free(self->report);
    g_clear_pointer(&self->signed_at, g_date_time_unref);
    g_free(self);
}

void
kyso_document_report_free(KysoDocumentReport *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->signatures);
    g_free(self);
}

static GBytes *
hash_ranges(const char *hash, gpointer user_data, GError **error)
{
    const Ranges *ranges = user_data;
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);

    if (state == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE, "no hash %s", hash);
        return NULL;
    }
    for (int i = 0; i < 4; i += 2)
        if (!kyso_file_hash_add(state, ranges->fd, ranges->range[i], ranges->range[i + 1], error))
            return NULL;
    return kyso_file_hash_get(state);
}

/* The range of a PDF signature, made sure to be two parts of this file around one gap. */
static gboolean
read_range(const Order *order, const json_t *item, Ranges *ret)
{
    json_t *array = json_object_get(item, "byte_range");

    ret->fd = order->fd;
    if (json_array_size(array) != 4)
        return FALSE;
    for (int i = 0; i < 4; i++) {
        ret->range[i] = json_integer_value(json_array_get(array, i));
        if (ret->range[i] < 0 || ret->range[i] > order->size)
            return FALSE;
    }
    return ret->range[0] == 0 && ret->range[1] > 0 && ret->range[2] > ret->range[1] + 1 &&
           ret->range[2] + ret->range[3] <= order->size &&
           ret->range[2] - ret->range[1] <= 2 * (goffset) KYSO_CMS_MAX_SIZE;
}

/* The gap must be one hex string and nothing else: other bytes would be covered by nobody. */
static GBytes *
read_contents(const Ranges *ranges)
{
    gsize length = ranges->range[2] - ranges->range[1];
    g_autofree char *text = g_malloc(length);

    if (!kyso_fd_read_at(ranges->fd, text, length, ranges->range[1], NULL) || text[0] != '<' ||
        text[length - 1] != '>' || length % 2 != 0)
        return NULL;
    gsize size = (length - 2) / 2;
    g_autofree guint8 *bytes = g_malloc(size + 1);
    for (gsize i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value(text[1 + 2 * i]);
        int low = g_ascii_xdigit_value(text[2 + 2 * i]);
        if (high < 0 || low < 0)
            return NULL;
        bytes[i] = (guint8) (high << 4 | low);
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}

static void
take_report(KysoDocumentSignature *self, KysoSigner *signer, KysoSignatureReport *report)
{
    self->report = report;
    self->verdict = report != NULL ? report->verdict : KYSO_INVALID;
    if (report != NULL && report->signer != NULL)
        self->role = kyso_signer_get_role(signer, report->signer);
    if (self->signed_at == NULL && report != NULL && report->signing_time != NULL)
        self->signed_at = g_date_time_ref(report->signing_time);
}

static KysoDocumentSignature *
check_pdf_signature(const Order *order, const json_t *item)
{
    KysoDocumentSignature *self = g_new0(KysoDocumentSignature, 1);
    Ranges ranges;

    self->field = g_strdup(json_string_value(json_object_get(item, "field")));
    self->format = g_strdup(json_string_value(json_object_get(item, "sub_filter")));
    self->signed_at = kyso_clock_from_pdf(json_string_value(json_object_get(item, "signing_time")));
    self->verdict = KYSO_INVALID;
    if (!read_range(order, item, &ranges))
        return self;
    self->end = ranges.range[2] + ranges.range[3];
    self->covers_whole_document = self->end == order->size;

    g_autoptr(GBytes) cms = read_contents(&ranges);
    if (cms != NULL)
        take_report(self, order->signer,
                    kyso_cms_verify(cms, hash_ranges, &ranges, order->signer->trust,
                                    self->signed_at, NULL));
    return self;
}

static int
compare_end(gconstpointer a, gconstpointer b)
{
    const KysoDocumentSignature *x = *(KysoDocumentSignature *const *) a;
    const KysoDocumentSignature *y = *(KysoDocumentSignature *const *) b;
    return x->end < y->end ? -1 : x->end > y->end;
}

static KysoDocumentReport *
report_new(void)
{
    KysoDocumentReport *self = g_new0(KysoDocumentReport, 1);
    self->signatures = g_ptr_array_new_with_free_func((GDestroyNotify) signature_free);
    return self;
}

static KysoDocumentReport *
check_pdf(const Order *order, GCancellable *cancellable)
{
    KysoDocumentReport *report = report_new();
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(order->inspection, "signatures"), i,
                       item) if (i < MAX_SIGNATURES && !g_cancellable_is_cancelled(cancellable))
        g_ptr_array_add(report->signatures, check_pdf_signature(order, item));
    g_ptr_array_sort(report->signatures, compare_end);
    return report;
}

static KysoDocumentReport *
check_detached(KysoSigner *signer, GBytes *cms, KysoContentDigest content_digest,
               gpointer user_data, GError **error)
{
    KysoSignatureReport *found =
        kyso_cms_verify(cms, content_digest, user_data, signer->trust, NULL, error);
    if (found == NULL)
        return NULL;

    KysoDocumentReport *report = report_new();
    KysoDocumentSignature *signature = g_new0(KysoDocumentSignature, 1);
    signature->field = g_strdup("");
    signature->format = g_strdup("CAdES");
    signature->covers_whole_document = TRUE;
    take_report(signature, signer, found);
    g_ptr_array_add(report->signatures, signature);
    return report;
}

static void
check_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    Ranges all = {order->fd, {0, order->size, order->size, 0}};
    GError *error = NULL;
    KysoDocumentReport *report =
        order->inspection != NULL
            ? check_pdf(order, cancellable)
            : check_detached(order->signer, order->cms, hash_ranges, &all, &error);

    if (report != NULL)
        g_task_return_pointer(task, report, (GDestroyNotify) kyso_document_report_free);
    else
        g_task_return_error(task, error);
}

typedef struct {
    const char *hash;
    GBytes *digest;
} KnownDigest;

static GBytes *
give_known_digest(const char *hash, gpointer user_data, GError **error)
{
    const KnownDigest *known = user_data;

    if (g_strcmp0(hash, known->hash) == 0)
        return g_bytes_ref(known->digest);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID, "another hash than ours: %s", hash);
    return NULL;
}

KysoDocumentReport *
kyso_document_report_digest(KysoSigner *signer, GBytes *cms, const char *hash, GBytes *digest,
                            GError **error)
{
    KnownDigest known = {hash, digest};
    return check_detached(signer, cms, give_known_digest, &known, error);
}

static void
start(Order *order, GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, check_in_thread);
}

void
kyso_document_report_pdf_async(KysoSigner *signer, int fd, goffset size, const json_t *inspection,
                               GCancellable *cancellable, GAsyncReadyCallback done,
                               gpointer user_data)
{
    Order *order = g_new0(Order, 1);
    order->signer = signer;
    order->fd = fd;
    order->size = size;
    order->inspection = inspection;
    start(order, cancellable, done, user_data);
}

void
kyso_document_report_detached_async(KysoSigner *signer, int fd, goffset size, GBytes *cms,
                                    GCancellable *cancellable, GAsyncReadyCallback done,
                                    gpointer user_data)
{
    Order *order = g_new0(Order, 1);
    order->signer = signer;
    order->fd = fd;
    order->size = size;
    order->cms = g_bytes_ref(cms);
    start(order, cancellable, done, user_data);
}

KysoDocumentReport *
kyso_document_report_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

void
kyso_document_report_to_facts(const KysoDocumentReport *self, KysoFacts *facts)
{
    facts->n_earlier = self->signatures->len;
    for (guint i = 0; i < self->signatures->len; i++) {
        const KysoDocumentSignature *signature = self->signatures->pdata[i];
        gboolean is_valid = signature->verdict == KYSO_VALID;
        facts->is_earlier_broken |= signature->verdict == KYSO_INVALID;
        facts->is_file_covered = signature->covers_whole_document;
        facts->has_valid_personal_approve |= is_valid && signature->role == KYSO_ROLE_PERSONAL;
        facts->has_agency_issue |= is_valid && signature->role == KYSO_ROLE_AGENCY;
    }
}

json_t *
kyso_document_report_signer_to_json(const KysoCertificate *signer)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s}", "common_name", kyso_certificate_get_common_name(signer),
        "organization", kyso_certificate_get_organization(signer), "credentialID",
        kyso_certificate_get_id(signer), "serial", kyso_certificate_get_serial(signer));
}

json_t *
kyso_document_signature_to_json(const KysoDocumentSignature *self)
{
    const KysoSignatureReport *report = self->report;
    const KysoCertificate *signer = report != NULL ? report->signer : NULL;
    g_autofree char *time = self->signed_at != NULL ? kyso_clock_to_rfc3339(self->signed_at) : NULL;
    const char *certificate = "certificate_unreadable";
    const char *purpose = self->role == KYSO_ROLE_PERSONAL ? "approve"
                          : self->role == KYSO_ROLE_AGENCY ? "issue"
                                                           : NULL;

    if (report != NULL)
        certificate = report->certificate_code == 0
                          ? "valid"
                          : kyso_error_info(report->certificate_code)->name;
    json_t *who = signer == NULL ? json_null() : kyso_document_report_signer_to_json(signer);
    return json_pack(
        "{s:s?, s:s?, s:s?, s:o, s:s?, s:s, s:s?, s:b, s:s, s:b, s:s, s:s?, s:s?, s:s?}", "field",
        self->field, "purpose", self->field != NULL && *self->field != '\0' ? purpose : NULL,
        "format", self->format, "signer", who, "issuer",
        signer != NULL ? kyso_certificate_get_issuer_common_name(signer) : NULL, "role",
        kyso_policy_role_name(self->role), "signed_at", time, "integrity",
        report != NULL && report->integrity, "certificate", certificate, "covers_whole_document",
        (int) self->covers_whole_document, "verdict", kyso_signature_verdict_name(self->verdict),
        "reason", report != NULL ? report->reason : "signature_unreadable", "algorithm",
        report != NULL ? report->algorithm : NULL, "hash", report != NULL ? report->hash : NULL);
}

static const char *
verdict_of(const KysoDocumentReport *self)
{
    KysoSignatureVerdict worst = KYSO_VALID;
    gboolean is_covered = FALSE;

    if (self->signatures->len == 0)
        return "unsigned";
    for (guint i = 0; i < self->signatures->len; i++) {
        const KysoDocumentSignature *signature = self->signatures->pdata[i];
        is_covered = signature->covers_whole_document;
        if (signature->verdict == KYSO_INVALID)
            worst = KYSO_INVALID;
        else if (signature->verdict == KYSO_UNDETERMINED && worst == KYSO_VALID)
            worst = KYSO_UNDETERMINED;
    }
    /* Something stands behind the last signature that nobody has signed. */
    if (worst == KYSO_VALID && !is_covered)
        worst = KYSO_UNDETERMINED;
    return kyso_signature_verdict_name(worst);
}

/* Leader, then agency (Decree 30/2020 Art. 13-17). */
static const char *
process_of(const KysoDocumentReport *self)
{
    gboolean is_approved = FALSE, is_issued = FALSE;

    for (guint i = 0; i < self->signatures->len; i++) {
        const KysoDocumentSignature *signature = self->signatures->pdata[i];
        if (signature->verdict != KYSO_VALID)
            continue;
        if (signature->role == KYSO_ROLE_PERSONAL)
            is_approved = TRUE;
        if (signature->role == KYSO_ROLE_AGENCY && !is_approved)
            return "wrong_order";
        if (signature->role == KYSO_ROLE_AGENCY)
            is_issued = TRUE;
    }
    return is_issued ? "complete" : is_approved ? "approved" : "none";
}

json_t *
kyso_document_report_to_json(const KysoDocumentReport *self)
{
    json_t *list = json_array();

    for (guint i = 0; i < self->signatures->len; i++)
        json_array_append_new(list, kyso_document_signature_to_json(self->signatures->pdata[i]));
    return json_pack("{s:s, s:s, s:o}", "verdict", verdict_of(self), "process", process_of(self),
                     "signatures", list);
}
