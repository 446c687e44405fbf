/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/wording.h"

#include "agent/dialog/visible.h"
#include "ipc/base/texts.h"

/* Marks a text for po/en.po; needs a `language` in scope. */
#define T(text) kyso_texts_get(language, text)

#define EXPIRY_NEAR 30  /* days */
#define DIGEST_SHOWN 16 /* hex digits */
#define NAME_WIDTH 90   /* bytes in the line, as all below */
#define LISTED_WIDTH 60
#define NUMBER_WIDTH 36
#define SUBJECT_WIDTH 110
#define NOTE_WIDTH 110
#define CONTENT_WIDTH 160
#define PERSON_WIDTH 80
#define ISSUER_WIDTH 50
#define TOKEN_WIDTH 40
#define TITLE_WIDTH 90

static void add_line(GString *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
add_line(GString *text, const char *format, ...)
{
    va_list arguments;

    if (text->len > 0)
        g_string_append_c(text, '\n');
    va_start(arguments, format);
    g_string_append_vprintf(text, format, arguments);
    va_end(arguments);
}

static gboolean
is_told(const char *text)
{
    return text != NULL && text[0] != '\0';
}

char *
kyso_wording_purpose(const char *language, const char *purpose)
{
    const struct {
        const char *purpose, *text;
    } purposes[] = {
        {"approve", T("ký phê duyệt")},
        {"initial", T("ký nháy")},
        {"issue", T("phát hành: cấp số, ngày, đóng dấu")},
        {"appendix", T("ký phụ lục, văn bản kèm theo")},
        {"copy", T("sao văn bản")},
        {"receive", T("tiếp nhận văn bản đến")},
        {"comment", T("bút phê")},
        {"file", T("ký tệp")},
        {"xml", T("ký dữ liệu XML, ODF, Office")},
        {"message", T("ký dữ liệu")},
        {"json", T("ký dữ liệu JSON")},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(purposes); i++)
        if (g_strcmp0(purpose, purposes[i].purpose) == 0)
            return g_strdup(purposes[i].text);

    g_autofree char *shown = kyso_visible_text(purpose, NUMBER_WIDTH);
    return g_strdup_printf("“%s”", shown);
}

static void
add_warning(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;

    if (question->pin_final_try)
        add_line(text, "%s", T("CẢNH BÁO: lần nhập mã PIN cuối cùng, nhập sai là khóa thiết bị!"));
    else if (question->pin_count_low && question->tries_left > 0)
        add_line(text, T("LƯU Ý: mã PIN đã bị nhập sai. Còn %d lần nhập."),
                 (int) question->tries_left);
    else if (question->pin_count_low)
        add_line(text, "%s", T("LƯU Ý: mã PIN đã bị nhập sai. Số lần nhập còn lại rất ít."));
}

static void
add_key(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    g_autofree char *name = kyso_visible_text(question->common_name, PERSON_WIDTH);
    g_autofree char *organization = kyso_visible_text(question->organization, PERSON_WIDTH);

    if (question->is_agency)
        add_line(text, T("ĐÓNG DẤU CƠ QUAN (chữ ký số của tổ chức): “%s”"), name);
    else
        add_line(text, T("CHỮ KÝ CÁ NHÂN của “%s”"), name);
    if (organization[0] != '\0' && g_strcmp0(organization, name) != 0)
        g_string_append_printf(text, ", “%s”", organization);
}

/* Data have no number and subject: what they say is what is signed. */
static gboolean
is_data(const KysoQuestion *question)
{
    return g_strcmp0(question->purpose, "message") == 0 ||
           g_strcmp0(question->purpose, "json") == 0;
}

static void
add_content(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    const KysoQuestionDocument *document = &question->documents[0];
    g_autofree char *name = kyso_visible_text(document->name, NAME_WIDTH);
    g_autofree char *content = kyso_visible_text(document->text, CONTENT_WIDTH);
    g_autofree char *digest = kyso_visible_text(document->digest, DIGEST_SHOWN + 3);

    if (name[0] != '\0')
        add_line(text, T("Tài liệu: “%s”"), name);
    if (content[0] == '\0') {
        add_line(text, T("Không rõ nội dung, chỉ có mã băm: %s"), digest);
        return;
    }
    add_line(text, T("Nội dung: “%s”"), content);
    add_line(text, T("Mã băm: %s"), digest);
}

static void
add_document(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    const KysoQuestionDocument *document = &question->documents[0];
    g_autofree char *name = kyso_visible_text(document->name, NAME_WIDTH);
    g_autofree char *number = kyso_visible_text(document->number, NUMBER_WIDTH);
    g_autofree char *subject = kyso_visible_text(document->subject, SUBJECT_WIDTH);
    g_autofree char *note = kyso_visible_text(document->note, NOTE_WIDTH);

    if (note[0] != '\0')
        add_line(text, T("Ghi lên văn bản: “%s”"), note);
    if (name[0] != '\0')
        add_line(text, T("Tài liệu: “%s”"), name);
    if (name[0] != '\0' && document->pages > 0)
        g_string_append_printf(text, T(" (số trang: %d)"), (int) document->pages);
    if (document->signatures > 1)
        add_line(text, T("Số chữ ký: %d (mỗi ô trống một chữ ký, sau cùng là dấu)"),
                 (int) document->signatures);
    if (document->is_rewritten)
        add_line(text, "%s", T("TỆP BỊ HỎNG, đã được dựng lại: hãy xem kỹ nội dung trước khi ký."));
    if (number[0] != '\0')
        add_line(text, T("Số, ký hiệu: “%s”"), number);
    if (subject[0] != '\0')
        add_line(text, T("Trích yếu: “%s”"), subject);
    if (name[0] == '\0' && subject[0] == '\0' && is_told(document->digest)) {
        g_autofree char *digest = kyso_visible_text(document->digest, DIGEST_SHOWN + 3);
        add_line(text, T("Không rõ nội dung, chỉ có mã băm: %s"), digest);
    }
}

static void
add_batch(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    gsize listed = MIN(question->n_documents, KYSO_WORDING_LISTED);
    int more = (int) question->document_count - (int) listed;

    add_line(text, T("Số tài liệu được ký cùng lúc: %d"), (int) question->document_count);
    for (gsize i = 0; i < listed; i++) {
        const KysoQuestionDocument *document = &question->documents[i];
        const char *best = is_told(document->name)      ? document->name
                           : is_told(document->subject) ? document->subject
                                                        : document->digest;
        g_autofree char *shown = kyso_visible_text(best, LISTED_WIDTH);
        add_line(text, "%d. “%s”", (int) i + 1, shown);
        if (document->is_rewritten)
            g_string_append(text, T(" (tệp hỏng, đã dựng lại)"));
    }
    if (more > 0)
        add_line(text, T("… và số tài liệu khác: %d"), more);
}

static void
add_caller(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    gboolean has_executable = is_told(question->caller_executable);
    g_autofree char *shown = kyso_visible_text(
        has_executable ? question->caller_executable : question->caller_unit, NAME_WIDTH);
    g_autofree char *origin = kyso_visible_text(question->caller_origin, NAME_WIDTH);

    if (origin[0] != '\0')
        add_line(text, T("Trang web yêu cầu: “%s”"), origin);
    else if (shown[0] != '\0')
        add_line(text, T("Chương trình yêu cầu: “%s”"), shown);
    else
        add_line(text, "%s", T("Chương trình yêu cầu: không rõ"));
    if (question->caller_pid > 0)
        g_string_append_printf(text, " (PID %d)", (int) question->caller_pid);
}

static void
add_expiry(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    g_autoptr(GDateTime) end = is_told(question->not_after)
                                   ? g_date_time_new_from_iso8601(question->not_after, NULL)
                                   : NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    if (end == NULL)
        return;

    g_autoptr(GTimeZone) zone = g_time_zone_new_offset(7 * 3600);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(end, zone);
    g_autofree char *day = g_date_time_format(local, "%d/%m/%Y");
    GTimeSpan left = g_date_time_difference(end, now);
    if (left <= 0)
        add_line(text, T("Chứng thư số ĐÃ HẾT HẠN ngày %s."), day);
    else if (left < EXPIRY_NEAR * G_TIME_SPAN_DAY)
        add_line(text, T("Chứng thư số sắp hết hạn: ngày %s (số ngày còn lại: %d)."), day,
                 (int) (left / G_TIME_SPAN_DAY));
}

static void
add_certificate(GString *text, const KysoQuestion *question)
{
    const char *language = question->language;
    g_autofree char *issuer = kyso_visible_text(question->issuer, ISSUER_WIDTH);
    g_autofree char *label = kyso_visible_text(question->token_label, TOKEN_WIDTH);
    g_autofree char *serial = kyso_visible_text(question->token_serial, TOKEN_WIDTH);

    if (issuer[0] != '\0')
        add_line(text, T("Nơi cấp chứng thư số: “%s”"), issuer);
    if (label[0] != '\0' || serial[0] != '\0')
        add_line(text, T("Thiết bị: “%s”, số “%s”"), label, serial);
}

char *
kyso_wording_title(const KysoQuestion *question)
{
    const char *language = question->language;

    if (is_told(question->title))
        return kyso_visible_text(question->title, TITLE_WIDTH);
    return g_strdup(question->is_agency ? T("kyso: đóng dấu cơ quan") : T("kyso: ký số"));
}

char *
kyso_wording_description(const KysoQuestion *question)
{
    const char *language = question->language;
    GString *text = g_string_new(NULL);
    g_autofree char *purpose = kyso_wording_purpose(language, question->purpose);

    add_warning(text, question);
    if (question->batch_total > 0)
        add_line(text, T("Chữ ký %d trên %d: thiết bị này đòi mã PIN cho từng chữ ký."),
                 (int) question->batch_number, (int) question->batch_total);
    add_key(text, question);
    add_line(text, T("Mục đích: %s"), purpose);
    if (question->document_count > 1)
        add_batch(text, question);
    else if (question->n_documents == 1 && is_data(question))
        add_content(text, question);
    else if (question->n_documents == 1)
        add_document(text, question);
    add_caller(text, question);
    add_expiry(text, question);
    if (question->protected_path)
        add_line(text, "%s", T("Sau khi đồng ý, hãy nhập mã PIN trên bàn phím của thiết bị."));
    add_certificate(text, question);
    return g_string_free(text, FALSE);
}

char *
kyso_wording_caller(const KysoQuestion *question)
{
    GString *text = g_string_new(NULL);

    add_caller(text, question);
    return g_string_free(text, FALSE);
}

char *
kyso_wording_final_try(const KysoQuestion *question)
{
    const char *language = question->language;
    GString *text = g_string_new(T("CẢNH BÁO: thiết bị chỉ còn MỘT lần nhập mã PIN."));
    g_autofree char *label = kyso_visible_text(question->token_label, TOKEN_WIDTH);
    g_autofree char *serial = kyso_visible_text(question->token_serial, TOKEN_WIDTH);

    add_line(text, "%s",
             T("Nếu nhập sai, thiết bị bị khóa và phải gửi mẫu số 06 đến Ban Cơ yếu Chính phủ để "
               "khôi phục."));
    add_line(text, T("Thiết bị: “%s”, số “%s”"), label, serial);
    add_line(text, "%s", T("Bạn có chắc chắn nhớ đúng mã PIN và muốn nhập không?"));
    return g_string_free(text, FALSE);
}

char *
kyso_wording_sign_button(const KysoQuestion *question)
{
    const char *language = question->language;

    if (question->protected_path)
        return g_strdup(T("_Tiếp tục"));
    return g_strdup(question->is_agency ? T("_Đóng dấu") : T("_Ký"));
}
