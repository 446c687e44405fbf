/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/verify-view.h"

#include <string.h>

#include "ipc/cli/verify-words.h"

static void
line_free(gpointer data)
{
    KysoVerifyLine *line = data;

    g_free(line->value);
    g_free(line);
}

static void
add(GPtrArray *lines, const char *label, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    KysoVerifyLine *line = g_new0(KysoVerifyLine, 1);
    line->label = label;
    line->value = g_strdup(value);
    g_ptr_array_add(lines, line);
}

static const char *
text(const KysoResult *result, guint i, const char *name)
{
    return kyso_client_result_text(result, "signatures.%u.%s", i, name);
}

char *
kyso_verify_view_title(const KysoResult *result)
{
    const char *verdict = kyso_client_result_text(result, "verdict");
    guint n = kyso_client_result_count(result, "signatures");

    if (g_strcmp0(verdict, "unsigned") == 0)
        return g_strdup(T("CHƯA KÝ: tài liệu không có chữ ký số nào."));
    if (g_strcmp0(verdict, "valid") == 0)
        return g_strdup_printf(T("HỢP LỆ: %u chữ ký số, tất cả đều hợp lệ."), n);
    if (g_strcmp0(verdict, "invalid") == 0)
        return g_strdup(T("KHÔNG HỢP LỆ: không được dùng tài liệu này; hãy xin lại bản gốc."));
    return g_strdup(T("CHƯA KẾT LUẬN ĐƯỢC: hãy xem từng chữ ký bên dưới."));
}

char *
kyso_verify_view_signature_title(const KysoResult *result, guint i)
{
    const char *reason = text(result, i, "reason");
    const char *verdict = kyso_words_verdict(text(result, i, "verdict"));

    if (reason == NULL)
        return g_strdup_printf(T("Chữ ký %u: %s"), i + 1, verdict);
    return g_strdup_printf(T("Chữ ký %u: %s (%s)"), i + 1, verdict,
                           kyso_verify_words_reason(reason));
}

GPtrArray *
kyso_verify_view_document(const KysoResult *result)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    const char *process = kyso_client_result_text(result, "process");

    /* It is read from the valid signatures: of a broken letter it says nothing. Data are no letter,
     * and their signatures have no field. */
    const char *field = kyso_client_result_text(result, "signatures.0.field");
    if (field != NULL && *field != '\0' &&
        (g_strcmp0(process, "none") != 0 ||
         g_strcmp0(kyso_client_result_text(result, "verdict"), "valid") == 0))
        add(lines, T("Quy trình"), kyso_verify_words_process(process));
    add(lines, T("Văn bản đến"),
        kyso_client_result_text(result, "advice.reason.%s", kyso_words_language()));
    return lines;
}

/* "Văn phòng, Sở Nội vụ": from the unit up. */
static char *
units_in_words(const KysoResult *result, guint i)
{
    GString *words = g_string_new(NULL);

    for (guint n = kyso_client_result_count(result, "signatures.%u.units", i); n > 0; n--)
        g_string_append_printf(words, "%s%s", words->len == 0 ? "" : ", ",
                               kyso_client_result_text(result, "signatures.%u.units.%u", i, n - 1));
    return g_string_free(words, FALSE);
}

static char *
role_in_words(const KysoResult *result, guint i)
{
    const char *role = text(result, i, "role");

    if (role == NULL)
        return NULL;
    if (g_strcmp0(text(result, i, "role_source"), "suggested") == 0)
        return g_strdup_printf(T("%s (đoán theo tên)"), kyso_words_role(role));
    return g_strdup(kyso_words_role(role));
}

static void
add_certificate(GPtrArray *lines, const KysoResult *result, guint i)
{
    g_autofree char *from = kyso_words_time(text(result, i, "valid_from"));
    g_autofree char *to = kyso_words_time(text(result, i, "valid_to"));
    const char *then = text(result, i, "certificate_then");

    add(lines, T("Nơi cấp"), text(result, i, "issuer"));
    add(lines, T("Dấu thời gian"), text(result, i, "timestamp.service"));
    if (from != NULL && to != NULL) {
        g_autofree char *period = g_strdup_printf("%s - %s", from, to);
        add(lines, T("Hiệu lực"), period);
    }
    add(lines, T("Khi ký"), kyso_words_status(then));
    add(lines, T("Hiện nay"), kyso_words_status(text(result, i, "certificate")));
}

