/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-texts.h"

#include "ipc/base/clock.h"
#include "ipc/base/error.h"

#define MM (72 / 25.4)
#define STAMP_WIDTH (50 * MM) /* annex IV §V */
#define STAMP_HEIGHT (35 * MM)

static const char *
metadata_text(const KysoSignItem *item, const char *name)
{
    const char *text = json_string_value(json_object_get(item->metadata, name));
    return text != NULL && *text != '\0' ? text : NULL;
}

static gboolean
wrong(GError **error, const char *what, const char *value)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "%s: %s", what, value);
    return FALSE;
}

static gboolean
fill_by_metadata(const KysoSignItem *item, char **ret_fill, GError **error)
{
    const char *number = metadata_text(item, "CodeNumber");
    const char *date = metadata_text(item, "IssuedDate");
    int day, month, year;

    if (ret_fill[KYSO_BLANK_NUMBER] == NULL && number != NULL)
        ret_fill[KYSO_BLANK_NUMBER] = kyso_decree_text_number(number);
    if (date == NULL || (ret_fill[KYSO_BLANK_DAY] != NULL && ret_fill[KYSO_BLANK_MONTH] != NULL))
        return TRUE;
    if (!kyso_decree_text_read_date(date, &day, &month, &year))
        return wrong(error, "\"IssuedDate\" is no date", date);
    if (ret_fill[KYSO_BLANK_DAY] == NULL)
        ret_fill[KYSO_BLANK_DAY] = kyso_decree_text_day(day);
    if (ret_fill[KYSO_BLANK_MONTH] == NULL)
        ret_fill[KYSO_BLANK_MONTH] = kyso_decree_text_month(month);
    return TRUE;
}

gboolean
kyso_sign_texts_fill(const KysoSignItem *item, char **ret_fill, GError **error)
{
    const char *const *given = (const char *const *) item->fill;

    if (given[KYSO_BLANK_NUMBER] != NULL)
        ret_fill[KYSO_BLANK_NUMBER] = kyso_decree_text_number(given[KYSO_BLANK_NUMBER]);
    if (given[KYSO_BLANK_DAY] != NULL) {
        ret_fill[KYSO_BLANK_DAY] = kyso_decree_text_given_day(given[KYSO_BLANK_DAY]);
        if (ret_fill[KYSO_BLANK_DAY] == NULL)
            return wrong(error, "\"fill\": no day", given[KYSO_BLANK_DAY]);
    }
    if (given[KYSO_BLANK_MONTH] != NULL) {
        ret_fill[KYSO_BLANK_MONTH] = kyso_decree_text_given_month(given[KYSO_BLANK_MONTH]);
        if (ret_fill[KYSO_BLANK_MONTH] == NULL)
            return wrong(error, "\"fill\": no month", given[KYSO_BLANK_MONTH]);
    }
    return fill_by_metadata(item, ret_fill, error);
}

/* What the agency calls itself: by metadata, else by its certificate. */
static const char *
organ_name(const KysoSigningDocument *self)
{
    const char *organ = metadata_text(self->item, "OrganName");

    if (self->signing->request->purpose == KYSO_PURPOSE_COPY || organ == NULL)
        return kyso_certificate_get_common_name(self->signing->certificate);
    return organ;
}

char *
kyso_sign_texts_line(const KysoSigningDocument *self, GError **error)
{
    const KysoConfiguration *configuration = self->signing->agent->configuration;
    const KysoSignItem *item = self->item;
    const char *number = metadata_text(item, "CodeNumber");
    g_autofree char *code =
        number == NULL ? NULL : kyso_decree_text_code(number, metadata_text(item, "CodeNotation"));
    const KysoDecreeWords words = {code, organ_name(self), item->copy_kind,
                                   self->signing->signing_time};

    const char *template = self->signing->request->purpose == KYSO_PURPOSE_COPY
                               ? configuration->copy_template
                               : configuration->appendix_template;
    if (template == NULL)
        template = self->signing->request->purpose == KYSO_PURPOSE_COPY ? KYSO_DECREE_COPY
                                                                        : KYSO_DECREE_APPENDIX;
    return kyso_decree_text_fill(template, &words, error);
}

/* "Số 07, ngày 05, tháng 02" */
static char *
note_of_fills(const KysoSigningDocument *self)
{
    static const char *const words[KYSO_BLANK_SEAL] = {"Số", "ngày", "tháng"};
    g_autoptr(GString) note = g_string_new(NULL);

    for (int i = 0; i < KYSO_BLANK_SEAL; i++)
        if (self->fill[i] != NULL)
            g_string_append_printf(note, "%s%s %s", note->len > 0 ? ", " : "", words[i],
                                   self->fill[i]);
    return note->len > 0 ? g_strdup(note->str) : NULL;
}

char *
kyso_sign_texts_note(const KysoSigningDocument *self)
{
    const char *arrival = metadata_text(self->item, "ArrivalNumber");

    switch (self->signing->request->purpose) {
    case KYSO_PURPOSE_APPENDIX:
    case KYSO_PURPOSE_COPY:
        return kyso_sign_texts_line(self, NULL);
    case KYSO_PURPOSE_COMMENT:
        return g_strdup(self->item->text);
    case KYSO_PURPOSE_ISSUE:
        return note_of_fills(self);
    case KYSO_PURPOSE_RECEIVE:
        return arrival != NULL ? g_strdup_printf("Đến: số %s", arrival) : NULL;
    default:
        return NULL;
    }
}

static void
add_stamp_text(json_t *parts, double bottom, double top, const char *text, int size,
               const char *align)
{
    const double side = 6;

    json_array_append_new(parts, json_pack("{s:[f, f, f, f], s:{s:s, s:i, s:s}}", "rect", side,
                                           bottom * MM, STAMP_WIDTH - side, top * MM, "text",
                                           "value", text, "size", size, "align", align));
}

json_t *
kyso_sign_texts_stamp(const KysoSigningDocument *self)
{
    const KysoSignItem *item = self->item;
    const char *number = metadata_text(item, "ArrivalNumber");
    const char *date = metadata_text(item, "ArrivalDate");
    const char *to = metadata_text(item, "ToPlaces"), *file = metadata_text(item, "FileNotation");
    g_autofree char *organ =
        g_utf8_strup(kyso_certificate_get_common_name(self->signing->certificate), -1);
    g_autofree char *today = kyso_clock_to_date(self->signing->signing_time);
    char *lines[] = {
        g_strdup_printf("Số: %s", number != NULL ? number : ""),
        g_strdup_printf("Ngày: %s", date != NULL ? date : today),
        g_strdup_printf("Chuyển: %s", to != NULL ? to : ""),
        g_strdup_printf("Số và ký hiệu HS: %s", file != NULL ? file : ""),
    };
    json_t *parts = json_pack("[{s:[f, f, f, f], s:b}]", "rect", 0.0, 0.0, STAMP_WIDTH,
                              STAMP_HEIGHT, "frame", 1);

    add_stamp_text(parts, 27, 34, organ, 9, "center");
    add_stamp_text(parts, 22, 27, "ĐẾN", 12, "center");
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        add_stamp_text(parts, 16.5 - 5 * i, 21.5 - 5 * i, lines[i], 10, "left");
        g_free(lines[i]);
    }
    return parts;
}
