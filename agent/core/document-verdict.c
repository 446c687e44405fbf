/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-verdict.h"

#include <string.h>

#include "ipc/base/error.h"

gboolean
kyso_document_verdict_is_covered(const KysoDocumentReport *report)
{
    if (report->signatures->len == 0)
        return FALSE;
    for (guint i = 0; i < report->signatures->len; i++)
        if (kyso_document_signature_is_outdated(report->signatures->pdata[i]))
            return FALSE;
    const KysoDocumentSignature *last = report->signatures->pdata[report->signatures->len - 1];
    return !kyso_document_signature_is_followed(last);
}

const char *
kyso_document_verdict_get(const KysoDocumentReport *report)
{
    KysoSignatureVerdict worst = KYSO_VALID;

    if (report->signatures->len == 0)
        return "unsigned";
    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        if (signature->verdict == KYSO_INVALID)
            worst = KYSO_INVALID;
        else if (signature->verdict == KYSO_UNDETERMINED && worst == KYSO_VALID)
            worst = KYSO_UNDETERMINED;
    }
    /* Something that shows stands behind the last signature, and nobody has signed it; or each
     * signature is good, and the document was not made as it must be. */
    if (worst == KYSO_VALID && (!kyso_document_verdict_is_covered(report) ||
                                strcmp(kyso_document_verdict_process(report), "wrong_order") == 0))
        worst = KYSO_UNDETERMINED;
    return kyso_signature_verdict_name(worst);
}

const char *
kyso_document_verdict_process(const KysoDocumentReport *report)
{
    guint n_approvals = 0, n_issues = 0, n_agencies = 0;
    gboolean is_wrong = FALSE, is_last_issue_filled = FALSE;

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        if (signature->verdict != KYSO_VALID)
            continue;
        KysoPurpose purpose =
            kyso_document_signature_get_purpose(signature, signature->likely_role);
        if (purpose == KYSO_PURPOSE_APPROVE) {
            is_wrong |= n_approvals == 0 && n_agencies > 0;
            n_approvals++;
        } else if (signature->likely_role == KYSO_ROLE_AGENCY) {
            n_agencies++;
        }
        if (purpose == KYSO_PURPOSE_ISSUE) {
            n_issues++;
            is_last_issue_filled = kyso_document_signature_is_filled_later(signature);
        }
    }
    if (is_wrong || is_last_issue_filled) /* number and date come before the seal */
        return "wrong_order";
    return n_approvals > 0 && n_issues > 0 ? "complete"
           : n_approvals > 0               ? "approved"
           : n_agencies > 0                ? "agency_only"
                                           : "none";
}

/* Advice */

typedef struct {
    const char *code, *vi, *en;
} Reason;

static const Reason reasons[] = {
    {"changed_after", "nội dung văn bản đã bị thay đổi sau khi ký",
     "the content was changed after signing"},
    {"changes_unclear", "không xác định được văn bản có bị thay đổi sau khi ký hay không",
     "it cannot be told whether the document was changed after signing"},
    {"digest_mismatch", "nội dung văn bản không còn nguyên vẹn",
     "the content is not what was signed"},
    {"signature_mismatch", "chữ ký số không khớp với chứng thư",
     "the signature does not match its certificate"},
    {"signing_certificate_mismatch", "chứng thư đi kèm không phải chứng thư đã ký",
     "the certificate that comes with it is not the one that signed"},
    {"signature_unreadable", "không đọc được dữ liệu chữ ký số",
     "the data of the signature cannot be read"},
    {"weak_hash", "chữ ký số dùng thuật toán băm SHA-1, không còn an toàn",
     "the signature uses the hash SHA-1, which is not safe any more"},
    {"certificate_revoked", "chứng thư đã bị thu hồi trước khi ký",
     "the certificate had been revoked before it signed"},
    {"timestamp", "dấu thời gian sai hoặc do dịch vụ không được tin cậy cấp",
     "its timestamp is wrong, or of a service that is not trusted"},
    {"hash_unsupported", "chữ ký số dùng thuật toán băm không được hỗ trợ",
     "the signature uses a hash that is not known here"},
};

static const Reason unknown_reason = {"", "dữ liệu chữ ký số không đúng quy định",
                                      "the signature is not formed as it must be"};

static const char *
reason_in(const KysoDocumentSignature *signature, gboolean is_vietnamese)
{
    const Reason *reason = &unknown_reason;

    if (g_strcmp0(signature->reason, "certificate") == 0) {
        const KysoErrorInfo *info = kyso_error_info(signature->report->certificate_code);
        return is_vietnamese ? info->cause_vi : info->cause_en;
    }
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (g_strcmp0(signature->reason, reasons[i].code) == 0)
            reason = &reasons[i];
    return is_vietnamese ? reason->vi : reason->en;
}