static void
add_changes(GPtrArray *lines, const KysoResult *result, guint i)
{
    guint n = kyso_client_result_count(result, "signatures.%u.difference.changes", i);
    const char *status = text(result, i, "difference.status");

    if (status == NULL)
        return;
    if (strcmp(status, "none") == 0)
        add(lines, T("Phạm vi"), T("toàn bộ tài liệu, không có gì được thêm sau chữ ký này"));
    for (guint k = 0; k < n; k++) {
        const char *kind =
            kyso_client_result_text(result, "signatures.%u.difference.changes.%u.kind", i, k);
        const char *field =
            kyso_client_result_text(result, "signatures.%u.difference.changes.%u.field", i, k);
        gint64 page =
            kyso_client_result_number(result, 0, "signatures.%u.difference.changes.%u.page", i, k);
        g_autoptr(GString) words = g_string_new(kyso_verify_words_change(kind));
        if (page > 0)
            g_string_append_printf(words, T(", trang %d"), (int) page);
        if (field != NULL)
            g_string_append_printf(words, T(", ô “%s”"), field);
        add(lines, T("Sau khi ký"), words->str);
    }
}

/* Of XML and ODF: what there is to say where nothing can be put after it. */
static void
add_covered(GPtrArray *lines, const KysoResult *result, guint i)
{
    guint n = kyso_client_result_count(result, "signatures.%u.covered", i);
    g_autoptr(GString) words = g_string_new(T("chỉ một phần:"));

    if (n == 0)
        return;
    for (guint k = 0; k < n; k++)
        g_string_append_printf(words, "%s %s", k == 0 ? "" : ",",
                               kyso_client_result_text(result, "signatures.%u.covered.%u", i, k));
    if (kyso_client_result_boolean(result, "signatures.%u.covers_whole_document", i))
        add(lines, T("Phạm vi"), T("toàn bộ tài liệu"));
    else
        add(lines, T("Phạm vi"), words->str);
}

static void
add_warnings(GPtrArray *lines, const KysoResult *result, guint i)
{
    guint n = kyso_client_result_count(result, "signatures.%u.warnings", i);

    for (guint k = 0; k < n; k++)
        add(lines, T("Lưu ý"),
            kyso_verify_words_warning(
                kyso_client_result_text(result, "signatures.%u.warnings.%u", i, k)));
}

GPtrArray *
kyso_verify_view_signature(const KysoResult *result, guint i)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(line_free);
    g_autofree char *moment = kyso_words_time(text(result, i, "signed_at"));
    g_autofree char *units = units_in_words(result, i);
    g_autofree char *role = role_in_words(result, i);
    const char *purpose = text(result, i, "purpose");

    add(lines, T("Người ký"), text(result, i, "signer.common_name"));
    add(lines, T("Đơn vị"), units);
    add(lines, T("Cơ quan"), text(result, i, "signer.organization"));
    add(lines, T("Vai trò"), role);
    add(lines, T("Mục đích"), purpose != NULL ? kyso_words_purpose(purpose) : NULL);
    add(lines, T("Thời điểm"), moment);
    add(lines, T("Nội dung"),
        kyso_client_result_boolean(result, "signatures.%u.integrity", i)
            ? T("phần được ký còn nguyên vẹn")
        : g_strcmp0(kyso_client_result_text(result, "signatures.%u.reason", i),
                    "content_missing") == 0
            ? T("chưa kiểm tra được")
            : T("đã bị thay đổi hoặc chữ ký hỏng"));
    add_changes(lines, result, i);
    add_covered(lines, result, i);
    add_certificate(lines, result, i);
    add_warnings(lines, result, i);
    return lines;
}
