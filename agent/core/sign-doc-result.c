/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/sign-doc-state.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"

#define DETAIL_MAX 160 /* bytes, of an error in a list */
#define ANSWER_MAX (KYSO_CHANNEL_MAX_MESSAGE - 1024)

static gboolean
is_untouched(const KysoSigningDocument *document)
{
    return document->state != KYSO_DOCUMENT_SIGNED && document->state != KYSO_DOCUMENT_FAILED;
}

static guint
count(const KysoSigning *self, KysoDocumentState state)
{
    guint n = 0;

    for (guint i = 0; i < self->documents->len; i++) {
        const KysoSigningDocument *document = self->documents->pdata[i];
        n += document->state == state ? 1 : 0;
    }
    return n;
}

guint
kyso_sign_doc_result_count_untouched(const KysoSigning *self)
{
    return self->documents->len - count(self, KYSO_DOCUMENT_SIGNED) -
           count(self, KYSO_DOCUMENT_FAILED);
}

static const KysoDocumentSignature *
our_signature(const KysoSigningDocument *document)
{
    const GPtrArray *signatures = document->report->signatures;
    return signatures->pdata[kyso_sign_doc_check_our_index(document)]; /* a timestamp may follow */
}

/* Null where the document is signed as it was brought. */
static json_t *
rewritten_to_json(const KysoSigningDocument *document)
{
    if (document->rewritten_digest == NULL)
        return json_null();
    return json_pack("{s:s, s:{s:s, s:s}}", "digest", document->rewritten_digest, "warning", "vi",
                     "Tệp bị hỏng, đã được dựng lại trước khi ký.", "en",
                     "The file was damaged and was written anew before it was signed.");
}

/* Where the leader certified and left no field, only new ones can take number and seal. The
 * incumbent does it so; ISO 32000-2 table 257 lets P=2 sign, and says nothing of a field that is
 * not there yet. */
static json_t *
warnings_to_json(const KysoSigningDocument *document)
{
    gboolean is_issue = document->signing->request->purpose == KYSO_PURPOSE_ISSUE;

    if (!is_issue || !document->is_certified || document->is_field_reserved)
        return json_array();
    return json_pack(
        "[{s:s, s:s, s:s}]", "code", "certified_without_fields", "vi",
        "Người ký trước đã khóa văn bản mà không chừa sẵn ô cho số, ngày và con dấu: "
        "vài phần mềm kiểm tra nghiêm ngặt có thể báo chữ ký đó không còn hợp lệ.",
        "en",
        "The earlier signer certified the document and left no fields for number, date "
        "and seal: some strict validators may call that signature invalid.");
}

/* Null where it has all that was asked for. */
static json_t *
later_to_json(const KysoSigningDocument *document)
{
    if (document->later_code == 0)
        return json_null();
    return json_pack("{s:s, s:{s:s, s:s}}", "reason", kyso_error_info(document->later_code)->name,
                     "warning", "vi",
                     "Chưa có dấu thời gian: văn bản mới được ký ở mức B-B. Hãy bổ sung bằng “kyso "
                     "augment” ngay khi có dịch vụ.",
                     "en",
                     "There is no timestamp: the document was signed at level B-B only. Add it by "
                     "“kyso augment” as soon as the service can be reached.");
}

/* Null where none is kept. */
static json_t *
evidence_to_json(gint64 id)
{
    return id != 0 ? json_integer((json_int_t) id) : json_null();
}

/* What there is to say of one signed document, but for its signature. */
static json_t *
document_to_json(const KysoSigningDocument *document)
{
    const KysoRecord *record = document->record;
    g_autofree char *time = kyso_clock_to_rfc3339(document->signing->signing_time);

    return json_pack("{s:I, s:o, s:s, s:s, s:s, s:I, s:s?, s:o, s:o, s:o, s:i, s:s, s:o}",
                     "journal", (json_int_t) record->sequence, "evidence",
                     evidence_to_json(document->evidence), "signed_at", time, "input_digest",
                     record->document_digest, "output_digest", record->result_digest, "output_size",
                     (json_int_t) document->result_size, "field", document->field, "places",
                     document->places != NULL ? json_incref(document->places) : json_null(),
                     "rewritten", rewritten_to_json(document), "warnings",
                     warnings_to_json(document), "n_signatures", (int) document->n_signatures,
                     "conformance_level", kyso_levels[document->level], "timestamp_later",
                     later_to_json(document));
}

static json_t *
single_to_json(const KysoSigning *self)
{
    const KysoSigningDocument *document = self->documents->pdata[0];
    json_t *result = document_to_json(document);
    g_autoptr(json_t) rest =
        json_pack("{s:s, s:s, s:s, s:o}", "requestID", kyso_job_request_id(self->job),
                  "credentialID", self->credential->id, "purpose", document->record->purpose,
                  "signature", kyso_document_signature_to_json(our_signature(document)));

    json_object_update(result, rest);
    return result;
}

