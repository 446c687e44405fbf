/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/sign-options.h"

#include <stdio.h>
#include <string.h>

#include "ipc/cli/place.h"

#define MAX_TIMEOUT 3600 /* seconds, ipc/PROTOCOL.md §1 */
#define MAX_TEXT 2048    /* bytes, as seal_mm and all else: signatures.signDoc */
#define MIN_SEAL_MM 10.0
#define MAX_SEAL_MM 80.0

void
kyso_sign_options_clear(KysoSignOptions *self)
{
    char **texts[] = {
        &self->purpose,    &self->credential,  &self->place,        &self->image,
        &self->name,       &self->number,      &self->day,          &self->month,
        &self->output_dir, &self->list,        &self->level,        &self->format,
        &self->seal_mm,    &self->text,        &self->copy_kind,    &self->number_place,
        &self->day_place,  &self->month_place, &self->password_file};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
    g_clear_pointer(&self->reserve, g_strfreev);
    g_clear_pointer(&self->metadata, g_strfreev);
}

/* Texts are read as file names are: as they stand, whatever the locale's charset. libkyso refuses
 * what is not UTF-8. */
gboolean
kyso_sign_options_parse(KysoSignOptions *self, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"purpose", 0, 0, G_OPTION_ARG_STRING, &self->purpose, NULL, NULL},
        {"credential", 0, 0, G_OPTION_ARG_STRING, &self->credential, NULL, NULL},
        {"place", 0, 0, G_OPTION_ARG_FILENAME, &self->place, NULL, NULL},
        {"image", 0, 0, G_OPTION_ARG_FILENAME, &self->image, NULL, NULL},
        {"reserve", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->reserve, NULL, NULL},
        {"number", 0, 0, G_OPTION_ARG_FILENAME, &self->number, NULL, NULL},
        {"day", 0, 0, G_OPTION_ARG_FILENAME, &self->day, NULL, NULL},
        {"month", 0, 0, G_OPTION_ARG_FILENAME, &self->month, NULL, NULL},
        {"number-place", 0, 0, G_OPTION_ARG_FILENAME, &self->number_place, NULL, NULL},
        {"day-place", 0, 0, G_OPTION_ARG_FILENAME, &self->day_place, NULL, NULL},
        {"month-place", 0, 0, G_OPTION_ARG_FILENAME, &self->month_place, NULL, NULL},
        {"seal-mm", 0, 0, G_OPTION_ARG_STRING, &self->seal_mm, NULL, NULL},
        {"text", 0, 0, G_OPTION_ARG_FILENAME, &self->text, NULL, NULL},
        {"copy-kind", 0, 0, G_OPTION_ARG_STRING, &self->copy_kind, NULL, NULL},
        {"certify", 0, 0, G_OPTION_ARG_NONE, &self->certify, NULL, NULL},
        {"several", 0, 0, G_OPTION_ARG_NONE, &self->several, NULL, NULL},
        {"repair", 0, 0, G_OPTION_ARG_NONE, &self->repair, NULL, NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file, NULL, NULL},
        {"timestamp-later", 0, 0, G_OPTION_ARG_NONE, &self->timestamp_later, NULL, NULL},
        {"name", 0, 0, G_OPTION_ARG_FILENAME, &self->name, NULL, NULL},
        {"metadata", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->metadata, NULL, NULL},
        {"output-dir", 0, 0, G_OPTION_ARG_FILENAME, &self->output_dir, NULL, NULL},
        {"list", 0, 0, G_OPTION_ARG_FILENAME, &self->list, NULL, NULL},
        {"level", 0, 0, G_OPTION_ARG_STRING, &self->level, NULL, NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &self->format, NULL, NULL},
        {"attached", 0, 0, G_OPTION_ARG_NONE, &self->attached, NULL, NULL},
        {"detached", 0, 0, G_OPTION_ARG_NONE, &self->detached, NULL, NULL},
        {"no-wait", 0, 0, G_OPTION_ARG_NONE, &self->no_wait, NULL, NULL},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &self->timeout, NULL, NULL},
        {NULL},
    };
    return kyso_cli_parse(argc, argv, entries, -1);
}

gboolean
kyso_sign_options_is_list(const KysoSignOptions *self)
{
    return self->output_dir != NULL || self->list != NULL;
}

static const char *const purposes[] = {"approve", "initial", "issue",   "appendix",
                                       "copy",    "receive", "comment", "file",
                                       "message", "json",    "xml",     NULL};
static const char *const levels[] = {"B-B", "B-T", "B-LT", "B-LTA", NULL};
static const char *const formats[] = {"P", "C", "J", "X", NULL};

/* The options as they are typed, and the values of the protocol. */
static const char *const copy_kinds[][2] = {{"sao-y", "sao_y"},
                                            {"sao-luc", "sao_luc"},
                                            {"trich-sao", "trich_sao"}};

static const char *
check_documents(const KysoSignOptions *self, char **files)
{
    guint n = g_strv_length(files);
    gboolean has_own =
        self->name != NULL || self->number != NULL || self->day != NULL || self->month != NULL;

    if (!kyso_sign_options_is_list(self) ? n != 2 : (self->list != NULL) == (n > 0))
        return T("Số tham số không đúng.");
    if (kyso_sign_options_is_list(self) && has_own)
        return T(
            "--name, --number, --day, --month và vị trí của chúng chỉ dùng khi ký một tài liệu; "
            "của nhiều tài liệu thì ghi trong tệp --list.");
    return NULL;
}

