/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-request.h"

#include <string.h>

#include "agent/core/request-file.h"
#include "ipc/base/error.h"

#define MAX_NAME 255
#define MAX_FILL 64

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

static gboolean
read_place(const json_t *value, const char *name, KysoPlace *ret, GError **error)
{
    static const char *const members[] = {"page", "rect", NULL};
    json_t *rect = NULL;
    gint64 page = 0;

    if (!json_is_object(value) || !kyso_json_only_has(value, members, NULL))
        return wrong(error, "a place must be {\"page\", \"rect\"}: ", name);
    if (!kyso_json_get_int(value, "page", KYSO_JSON_REQUIRED, -1000000, 1000000, &page, error) ||
        !kyso_json_get_array(value, "rect", KYSO_JSON_REQUIRED, 4, &rect, error)) {
        g_prefix_error(error, "place of \"%s\": ", name);
        return FALSE;
    }
    if (page == 0 || json_array_size(rect) != 4)
        return wrong(error, "\"page\" counts from 1, \"rect\" has four numbers: ", name);
    for (int i = 0; i < 4; i++) {
        if (!json_is_number(json_array_get(rect, i)))
            return wrong(error, "\"rect\" has four numbers: ", name);
        ret->rect[i] = json_number_value(json_array_get(rect, i));
    }
    ret->page = (int) page;
    return TRUE;
}

static gboolean
read_places(KysoSignRequest *self, const json_t *params, GError **error)
{
    const json_t *place = json_object_get(params, "place");
    json_t *reserve = NULL, *value;
    const char *name;

    if (place != NULL && !read_place(place, "place", &self->place, error))
        return FALSE;
    if (!kyso_json_get_object(params, "reserve", KYSO_JSON_OPTIONAL, &reserve, error))
        return FALSE;
    json_object_foreach(reserve, name, value)
    {
        int i = 0;
        while (i < KYSO_N_BLANKS && strcmp(kyso_blanks[i].param, name) != 0)
            i++;
        if (i == KYSO_N_BLANKS)
            return wrong(error, "\"reserve\" knows no ", name);
        if (!read_place(value, name, &self->reserve[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_fill(KysoSignRequest *self, const json_t *params, GError **error)
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
read_metadata(KysoSignRequest *self, const json_t *params, GError **error)
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

/* The pairing of purpose and format; only what this release can do. */
static gboolean
read_kind(KysoSignRequest *self, const json_t *params, GError **error)
{
    const char *purpose = NULL, *format = NULL, *level = NULL;

    if (!kyso_json_get_string(params, "purpose", KYSO_JSON_REQUIRED, &purpose, error) ||
        !kyso_json_get_string(params, "signature_format", KYSO_JSON_OPTIONAL, &format, error) ||
        !kyso_json_get_string(params, "conformance_level", KYSO_JSON_OPTIONAL, &level, error))
        return FALSE;
    self->purpose = kyso_policy_purpose_from_name(purpose);
    if (self->purpose == KYSO_PURPOSE_UNKNOWN || self->purpose == KYSO_PURPOSE_VERIFY ||
        self->purpose == KYSO_PURPOSE_HASH)
        return wrong(error, "\"purpose\" is not known: ", purpose);
    if (level != NULL && strcmp(level, "AdES-B-B") != 0) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "conformance_level %s", level);
        return FALSE;
    }
    self->is_pdf = self->purpose != KYSO_PURPOSE_FILE;
    if (format != NULL && strcmp(format, self->is_pdf ? "P" : "C") != 0) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "signature_format %s with %s",
                    format, purpose);
        return FALSE;
    }
    return TRUE;
}

static gboolean
is_used(const KysoSignRequest *self, gboolean reserve)
{
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (reserve ? self->reserve[i].page != 0 : self->fill[i] != NULL)
            return TRUE;
    return FALSE;
}

/* A parameter that would be ignored is an error: the caller meant something by it. */
static gboolean
fits_purpose(const KysoSignRequest *self, GError **error)
{
    gboolean has_place = self->place.page != 0, has_image = self->image >= 0;

    if (self->purpose == KYSO_PURPOSE_APPROVE && !has_place)
        return wrong(error, "\"place\" is missing", "");
    if (self->purpose != KYSO_PURPOSE_APPROVE && (is_used(self, TRUE) || self->certify))
        return wrong(error, "\"reserve\" and \"certify\" go with approve only", "");
    if (self->purpose != KYSO_PURPOSE_ISSUE && is_used(self, FALSE))
        return wrong(error, "\"fill\" goes with issue only", "");
    if (!self->is_pdf && (has_place || has_image))
        return wrong(error, "\"place\" and \"image\" go with a PDF only", "");
    return TRUE;
}

static gboolean
read_texts(KysoSignRequest *self, const json_t *params, GError **error)
{
    const char *credential = NULL, *algo = NULL, *name = NULL;

    if (!kyso_json_get_string(params, "credentialID", KYSO_JSON_REQUIRED, &credential, error) ||
        !kyso_json_get_string(params, "signAlgo", KYSO_JSON_OPTIONAL, &algo, error) ||
        !kyso_json_get_string(params, "name", KYSO_JSON_OPTIONAL, &name, error) ||
        !kyso_json_get_boolean(params, "certify", KYSO_JSON_OPTIONAL, &self->certify, error))
        return FALSE;
    if (name != NULL && strlen(name) > MAX_NAME)
        return wrong(error, "\"name\" is longer than 255 bytes", "");
    self->credential_id = g_strdup(credential);
    self->sign_algo = g_strdup(algo);
    self->name = g_strdup(name);
    return TRUE;
}

KysoSignRequest *
kyso_sign_request_read(KysoJob *job, GError **error)
{
    g_autoptr(KysoSignRequest) self = g_new0(KysoSignRequest, 1);
    const json_t *params = kyso_job_params(job);
    g_autofree char *file_name = NULL;

    self->input = self->image = self->output = -1;
    if (!read_kind(self, params, error) || !read_texts(self, params, error) ||
        !read_metadata(self, params, error) || !read_places(self, params, error) ||
        !read_fill(self, params, error))
        return NULL;
    if (!kyso_request_file_open_input(job, "input", KYSO_JSON_REQUIRED, &self->input, &file_name,
                                      error) ||
        !kyso_request_file_open_input(job, "image", KYSO_JSON_OPTIONAL, &self->image, NULL,
                                      error) ||
        !kyso_request_file_read_output(job, "output", &self->output, &self->output_path, error) ||
        !fits_purpose(self, error))
        return NULL;
    if (self->name == NULL)
        self->name = file_name != NULL ? g_utf8_make_valid(file_name, -1) : g_strdup("");
    return g_steal_pointer(&self);
}

void
kyso_sign_request_free(KysoSignRequest *self)
{
    if (self == NULL)
        return;
    g_free(self->credential_id);
    g_free(self->sign_algo);
    g_free(self->name);
    g_free(self->output_path);
    json_decref(self->metadata);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        g_free(self->fill[i]);
    kyso_fd_clear(&self->input);
    kyso_fd_clear(&self->image);
    kyso_fd_clear(&self->output);
    g_free(self);
}
