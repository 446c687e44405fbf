/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-report.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/core/document-verdict.h"
#include "agent/xades/xades-verify.h"
#include "ipc/base/clock.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/parallel.h"

#define MAX_SIGNATURES 256
#define MAX_COVERED 16
#define MAX_URI 80 /* bytes of it that are told */
#define TIMESTAMP_FORMAT "ETSI.RFC3161"

typedef struct {
    KysoSigner *signer;
    int fd;
    goffset size;
    const json_t *inspection; /* NULL: detached */
    const KysoProofs *proofs;
    GBytes *cms; /* detached */
    const KysoXmlInspection *xml;
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

/* The main thread may drop the inspection while the verdict lives on. A reader that says nothing of
 * later changes has looked for none. */
static json_t *
difference_of(const json_t *item)
{
    const json_t *difference = json_object_get(item, "difference");

    if (json_is_string(json_object_get(difference, "status")) &&
        json_is_array(json_object_get(difference, "changes")))
        return json_deep_copy(difference);
    return json_pack("{s:s, s:[]}", "status", "unclear", "changes");
}

static KysoDocumentSignature *
check_pdf_signature(const Order *order, const json_t *item)
{
    KysoDocumentSignature *self = g_new0(KysoDocumentSignature, 1);
    Ranges ranges;

    self->field = g_strdup(json_string_value(json_object_get(item, "field")));
    self->format = g_strdup(json_string_value(json_object_get(item, "sub_filter")));
    self->signed_at = kyso_clock_from_pdf(json_string_value(json_object_get(item, "signing_time")));
    self->difference = difference_of(item);
    if (!read_range(order, item, &ranges)) {
        kyso_document_signature_judge(self, order->signer, NULL);
        return self;
    }
    self->gap = ranges.range[1];
    self->end = ranges.range[2] + ranges.range[3];
    self->covers_whole_document = self->end == order->size;

    g_autoptr(GBytes) cms = read_contents(&ranges);
    KysoSignatureReport *report = NULL;
    if (cms != NULL && g_strcmp0(self->format, TIMESTAMP_FORMAT) == 0) {
        kyso_document_signature_judge_timestamp(
            self,
            kyso_timestamp_check(cms, hash_ranges, &ranges, order->signer->trust, NULL, NULL));
        return self;
    }
    if (cms != NULL)
        report =
            kyso_cms_verify(cms, hash_ranges, &ranges, order->signer->trust, self->signed_at, NULL);
    kyso_document_signature_judge(self, order->signer, report);
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
    self->signatures =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_document_signature_free);
    return self;
}

/* From the newest: what vouches for a time must be good itself, and the first timestamp that
 * follows a signature says the most. */
static void
judge_by_proofs(const Order *order, const KysoDocumentReport *report)
{
    const KysoDocumentSignature *later = NULL;

    for (guint i = report->signatures->len; i-- > 0;) {
        KysoDocumentSignature *signature = report->signatures->pdata[i];
        if (later != NULL)
            kyso_document_signature_take_witness(signature, order->signer, later);
        kyso_document_signature_judge_status(signature, order->proofs);
        if (signature->timestamp != NULL && signature->verdict == KYSO_VALID)
            later = signature;
    }
}

typedef KysoDocumentSignature *(*CheckOne)(const Order *order, const json_t *item);

typedef struct {
    const Order *order;
    const json_t *items;
    CheckOne check;
    KysoDocumentSignature **found; /* as many as there are items; NULL: not looked at */
    GCancellable *cancellable;
} Checking;

static void
check_one(guint index, gpointer user_data)
{
    const Checking *self = user_data;

    if (!g_cancellable_is_cancelled(self->cancellable))
        self->found[index] = self->check(self->order, json_array_get(self->items, index));
}

/* Each of @items by itself, into @signatures in their order. None where it was cancelled: nobody
 * asks any more. */
static void
check_each(const Order *order, const json_t *items, CheckOne check, GCancellable *cancellable,
           GPtrArray *signatures)
{
    guint n = (guint) MIN(json_array_size(items), MAX_SIGNATURES);
    g_autofree KysoDocumentSignature **found = g_new0(KysoDocumentSignature *, n);
    Checking checking = {order, items, check, found, cancellable};

    kyso_parallel_run(n, check_one, &checking);
    for (guint i = 0; i < n; i++)
        if (found[i] != NULL)
            g_ptr_array_add(signatures, found[i]);
}

static KysoDocumentReport *
check_pdf(const Order *order, GCancellable *cancellable)
{
    KysoDocumentReport *report = report_new();

    check_each(order, json_object_get(order->inspection, "signatures"), check_pdf_signature,
               cancellable, report->signatures);
    g_ptr_array_sort(report->signatures, compare_end);
    judge_by_proofs(order, report);
    return report;
}

/* Beside a file the proofs stand in the CMS itself. */
static void
judge_by_embedded(KysoDocumentSignature *signature)
{
    g_autoptr(KysoProofs) proofs = kyso_document_signature_get_embedded(signature);

    kyso_document_signature_judge_status(signature, proofs);
}

KysoDocumentReport *
kyso_document_report_new_for(KysoSigner *signer, KysoSignatureReport *found, const char *format)
{
    KysoDocumentReport *report = report_new();
    KysoDocumentSignature *signature = g_new0(KysoDocumentSignature, 1);
    signature->field = g_strdup("");
    signature->format = g_strdup(format);
    signature->covers_whole_document = TRUE;
    kyso_document_signature_judge(signature, signer, found);
    judge_by_embedded(signature);
    report->is_data = TRUE;
    g_ptr_array_add(report->signatures, signature);
    return report;
}