static const char *
read_places(const KysoSignOptions *self, KysoSignRequest *ret)
{
    const struct {
        const char *text;
        KysoPlace *place;
    } places[] = {
        {self->place, &ret->place},
        {self->number_place, &ret->fill_number_place},
        {self->day_place, &ret->fill_day_place},
        {self->month_place, &ret->fill_month_place},
    };

    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i].text != NULL && !kyso_place_parse(places[i].text, places[i].place))
            return T("--place có dạng TRANG:x0,y0,x1,y1, anchor:CHỮ, template:TÊN hoặc auto; "
                     "--number-place, --day-place, --month-place cũng vậy.");
    return NULL;
}

static const char *
read_reserved(const KysoSignOptions *self, KysoSignRequest *ret)
{
    const KysoPlace *reserved[] = {&ret->reserve_number, &ret->reserve_day, &ret->reserve_month,
                                   &ret->reserve_seal};

    for (char **text = self->reserve; text != NULL && *text != NULL; text++)
        if (!kyso_place_parse_reserve(*text, ret))
            return T("--reserve có dạng all hoặc number=TRANG:x0,y0,x1,y1 (hoặc day=, month=, "
                     "seal=).");
    for (guint i = 0; ret->reserve_all && i < G_N_ELEMENTS(reserved); i++)
        if (kyso_place_is_set(reserved[i]))
            return T("--reserve all không đi với --reserve khác.");
    return NULL;
}

/* Standard input up to its end, without the newline there. */
static const char *
read_standard_input(char **ret)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char part[1024];
    gsize n;

    while (text->len <= MAX_TEXT && (n = fread(part, 1, sizeof part, stdin)) > 0)
        g_string_append_len(text, part, (gssize) n);
    while (text->len > 0 && g_ascii_isspace(text->str[text->len - 1]))
        g_string_truncate(text, text->len - 1);
    if (text->len == 0 || text->len > MAX_TEXT || strlen(text->str) != text->len)
        return T("--text có từ 1 đến 2048 byte.");
    g_free(*ret);
    *ret = g_strdup(text->str);
    return NULL;
}

static const char *
read_looks(KysoSignOptions *self, KysoSignRequest *ret)
{
    char *rest = NULL;

    if (self->seal_mm != NULL) {
        ret->seal_mm = g_ascii_strtod(self->seal_mm, &rest);
        if (*rest != '\0' || !(ret->seal_mm >= MIN_SEAL_MM && ret->seal_mm <= MAX_SEAL_MM))
            return T("--seal-mm là số milimét từ 10 đến 80.");
    }
    for (guint i = 0; self->copy_kind != NULL && i < G_N_ELEMENTS(copy_kinds); i++)
        if (strcmp(self->copy_kind, copy_kinds[i][0]) == 0)
            ret->copy_kind = copy_kinds[i][1];
    if (self->copy_kind != NULL && ret->copy_kind == NULL)
        return T("--copy-kind là sao-y, sao-luc hoặc trich-sao.");
    if (g_strcmp0(self->text, "-") == 0) {
        const char *wrong = read_standard_input(&self->text);
        if (wrong != NULL)
            return wrong;
    }
    ret->text = self->text;
    return NULL;
}

static const char *
read_kind(const KysoSignOptions *self, KysoSignRequest *ret)
{
    if (self->purpose == NULL || !g_strv_contains(purposes, self->purpose))
        return T("--purpose là approve, initial, issue, appendix, copy, receive, comment, file, "
                 "message, json hoặc xml.");
    if (self->timeout < 0 || self->timeout > MAX_TIMEOUT)
        return T("--timeout là số giây từ 1 đến 3600.");
    if (self->level != NULL && !g_strv_contains(levels, self->level))
        return T("--level là B-B, B-T, B-LT hoặc B-LTA.");
    if (self->format != NULL && !g_strv_contains(formats, self->format))
        return T("--format là P, C, J hoặc X.");
    if (self->attached && self->detached)
        return T("--attached và --detached không đi với nhau.");
    ret->purpose = self->purpose;
    ret->format = self->format;
    ret->envelope = self->attached ? "Attached" : self->detached ? "Detached" : NULL;
    ret->level = self->level;
    ret->timeout_ms = self->timeout * 1000;
    return NULL;
}

const char *
kyso_sign_options_read(KysoSignOptions *self, char **files, KysoSignRequest *ret)
{
    const char *wrong = check_documents(self, files);

    if (wrong == NULL)
        wrong = read_kind(self, ret);
    if (wrong == NULL)
        wrong = read_places(self, ret);
    if (wrong == NULL)
        wrong = read_reserved(self, ret);
    if (wrong == NULL)
        wrong = read_looks(self, ret);
    if (wrong != NULL)
        return wrong;
    if (!kyso_sign_options_is_list(self)) {
        ret->input.path = files[0];
        ret->output.path = files[1];
        ret->metadata = (const char *const *) self->metadata;
    }
    ret->name = self->name;
    ret->image.path = self->image;
    ret->certify = self->certify;
    ret->several = self->several;
    ret->repair = self->repair;
    ret->timestamp_later = self->timestamp_later;
    ret->fill_number = self->number;
    ret->fill_day = self->day;
    ret->fill_month = self->month;
    ret->no_wait = self->no_wait;
    return NULL;
}
