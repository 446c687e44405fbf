/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/role-hint.h"

#include <string.h>

/* How the names of agencies begin (Decree 30/2020, and the subjects that GCC issues). */
static const char *const agency_words[] = {
    "ủy ban",    "uỷ ban",    "ubnd",     "hội đồng",  "hđnd",      "bộ",        "sở",
    "ban",       "cục",       "chi cục",  "tổng cục",  "vụ",        "văn phòng", "phòng",
    "trung tâm", "trường",    "viện",     "công an",   "tòa án",    "toà án",    "thanh tra",
    "đảng ủy",   "đảng uỷ",   "tỉnh ủy",  "tỉnh uỷ",   "huyện ủy",  "huyện uỷ",  "thành ủy",
    "thành uỷ",  "bệnh viện", "kho bạc",  "chi nhánh", "cơ quan",   "bảo hiểm",  "hạt kiểm lâm",
    "đài",       "bảo tàng",  "thư viện", "mặt trận",  "liên đoàn", "con dấu",   "bưu điện",
};

static char *
fold(const char *text)
{
    g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);

    return composed != NULL ? g_utf8_strdown(composed, -1) : g_strdup("");
}

static gboolean
begins_as_agency(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(agency_words); i++) {
        gsize length = strlen(agency_words[i]);
        if (strncmp(name, agency_words[i], length) == 0 &&
            (name[length] == ' ' || name[length] == '\0'))
            return TRUE;
    }
    return FALSE;
}

/* A certificate that is called as the organisation it belongs to is that organisation's. */
static gboolean
is_named_as_organisation(const KysoCertificate *certificate, const char *name)
{
    g_autofree char *organisation = fold(kyso_certificate_get_organization(certificate));
    const char *const *units = kyso_certificate_get_organizational_units(certificate);

    if (strcmp(name, organisation) == 0)
        return TRUE;
    for (guint i = 0; units[i] != NULL; i++) {
        g_autofree char *unit = fold(units[i]);
        if (strcmp(name, unit) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Two to six words of letters alone: "Nguyễn Văn Thử". */
static gboolean
looks_like_person(const char *name)
{
    g_auto(GStrv) words = g_strsplit(name, " ", -1);
    guint n = g_strv_length(words);

    if (n < 2 || n > 6)
        return FALSE;
    for (const char *p = name; *p != '\0'; p = g_utf8_next_char(p))
        if (*p != ' ' && !g_unichar_isalpha(g_utf8_get_char(p)))
            return FALSE;
    return TRUE;
}

const char *
kyso_role_hint_get(const KysoCertificate *certificate)
{
    g_autofree char *name = fold(kyso_certificate_get_common_name(certificate));
    const char *subject = kyso_certificate_get_subject(certificate);

    if (strstr(subject, ",title=") != NULL || g_str_has_prefix(subject, "title="))
        return "personal";
    if (begins_as_agency(name) || is_named_as_organisation(certificate, name))
        return "agency";
    return looks_like_person(name) ? "personal" : NULL;
}