/* The `data` of an error, short enough for a list of them. */
static json_t *
error_to_json(const GError *error)
{
    g_autofree char *start = g_strndup(error->message, DETAIL_MAX);
    g_autofree char *detail = g_utf8_make_valid(start, -1);
    g_autoptr(GError) cut = kyso_error_new_with_details(kyso_error_code(error),
                                                        kyso_error_details(error), "%s", detail);
    g_autoptr(json_t) body = kyso_rpc_error(NULL, cut);

    return json_incref(json_object_get(json_object_get(body, "error"), "data"));
}

/* Who has signed is said once for all. */
static json_t *
signed_to_json(const KysoSigningDocument *document)
{
    json_t *item = document_to_json(document);
    json_t *signature = kyso_document_signature_to_json(our_signature(document));

    json_object_del(signature, "signer");
    json_object_del(signature, "issuer");
    json_object_set_new(item, "signature", signature);
    return item;
}

static json_t *
item_to_json(const KysoSigningDocument *document)
{
    json_t *item;

    if (document->state == KYSO_DOCUMENT_SIGNED)
        item = signed_to_json(document);
    else if (document->state == KYSO_DOCUMENT_FAILED)
        item = json_pack("{s:o}", "error", error_to_json(document->error));
    else
        item = json_object();
    json_object_set_new(item, "name", json_string(document->item->name));
    json_object_set_new(item, "status",
                        json_string(document->state == KYSO_DOCUMENT_SIGNED   ? "signed"
                                    : document->state == KYSO_DOCUMENT_FAILED ? "failed"
                                                                              : "untouched"));
    return item;
}

/* Names of control characters could make the answer longer than a message may be. */
static void
fit_into_message(json_t *result, json_t *items)
{
    json_t *item;
    size_t i, size = json_dumpb(result, NULL, 0, JSON_COMPACT);

    if (size <= ANSWER_MAX)
        return;
    json_array_foreach(items, i, item) json_object_set_new(item, "name", json_string(""));
}

static json_t *
batch_to_json(const KysoSigning *self)
{
    json_t *items = json_array();

    for (guint i = 0; i < self->documents->len; i++)
        json_array_append_new(items, item_to_json(self->documents->pdata[i]));
    json_t *result = json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:i, s:i, s:i, s:o, s:o}", "requestID",
        kyso_job_request_id(self->job), "credentialID", self->credential->id, "purpose",
        kyso_policy_purpose_name(self->request->purpose), "signer",
        kyso_document_signature_signer_to_json(self->certificate), "issuer",
        kyso_certificate_get_issuer_common_name(self->certificate), "signed",
        (int) count(self, KYSO_DOCUMENT_SIGNED), "failed", (int) count(self, KYSO_DOCUMENT_FAILED),
        "untouched", (int) kyso_sign_doc_result_count_untouched(self), "ended_by",
        self->ended_by != NULL ? error_to_json(self->ended_by) : json_null(), "documents", items);

    fit_into_message(result, items);
    return result;
}

json_t *
kyso_sign_doc_result_to_json(const KysoSigning *self)
{
    return self->request->is_batch ? batch_to_json(self) : single_to_json(self);
}

/* Which documents they were, by their digests, so that an auditor finds each of them. */
static char *
describe_untouched(const KysoSigning *self, KysoFileHash *hash)
{
    g_autoptr(json_t) digests = json_array();

    for (guint i = 0; i < self->documents->len; i++) {
        const KysoSigningDocument *document = self->documents->pdata[i];
        const char *digest = document->record->document_digest;
        if (!is_untouched(document))
            continue;
        json_array_append_new(digests, digest != NULL ? json_string(digest) : json_null());
        if (digest != NULL)
            kyso_file_hash_add_bytes(hash, digest, strlen(digest));
    }
    g_autoptr(json_t) object =
        json_pack("{s:i, s:O}", "documents", (int) kyso_sign_doc_result_count_untouched(self),
                  "digests", digests);
    return kyso_json_format(object, NULL);
}

KysoRecord *
kyso_sign_doc_result_to_record(const KysoSigning *self, const GError *error)
{
    const KysoSigningDocument *first = self->documents->pdata[0];
    KysoRecord *record = kyso_attempt_new(self->job, first->record->purpose);
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    g_autoptr(GError) left_out =
        g_error_new_literal(KYSO_ERROR, KYSO_ERROR_DOCUMENT_NOT_OPENED, "left out by the person");

    record->metadata = describe_untouched(self, hash);
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    record->document_digest = kyso_file_hash_to_hex(digest);
    if (self->certificate != NULL)
        kyso_attempt_set_certificate(record, self->certificate, self->role,
                                     self->credential->token_serial);
    kyso_attempt_set_failure(record, error != NULL ? error : left_out);
    g_free(record->detail);
    record->detail =
        g_strdup_printf("%u of %u documents of a batch were not signed: %s",
                        kyso_sign_doc_result_count_untouched(self), self->documents->len,
                        error != NULL ? error->message : left_out->message);
    return record;
}