static KysoDocumentReport *
check_detached(KysoSigner *signer, GBytes *cms, KysoContentDigest content_digest,
               gpointer user_data, GError **error)
{
    KysoSignatureReport *found =
        kyso_cms_verify(cms, content_digest, user_data, signer->trust, NULL, error);

    return found != NULL ? kyso_document_report_new_for(signer, found, "CAdES") : NULL;
}

/* What the signer's own properties are is no matter of the reader's. */
static json_t *
covered_by(const json_t *signature)
{
    json_t *covered = json_array(), *item;
    size_t i;

    json_array_foreach(kyso_xades_verify_subjects(signature), i, item)
    {
        const char *covers = json_string_value(json_object_get(item, "covers"));
        const char *uri = json_string_value(json_object_get(item, "uri"));
        if (json_array_size(covered) >= MAX_COVERED || uri == NULL ||
            g_strcmp0(covers, "properties") == 0)
            continue;
        g_autofree char *start = g_strndup(uri, MIN(strcspn(uri, "?"), MAX_URI));
        g_autofree char *valid = g_utf8_make_valid(start, -1);
        json_array_append_new(covered, json_string(valid));
    }
    return covered;
}

static KysoDocumentSignature *
check_xml_signature(const Order *order, const json_t *item)
{
    KysoDocumentSignature *self = g_new0(KysoDocumentSignature, 1);
    KysoXadesSubject subject = {
        .signature = item,
        .entries = json_object_get(order->xml->facts, "entries"),
        .content = order->xml->content,
        .content_size = order->xml->content_size,
        .trust = order->signer->trust,
    };
    KysoSignatureReport *report = kyso_xades_verify(&subject, &self->covers_whole_document, NULL);

    self->field = g_strdup("");
    self->format = g_strdup(report != NULL && report->is_cades ? "XAdES" : "XML-DSig");
    self->covered = covered_by(item);
    kyso_document_signature_judge(self, order->signer, report);
    return self;
}

static KysoDocumentReport *
check_xml(const Order *order, GCancellable *cancellable)
{
    KysoDocumentReport *report = report_new();

    report->is_data = TRUE;
    check_each(order, json_object_get(order->xml->facts, "signatures"), check_xml_signature,
               cancellable, report->signatures);
    return report;
}

static void
check_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    Ranges all = {order->fd, {0, order->size, order->size, 0}};
    GError *error = NULL;
    KysoDocumentReport *report =
        order->xml != NULL ? check_xml(order, cancellable)
        : order->inspection != NULL
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
                               const KysoProofs *proofs, GCancellable *cancellable,
                               GAsyncReadyCallback done, gpointer user_data)
{
    Order *order = g_new0(Order, 1);
    order->signer = signer;
    order->fd = fd;
    order->size = size;
    order->inspection = inspection;
    order->proofs = proofs;
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

void
kyso_document_report_xml_async(KysoSigner *signer, const KysoXmlInspection *inspection,
                               GCancellable *cancellable, GAsyncReadyCallback done,
                               gpointer user_data)
{
    Order *order = g_new0(Order, 1);
    order->signer = signer;
    order->xml = inspection;
    start(order, cancellable, done, user_data);
}

KysoDocumentReport *
kyso_document_report_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

const char *
kyso_document_report_leader_field(const KysoDocumentReport *self)
{
    const char *field = NULL;

    for (guint i = 0; i < self->signatures->len; i++) {
        const KysoDocumentSignature *signature = self->signatures->pdata[i];
        if (signature->verdict == KYSO_VALID &&
            kyso_document_signature_get_purpose(signature, signature->role) == KYSO_PURPOSE_APPROVE)
            field = signature->field;
    }
    return field;
}

void
kyso_document_report_to_facts(const KysoDocumentReport *self, KysoFacts *facts)
{
    facts->n_earlier = self->signatures->len;
    facts->is_file_covered = kyso_document_verdict_is_covered(self);
    for (guint i = 0; i < self->signatures->len; i++) {
        const KysoDocumentSignature *signature = self->signatures->pdata[i];
        gboolean is_valid = signature->verdict == KYSO_VALID;
        facts->is_earlier_broken |= signature->verdict == KYSO_INVALID &&
                                    g_strcmp0(signature->reason, "changed_after") != 0;
        KysoPurpose purpose = kyso_document_signature_get_purpose(signature, signature->role);
        facts->has_valid_personal_approve |= is_valid && purpose == KYSO_PURPOSE_APPROVE;
        facts->has_agency_issue |= is_valid && purpose == KYSO_PURPOSE_ISSUE;
    }
}

json_t *
kyso_document_report_to_json(const KysoDocumentReport *self)
{
    json_t *list = json_array();

    for (guint i = 0; i < self->signatures->len; i++)
        json_array_append_new(list, kyso_document_signature_describe(self->signatures->pdata[i]));
    return json_pack("{s:s, s:s, s:o, s:o}", "verdict", kyso_document_verdict_get(self), "process",
                     kyso_document_verdict_process(self), "advice",
                     kyso_document_verdict_advise(self), "signatures", list);
}
