/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-item.h"

#include <string.h>

#include "agent/core/request-file.h"
#include "agent/core/request-password.h"
#include "ipc/base/error.h"

#define MAX_NAME 255
#define MAX_FILL 64
#define MAX_TEXT 2048
#define MIN_SEAL_MM 10
#define MAX_SEAL_MM 80

/* Names that a stranger's PDF reader shows as well: those of Decree 30/2020, Appendix VI. */
const KysoBlankInfo kyso_blanks[KYSO_N_BLANKS] = {
    {"number", "CodeNumber", "Số văn bản"},
    {"day", "IssuedDay", "Ngày ban hành"},
    {"month", "IssuedMonth", "Tháng ban hành"},
    {"seal", "AgencySeal", "Chữ ký số của cơ quan"},
};

static gboolean
wrong(GError **error, const char *format, const char *what)
{
    g_autofree char *message = g_strconcat(format, what, NULL);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, message);
    return FALSE;
}

/* true: all of them, where the document has room for them. */
static gboolean
read_reserve(KysoSignItem *self, const json_t *params, GError **error)
{
    json_t *reserve = NULL, *value;
    const char *name;

    if (json_is_true(json_object_get(params, "reserve"))) {
        for (int i = 0; i < KYSO_N_BLANKS; i++)
            self->reserve[i].kind = KYSO_PLACE_IF_FOUND;
        return TRUE;
    }
    if (!kyso_json_get_object(params, "reserve", KYSO_JSON_OPTIONAL, &reserve, error))
        return FALSE;
    json_object_foreach(reserve, name, value)
    {
        int i = 0;
        while (i < KYSO_N_BLANKS && strcmp(kyso_blanks[i].param, name) != 0)
            i++;
        if (i == KYSO_N_BLANKS)
            return wrong(error, "\"reserve\" knows no ", name);
        if (!kyso_sign_place_read(value, name, &self->reserve[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_places(KysoSignItem *self, const json_t *params, GError **error)
{
    const json_t *place = json_object_get(params, "place");

    return (place == NULL || kyso_sign_place_read(place, "place", &self->place, error)) &&
           read_reserve(self, params, error);
}

static gboolean
read_looks(KysoSignItem *self, const json_t *params, GError **error)
{
    const char *text = NULL, *copy = NULL;

    if (!kyso_json_get_string(params, "text", KYSO_JSON_OPTIONAL, &text, error) ||
        !kyso_json_get_string(params, "copy_kind", KYSO_JSON_OPTIONAL, &copy, error) ||
        !kyso_json_get_number(params, "seal_mm", KYSO_JSON_OPTIONAL, &self->seal_mm, error))
        return FALSE;
    if (text != NULL && (*text == '\0' || strlen(text) > MAX_TEXT))
        return wrong(error, "\"text\" takes 1 to 2048 bytes", "");
    if (json_object_get(params, "seal_mm") != NULL &&
        !(self->seal_mm >= MIN_SEAL_MM && self->seal_mm <= MAX_SEAL_MM))
        return wrong(error, "\"seal_mm\" is from 10 to 80", "");
    self->copy_kind = kyso_decree_text_copy_kind(copy);
    if (copy != NULL && self->copy_kind == KYSO_COPY_NONE)
        return wrong(error, "\"copy_kind\" is sao_y, sao_luc or trich_sao, not ", copy);
    self->text = g_strdup(text);
    return TRUE;
}

static gboolean
read_fill(KysoSignItem *self, const json_t *params, GError **error)
{
    static const char *const members[] = {"number", "day", "month", NULL};
    json_t *fill = NULL;

    if (!kyso_json_get_object(params, "fill", KYSO_JSON_OPTIONAL, &fill, error) ||
        (fill != NULL && !kyso_json_only_has(fill, members, error)))
        return FALSE;
    for (int i = 0; fill != NULL && i < KYSO_BLANK_SEAL; i++) {
        const char *text = NULL;
        if (!kyso_json_get_string(fill, kyso_blanks[i].param, KYSO_JSON_OPTIONAL, &text, error)) {
            g_prefix_error(error, "\"fill\": ");
            return FALSE;
        }
        if (text != NULL && (*text == '\0' || strlen(text) > MAX_FILL))
            return wrong(error, "\"fill\" takes 1 to 64 bytes: ", kyso_blanks[i].param);
        self->fill[i] = g_strdup(text);
    }
    return TRUE;
}

static gboolean
read_metadata(KysoSignItem *self, const json_t *params, GError **error)
{
    const char *secrecy = NULL;
    json_t *metadata = NULL;

    if (!kyso_json_get_object(params, "metadata", KYSO_JSON_OPTIONAL, &metadata, error))
        return FALSE;
    self->metadata = metadata != NULL ? json_incref(metadata) : json_object();
    if (!kyso_json_get_string(self->metadata, "Secrecy", KYSO_JSON_OPTIONAL, &secrecy, error))
        return FALSE;
    if (!kyso_policy_secrecy_from_text(secrecy, &self->secrecy))
        return wrong(error, "\"Secrecy\" must be mat, toi_mat or tuyet_mat, not ", secrecy);
    return TRUE;
}

static gboolean
read_name(KysoSignItem *self, const json_t *params, GError **error)
{
    const char *name = NULL;

    if (!kyso_json_get_string(params, "name", KYSO_JSON_OPTIONAL, &name, error))
        return FALSE;
    if (name != NULL && strlen(name) > MAX_NAME)
        return wrong(error, "\"name\" is longer than 255 bytes", "");
    self->name = g_strdup(name);
    return TRUE;
}

static void
forget_files(KysoSignItem *self)
{
    self->input = self->image = self->own_image = self->output = -1;
    self->password = self->own_password = -1;
}

static gboolean
open_files(KysoSignItem *self, KysoJob *job, const json_t *params, GError **error)
{
    g_autofree char *file_name = NULL;

    if (!kyso_request_file_open_input(job, params, "input", KYSO_JSON_REQUIRED, &self->input,
                                      &file_name, error) ||
        !kyso_request_file_open_input(job, params, "image", KYSO_JSON_OPTIONAL, &self->own_image,
                                      NULL, error) ||
        !kyso_request_password_take(job, params, &self->own_password, error) ||
        !kyso_request_file_read_output(job, params, "output", &self->output, &self->output_path,
                                       error))
        return FALSE;
    self->image = self->own_image;
    self->password = self->own_password;
    if (self->name == NULL)
        self->name = file_name != NULL ? g_utf8_make_valid(file_name, -1) : g_strdup("");
    return TRUE;
}

static gboolean
is_used(const KysoSignItem *self, gboolean reserve)
{
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (reserve ? self->reserve[i].kind != KYSO_PLACE_NONE : self->fill[i] != NULL)
            return TRUE;
    return FALSE;
}

gboolean
kyso_sign_item_reserves(const KysoSignItem *self)
{
    return is_used(self, TRUE);
}

/* What a batch says once holds for each document that does not say it for itself. */
static void
take_defaults(KysoSignItem *self, const KysoSignItem *defaults)
{
    gboolean has_reserve = is_used(self, TRUE);

    if (self->place.kind == KYSO_PLACE_NONE)
        kyso_sign_place_copy(&self->place, &defaults->place);
    for (int i = 0; i < KYSO_N_BLANKS && !has_reserve; i++)
        kyso_sign_place_copy(&self->reserve[i], &defaults->reserve[i]);
    if (self->image < 0)
        self->image = defaults->image;
    if (self->password < 0)
        self->password = defaults->password;
    if (self->text == NULL)
        self->text = g_strdup(defaults->text);
    if (self->copy_kind == KYSO_COPY_NONE)
        self->copy_kind = defaults->copy_kind;
    if (self->seal_mm == 0)
        self->seal_mm = defaults->seal_mm;
}

KysoSignItem *
kyso_sign_item_read(KysoJob *job, const json_t *params, const KysoSignItem *defaults,
                    GError **error)
{
    g_autoptr(KysoSignItem) self = g_new0(KysoSignItem, 1);

    forget_files(self);
    if (!read_name(self, params, error) || !read_metadata(self, params, error) ||
        !read_places(self, params, error) || !read_fill(self, params, error) ||
        !read_looks(self, params, error) || !open_files(self, job, params, error))
        return NULL;
    if (defaults != NULL)
        take_defaults(self, defaults);
    return g_steal_pointer(&self);
}

KysoSignItem *
kyso_sign_item_read_defaults(KysoJob *job, GError **error)
{
    g_autoptr(KysoSignItem) self = g_new0(KysoSignItem, 1);
    const json_t *params = kyso_job_params(job);

    forget_files(self);
    if (!read_places(self, params, error) || !read_looks(self, params, error) ||
        !kyso_request_file_open_input(job, params, "image", KYSO_JSON_OPTIONAL, &self->own_image,
                                      NULL, error) ||
        !kyso_request_password_take(job, params, &self->own_password, error))
        return NULL;
    self->image = self->own_image;
    self->password = self->own_password;
    return g_steal_pointer(&self);
}

gboolean
kyso_sign_item_fits(const KysoSignItem *self, KysoPurpose purpose, GError **error)
{
    gboolean has_place = self->place.kind != KYSO_PLACE_NONE, has_image = self->image >= 0;
    gboolean shows_image = purpose == KYSO_PURPOSE_APPROVE || purpose == KYSO_PURPOSE_INITIAL ||
                           purpose == KYSO_PURPOSE_ISSUE;

    if (purpose != KYSO_PURPOSE_APPROVE && is_used(self, TRUE))
        return wrong(error, "\"reserve\" and \"certify\" go with approve only", "");
    if (purpose != KYSO_PURPOSE_ISSUE && is_used(self, FALSE))
        return wrong(error, "\"fill\" goes with issue only", "");
    if ((purpose == KYSO_PURPOSE_FILE || purpose == KYSO_PURPOSE_MESSAGE ||
         purpose == KYSO_PURPOSE_JSON || purpose == KYSO_PURPOSE_XML) &&
        (has_place || has_image || self->password >= 0))
        return wrong(error, "\"place\", \"image\" and \"password\" go with a PDF only", "");
    if (has_image && !shows_image)
        return wrong(error, "\"image\" goes with approve, initial and issue only", "");
    if ((purpose == KYSO_PURPOSE_COMMENT) != (self->text != NULL))
        return wrong(error, "\"text\" goes with comment, which needs it", "");
    if ((purpose == KYSO_PURPOSE_COPY) != (self->copy_kind != KYSO_COPY_NONE))
        return wrong(error, "\"copy_kind\" goes with copy, which needs it", "");
    if (purpose != KYSO_PURPOSE_APPROVE && purpose != KYSO_PURPOSE_ISSUE && self->seal_mm != 0)
        return wrong(error, "\"seal_mm\" goes with approve and issue only", "");
    return TRUE;
}

void
kyso_sign_item_free(KysoSignItem *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->output_path);
    g_free(self->text);
    kyso_sign_place_clear(&self->place);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        kyso_sign_place_clear(&self->reserve[i]);
    json_decref(self->metadata);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        g_free(self->fill[i]);
    kyso_fd_clear(&self->input);
    kyso_fd_clear(&self->own_image);
    kyso_fd_clear(&self->own_password);
    kyso_fd_clear(&self->output);
    g_free(self);
}