/* The signature for which the document goes back: an invalid one before an open one. */
static const KysoDocumentSignature *
worst_signature(const KysoDocumentReport *report)
{
    const KysoDocumentSignature *worst = NULL;

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        if (signature->verdict == KYSO_INVALID)
            return signature;
        if (signature->verdict == KYSO_UNDETERMINED && worst == NULL)
            worst = signature;
    }
    return worst;
}

static const char *
signer_name(const KysoDocumentSignature *signature)
{
    const KysoSignatureReport *report = signature->report;

    if (report != NULL && report->signer != NULL)
        return kyso_certificate_get_common_name(report->signer);
    return signature->field != NULL ? signature->field : "";
}

/* " (trang 1, 3)", or "". */
static char *
pages_in(const KysoDocumentSignature *signature, const char *word)
{
    g_autoptr(GHashTable) named = g_hash_table_new(NULL, NULL);
    GString *text = g_string_new(NULL);
    json_t *change;
    size_t i;

    json_array_foreach(json_object_get(signature->difference, "changes"), i, change)
    {
        int page = (int) json_integer_value(json_object_get(change, "page"));
        if (page == 0 || json_is_true(json_object_get(change, "allowed")) || text->len > 64 ||
            !g_hash_table_add(named, GINT_TO_POINTER(page)))
            continue;
        if (text->len == 0)
            g_string_append_printf(text, " (%s %d", word, page);
        else
            g_string_append_printf(text, ", %d", page);
    }
    if (text->len > 0)
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

static json_t *
advice(gboolean accept, const char *vi, const char *en)
{
    return json_pack("{s:b, s:{s:s, s:s}}", "accept", (int) accept, "reason", "vi", vi, "en", en);
}

static json_t *
advise_return(const KysoDocumentSignature *signature)
{
    g_autofree char *pages_vi = pages_in(signature, "trang");
    g_autofree char *pages_en = pages_in(signature, "page");
    const char *name = signer_name(signature);
    g_autofree char *vi = g_strdup_printf(
        "Trả lại: chữ ký số của “%s” %s: %s%s.", name,
        signature->verdict == KYSO_INVALID ? "không hợp lệ" : "chưa kết luận được là hợp lệ",
        reason_in(signature, TRUE), pages_vi);
    g_autofree char *en = g_strdup_printf(
        "Return: the signature of “%s” %s: %s%s.", name,
        signature->verdict == KYSO_INVALID ? "is not valid" : "cannot be said to be valid",
        reason_in(signature, FALSE), pages_en);

    return advice(FALSE, vi, en);
}

static json_t *
advise_by_process(const char *process)
{
    if (strcmp(process, "complete") == 0)
        return advice(
            TRUE,
            "Tiếp nhận: văn bản có chữ ký số hợp lệ của người có thẩm quyền và của cơ "
            "quan, tổ chức ban hành, đúng quy trình.",
            "Accept: validly signed by the competent person, then by the issuing agency.");
    if (strcmp(process, "agency_only") == 0)
        return advice(
            TRUE,
            "Tiếp nhận nếu là bản sao, phụ lục hoặc văn bản kèm theo: chỉ có chữ ký số "
            "của cơ quan, tổ chức. Văn bản chính thiếu chữ ký số của người có thẩm quyền "
            "thì trả lại.",
            "Accept where it is a copy, an appendix or an attachment: only the agency has "
            "signed. Return a main document without the competent person's signature.");
    if (strcmp(process, "approved") == 0)
        return advice(FALSE, "Trả lại: văn bản chưa có chữ ký số của cơ quan, tổ chức ban hành.",
                      "Return: the issuing agency has not signed.");
    if (strcmp(process, "wrong_order") == 0)
        return advice(FALSE,
                      "Trả lại: ký số sai quy trình; người có thẩm quyền ký trước, rồi cấp số và "
                      "ngày, sau cùng cơ quan, tổ chức ký.",
                      "Return: signed in the wrong order; the competent person comes first, then "
                      "number and date, the agency last.");
    return advice(FALSE,
                  "Chưa tiếp nhận: chữ ký số hợp lệ nhưng không xác định được là của người có thẩm "
                  "quyền hay của cơ quan, tổ chức; hãy đối chiếu tên người ký với văn bản.",
                  "Do not accept yet: the signatures are valid, but nothing says whether they are "
                  "a competent person's or an agency's; compare their names with the document.");
}

json_t *
kyso_document_verdict_advise(const KysoDocumentReport *report)
{
    const KysoDocumentSignature *worst = worst_signature(report);

    if (report->signatures->len == 0)
        return advice(FALSE, "Trả lại: văn bản chưa được ký số.",
                      "Return: the document is not signed.");
    if (worst != NULL)
        return advise_return(worst);
    const char *process = kyso_document_verdict_process(report);
    if (strcmp(process, "wrong_order") != 0 && !kyso_document_verdict_is_covered(report))
        return advice(FALSE,
                      "Trả lại: sau chữ ký số cuối cùng văn bản còn được điền thêm mà không ai ký.",
                      "Return: after the last signature something was filled in that nobody "
                      "signed.");
    return advise_by_process(process);
}
