/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/sign-places.h"

#include <string.h>

#define SURE 0.5 /* confidence; ipc/PROTOCOL.md, signatures.signDoc */
#define POINTS_PER_MM (72 / 25.4)

static const KysoWord kinds[] = {
    {"signature", N_("chữ ký")},
    {"initial", N_("ký nháy")},
    {"number", N_("số")},
    {"day", N_("ngày")},
    {"month", N_("tháng")},
    {"seal", N_("dấu")},
    {"reference", N_("dòng số, thời gian")},
    {"stamp", N_("dấu đến")},
    {"comment", N_("bút phê")},
};

static const KysoWord sources[] = {
    {"explicit", N_("theo yêu cầu")},       {"template", N_("theo mẫu")},
    {"reserved", N_("ô đã dành sẵn")},      {"signature", N_("trên chữ ký của lãnh đạo")},
    {"anchor", N_("theo chữ được chỉ ra")}, {"text", N_("theo chữ trong văn bản")},
    {"cell", N_("theo ô quy định")},
};

static gboolean
is_there(const KysoResult *result, const char *path, const char *kind)
{
    return kyso_client_result_number(result, 0, "%s.%s.page", path, kind) != 0;
}

static gboolean
is_doubtful(const KysoResult *result, const char *path, const char *kind)
{
    const char *source = kyso_client_result_text(result, "%s.%s.source", path, kind);
    double confidence = kyso_client_result_real(result, 0, "%s.%s.confidence", path, kind);

    return is_there(result, path, kind) && (g_strcmp0(source, "cell") == 0 || confidence < SURE);
}

static void
print_one(const KysoResult *result, const char *path, const KysoWord *kind)
{
    int page = (int) kyso_client_result_number(result, 0, "%s.%s.page", path, kind->code);
    double left = kyso_client_result_real(result, 0, "%s.%s.rect.0", path, kind->code);
    double bottom = kyso_client_result_real(result, 0, "%s.%s.rect.1", path, kind->code);
    const char *source = kyso_client_result_text(result, "%s.%s.source", path, kind->code);
    g_autofree char *where = g_strdup_printf(
        T("%s: trang %d, cách mép trái %.0f mm, mép dưới %.0f mm (%s)"),
        kyso_words_get(kind->words), page, left / POINTS_PER_MM, bottom / POINTS_PER_MM,
        kyso_words_find(sources, G_N_ELEMENTS(sources), source));

    kyso_cli_print_field(T("Vị trí"), where);
}

void
kyso_sign_places_print(const KysoResult *result)
{
    g_autoptr(GString) doubtful = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!is_there(result, "places", kinds[i].code))
            continue;
        print_one(result, "places", &kinds[i]);
        if (is_doubtful(result, "places", kinds[i].code))
            g_string_append_printf(doubtful, "%s%s", doubtful->len > 0 ? ", " : "",
                                   kyso_words_get(kinds[i].words));
    }
    if (doubtful->len > 0)
        kyso_cli_print(T("Không chắc đúng chỗ (%s): hãy xem lại vị trí trước khi gửi đi."),
                       doubtful->str);
}

char *
kyso_sign_places_sum_up(const KysoResult *result, const char *path, gboolean *ret_is_doubtful)
{
    g_autofree char *places = g_strconcat(path, ".places", NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    *ret_is_doubtful = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const char *kind = kinds[i].code;
        if (!is_there(result, places, kind))
            continue;
        g_string_append(text, text->len == 0 ? " (" : "; ");
        g_string_append_printf(
            text, T("%s: trang %d"), kyso_words_get(kinds[i].words),
            (int) kyso_client_result_number(result, 0, "%s.%s.page", places, kind));
        if (is_doubtful(result, places, kind)) {
            g_string_append_printf(text, ", %s", T("hãy xem lại vị trí"));
            *ret_is_doubtful = TRUE;
        }
    }
    if (text->len > 0)
        g_string_append_c(text, ')');
    return g_strdup(text->str);
}

void
kyso_sign_places_print_warnings(const KysoResult *result, const char *path)
{
    g_autofree char *list = g_strconcat(path, "warnings", NULL);
    guint n = kyso_client_result_count(result, "%s", list);

    for (guint i = 0; i < n; i++)
        kyso_cli_print(T("Lưu ý: %s"),
                       kyso_client_result_text(result, "%s.%u.%s", list, i, kyso_words_language()));
}
