/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/words.h"

#include <string.h>

#include "ipc/base/clock.h"
#include "ipc/base/error.h"
#include "ipc/base/texts.h"

static const char *language = "vi";

void
kyso_words_set_language(const char *wanted)
{
    if (wanted == NULL)
        wanted = g_get_language_names()[0];
    language = g_str_has_prefix(wanted, "en") ? "en" : "vi";
}

const char *
kyso_words_language(void)
{
    return language;
}

const char *
kyso_words_get(const char *vi)
{
    return kyso_texts_get(language, vi);
}

const char *
kyso_words_find(const KysoWord *table, gsize n, const char *code)
{
    for (gsize i = 0; i < n; i++)
        if (g_strcmp0(table[i].code, code) == 0)
            return kyso_words_get(table[i].words);
    return code;
}

const char *
kyso_words_role(const char *code)
{
    static const KysoWord table[] = {
        {"personal", N_("Cá nhân")},
        {"agency", N_("Con dấu cơ quan")},
        {"unknown", N_("Chưa rõ vai trò")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_words_purpose(const char *code)
{
    static const KysoWord table[] = {
        {"approve", N_("ký phê duyệt")},
        {"initial", N_("ký nháy")},
        {"issue", N_("phát hành")},
        {"appendix", N_("ký phụ lục, văn bản kèm theo")},
        {"copy", N_("sao văn bản")},
        {"receive", N_("tiếp nhận văn bản đến")},
        {"comment", N_("bút phê")},
        {"file", N_("ký tệp")},
        {"xml", N_("ký dữ liệu XML, ODF, Office")},
        {"message", N_("ký dữ liệu")},
        {"json", N_("ký dữ liệu JSON")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_words_stage(const char *code)
{
    static const KysoWord table[] = {
        {"read", N_("Đang đọc tài liệu")},        {"inspect", N_("Đang kiểm tra tài liệu")},
        {"wait", N_("Chờ cắm thiết bị ký số")},   {"prepare", N_("Đang chuẩn bị chữ ký")},
        {"show", N_("Chờ người ký nhập mã PIN")}, {"sign", N_("Token đang ký")},
        {"timestamp", N_("Chờ dấu thời gian")},   {"proofs", N_("Đang lấy chứng cứ về chứng thư")},
        {"check", N_("Đang kiểm tra kết quả")},   {"record", N_("Đang ghi nhật ký")},
        {"deliver", N_("Đang giao kết quả")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_words_verdict(const char *code)
{
    static const KysoWord table[] = {
        {"valid", N_("Hợp lệ")},
        {"invalid", N_("Không hợp lệ")},
        {"undetermined", N_("Chưa kết luận được")},
        {"unsigned", N_("Chưa ký")},
    };
    return kyso_words_find(table, G_N_ELEMENTS(table), code);
}

const char *
kyso_words_status(const char *code)
{
    if (g_strcmp0(code, "valid") == 0)
        return T("còn hiệu lực");
    int number = kyso_error_from_name(code);
    if (number == 0)
        return code;
    const KysoErrorInfo *info = kyso_error_info(number);
    return strcmp(language, "en") == 0 ? info->cause_en : info->cause_vi;
}

char *
kyso_words_time(const char *rfc3339)
{
    if (rfc3339 == NULL)
        return NULL;
    g_autoptr(GDateTime) moment = g_date_time_new_from_iso8601(rfc3339, NULL);
    return moment != NULL ? kyso_clock_format(moment) : g_strdup(rfc3339);
}

/* Up to the comma or plus that ends the value; "\," and "\2C" are taken as what they stand for. */
static char *
read_value(const char *text)
{
    GString *value = g_string_new(NULL);

    for (; *text != '\0' && *text != ',' && *text != '+'; text++) {
        if (text[0] == '\\' && g_ascii_isxdigit(text[1]) && g_ascii_isxdigit(text[2])) {
            g_string_append_c(
                value, (char) (g_ascii_xdigit_value(text[1]) * 16 + g_ascii_xdigit_value(text[2])));
            text += 2;
        } else if (text[0] == '\\' && text[1] != '\0') {
            g_string_append_c(value, *++text);
        } else {
            g_string_append_c(value, *text);
        }
    }
    return g_string_free(value, FALSE);
}

char *
kyso_words_attribute(const char *dn, const char *type)
{
    gsize length = strlen(type);

    for (const char *at = dn; at != NULL && *at != '\0';) {
        if (strncmp(at, type, length) == 0 && at[length] == '=')
            return read_value(at + length + 1);
        /* On to the next attribute: behind the next separator that is not escaped. */
        while (*at != '\0' && *at != ',' && *at != '+')
            at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
        if (*at != '\0')
            at++;
    }
    return NULL;
}
