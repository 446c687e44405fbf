/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-request.h"

#include "ipc/base/error.h"

#include <math.h>
#include <string.h>

#define DEFAULT_CONTENTS 16384
#define DEFAULT_TEXT_SIZE 9.0
#define MIN_SEAL_MM 10.0
#define MAX_SEAL_MM 80.0
#define DEFAULT_FILL_SIZE 13.0 /* number and date: Decree 30/2020, annex I */

static gboolean
wrong(GError **error, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, what);
    return FALSE;
}

/* Order and place are judged against the page, later. */
static gboolean
read_rect(const json_t *object, KysoJsonNeed need, gboolean *ret_has, KysoPdfRect *ret,
          GError **error)
{
    json_t *array = NULL;
    double v[4];

    if (!kyso_json_get_array(object, "rect", need, G_N_ELEMENTS(v), &array, error))
        return FALSE;
    *ret_has = array != NULL;
    if (array == NULL)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(v); i++) {
        json_t *item = json_array_get(array, i);
        if (!json_is_number(item))
            return wrong(error, "rect: needs four numbers");
        v[i] = json_number_value(item);
    }
    *ret = (KysoPdfRect){v[0], v[1], v[2], v[3]};
    return TRUE;
}

static gboolean
read_fit(const json_t *object, KysoPdfFit *ret, GError **error)
{
    static const char *const names[] = {"none", "image", "seal"}; /* as KysoPdfFit */
    const char *name = NULL;

    if (!kyso_json_get_string(object, "fit", KYSO_JSON_OPTIONAL, &name, error))
        return FALSE;
    for (guint i = 0; name != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (KysoPdfFit) i;
            return TRUE;
        }
    }
    return name == NULL || wrong(error, "fit: none, image or seal");
}

static gboolean
read_new_field(const json_t *object, gboolean is_signature, KysoPdfNewField *ret, GError **error)
{
    ret->is_signature = is_signature;
    ret->page = 1;
    return read_fit(object, &ret->fit, error) &&
           kyso_json_get_boolean(object, "shown", KYSO_JSON_OPTIONAL, &ret->is_shown_rect, error) &&
           kyso_json_get_string(object, "name", KYSO_JSON_REQUIRED, &ret->name, error) &&
           kyso_json_get_string(object, "tooltip", KYSO_JSON_OPTIONAL, &ret->tooltip, error) &&
           kyso_json_get_int(object, "page", KYSO_JSON_OPTIONAL, G_MININT32, G_MAXINT32, &ret->page,
                             error);
}

static gboolean
read_signature_field(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    static const char *const existing_members[] = {"existing", NULL};
    static const char *const new_members[] = {"name",  "page", "rect", "tooltip",
                                              "shown", "fit",  NULL};
    KysoPdfSignatureField *signature = &self->pdf.signature;
    json_t *field = NULL;

    if (!kyso_json_get_object(params, "field", KYSO_JSON_REQUIRED, &field, error) ||
        !kyso_json_get_string(field, "existing", KYSO_JSON_OPTIONAL, &signature->existing, error))
        return FALSE;
    if (signature->existing != NULL)
        return kyso_json_only_has(field, existing_members, error);
    return kyso_json_only_has(field, new_members, error) &&
           read_new_field(field, TRUE, &signature->field, error) &&
           read_rect(field, KYSO_JSON_OPTIONAL, &signature->field.has_rect, &signature->field.rect,
                     error);
}

static gboolean
read_align(const json_t *object, KysoAlign *ret, GError **error)
{
    static const char *const names[] = {"left", "center", "right"};
    const char *name = NULL;

    if (!kyso_json_get_string(object, "align", KYSO_JSON_OPTIONAL, &name, error))
        return FALSE;
    for (guint i = 0; name != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (KysoAlign) i;
            return TRUE;
        }
    }
    return name == NULL || wrong(error, "align: left, center or right");
}

static gboolean
read_font_size(const json_t *object, const char *name, double *ret, GError **error)
{
    if (!kyso_json_get_number(object, name, KYSO_JSON_OPTIONAL, ret, error))
        return FALSE;
    if (*ret >= KYSO_DRAWING_TEXT_MIN_SIZE && *ret <= KYSO_DRAWING_TEXT_MAX_SIZE)
        return TRUE;
    return wrong(error, "a font size is 4 to 144 points");
}

static gboolean
read_text(const json_t *object, KysoDrawingText *ret, GError **error)
{
    static const char *const members[] = {"value", "size", "align", "exact", "italic", NULL};

    *ret = (KysoDrawingText){.size = DEFAULT_TEXT_SIZE, .is_wrapped = TRUE};
    return kyso_json_only_has(object, members, error) &&
           kyso_json_get_string(object, "value", KYSO_JSON_REQUIRED, &ret->value, error) &&
           read_font_size(object, "size", &ret->size, error) &&
           kyso_json_get_boolean(object, "exact", KYSO_JSON_OPTIONAL, &ret->is_exact, error) &&
           kyso_json_get_boolean(object, "italic", KYSO_JSON_OPTIONAL, &ret->is_slanted, error) &&
           read_align(object, &ret->align, error);
}

static gboolean
read_signature_text(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    KysoDrawingText *text = &self->signature_text.text;
    json_t *object = NULL;

    if (!kyso_json_get_object(params, "text", KYSO_JSON_OPTIONAL, &object, error))
        return FALSE;
    if (object == NULL)
        return TRUE;
    self->pdf.signature.text = text;
    return read_text(object, text, error);
}

/* One of "text", "image", "frame", in "rect". */
static gboolean
read_part(const json_t *object, KysoLookPart *ret, GError **error)
{
    static const char *const members[] = {"rect", "text", "image", "frame", NULL};
    gboolean has_rect, is_image = FALSE, is_frame = FALSE;
    json_t *text = NULL;
    KysoPdfRect rect;

    if (!json_is_object(object))
        return wrong(error, "draw: needs objects");
    if (!kyso_json_only_has(object, members, error) ||
        !read_rect(object, KYSO_JSON_REQUIRED, &has_rect, &rect, error) ||
        !kyso_json_get_object(object, "text", KYSO_JSON_OPTIONAL, &text, error) ||
        !kyso_json_get_boolean(object, "image", KYSO_JSON_OPTIONAL, &is_image, error) ||
        !kyso_json_get_boolean(object, "frame", KYSO_JSON_OPTIONAL, &is_frame, error))
        return FALSE;
    if ((text != NULL) + is_image + is_frame != 1)
        return wrong(error, "draw: each is one of text, image and frame");
    ret->box = (KysoLookBox){rect.llx, rect.lly, rect.urx, rect.ury};
    ret->kind = is_image ? KYSO_LOOK_IMAGE : is_frame ? KYSO_LOOK_FRAME : KYSO_LOOK_TEXT;
    return text == NULL || read_text(text, &ret->text, error);
}

static gboolean
read_parts(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    json_t *draw = NULL, *item;
    gsize i;

    if (!kyso_json_get_array(params, "draw", KYSO_JSON_OPTIONAL, KYSO_DOCUMENT_REQUEST_MAX_FIELDS,
                             &draw, error))
        return FALSE;
    json_array_foreach(draw, i, item)
    {
        KysoLookPart part = {0};
        if (!read_part(item, &part, error))
            return FALSE;
        if (part.kind == KYSO_LOOK_IMAGE && self->image_fd < 0)
            return wrong(error, "draw: there is no image");
        g_array_append_val(self->pdf.signature.parts, part);
    }
    return TRUE;
}

static gboolean
read_mm(const json_t *params, const char *name, double *ret, GError **error)
{
    double mm = 0;

    if (!kyso_json_get_number(params, name, KYSO_JSON_OPTIONAL, &mm, error))
        return FALSE;
    if (json_object_get(params, name) != NULL && !(mm >= MIN_SEAL_MM && mm <= MAX_SEAL_MM))
        return wrong(error, "a seal is 10 to 80 mm wide");
    *ret = mm * 72 / 25.4;
    return TRUE;
}

static gboolean
read_seal(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    KysoPdfSignatureField *signature = &self->pdf.signature;

    return kyso_json_get_boolean(params, "seal", KYSO_JSON_OPTIONAL, &signature->is_seal, error) &&
           read_mm(params, "seal_mm", &signature->seal_width, error) &&
           read_mm(params, "reserved_seal_mm", &self->pdf.reserved_seal_width, error);
}

static gboolean
read_reserved(const json_t *object, KysoPdfNewField *ret, GError **error)
{
    static const char *const members[] = {"type",  "name", "page",           "rect", "tooltip",
                                          "shown", "fit",  "over_signature", NULL};
    const char *type = NULL;

    if (!json_is_object(object))
        return wrong(error, "reserve: needs objects");
    if (!kyso_json_only_has(object, members, error) ||
        !kyso_json_get_string(object, "type", KYSO_JSON_REQUIRED, &type, error))
        return FALSE;
    if (strcmp(type, "text") != 0 && strcmp(type, "signature") != 0)
        return wrong(error, "type: text or signature");
    if (!read_new_field(object, strcmp(type, "signature") == 0, ret, error) ||
        !kyso_json_get_boolean(object, "over_signature", KYSO_JSON_OPTIONAL,
                               &ret->is_over_signature, error))
        return FALSE;
    if (ret->is_over_signature && json_object_get(object, "rect") != NULL)
        return wrong(error, "over_signature takes the place of rect");
    if (ret->is_over_signature)
        return ret->has_rect = TRUE;
    return read_rect(object, KYSO_JSON_REQUIRED, &ret->has_rect, &ret->rect, error);
}

static gboolean
read_fill(const json_t *object, KysoPdfFill *ret, GError **error)
{
    static const char *const members[] = {"name", "value", "font_size", "align", "italic", NULL};

    if (!json_is_object(object))
        return wrong(error, "fill: needs objects");
    ret->text.size = DEFAULT_FILL_SIZE;
    return kyso_json_only_has(object, members, error) &&
           kyso_json_get_string(object, "name", KYSO_JSON_REQUIRED, &ret->name, error) &&
           kyso_json_get_string(object, "value", KYSO_JSON_REQUIRED, &ret->text.value, error) &&
           read_font_size(object, "font_size", &ret->text.size, error) &&
           kyso_json_get_boolean(object, "italic", KYSO_JSON_OPTIONAL, &ret->text.is_slanted,
                                 error) &&
           read_align(object, &ret->text.align, error);
}

static gboolean
read_fields(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    json_t *reserve = NULL, *fill = NULL, *item;
    gsize i;

    if (!kyso_json_get_array(params, "reserve", KYSO_JSON_OPTIONAL,
                             KYSO_DOCUMENT_REQUEST_MAX_FIELDS, &reserve, error) ||
        !kyso_json_get_array(params, "fill", KYSO_JSON_OPTIONAL, KYSO_DOCUMENT_REQUEST_MAX_FIELDS,
                             &fill, error))
        return FALSE;
    json_array_foreach(reserve, i, item)
    {
        KysoPdfNewField field = {0};
        if (!read_reserved(item, &field, error))
            return FALSE;
        g_array_append_val(self->pdf.reserve, field);
    }
    json_array_foreach(fill, i, item)
    {
        KysoPdfFill value = {0};
        if (!read_fill(item, &value, error))
            return FALSE;
        g_array_append_val(self->pdf.fill, value);
    }
    return TRUE;
}

/* "D:YYYYMMDDHHmmSS" and an offset (ISO 32000-1 §7.9.4): it is written as it stands, so nothing
 * that could end a PDF string may be in it. */
static gboolean
is_pdf_date(const char *text)
{
    if (!g_str_has_prefix(text, "D:") || strlen(text) > 24)
        return FALSE;
    return strspn(text + 2, "0123456789") >= 4 &&
           strspn(text + 2, "0123456789+-'Z") == strlen(text + 2);
}

static gboolean
read_signature(KysoDocumentRequest *self, const json_t *params, GError **error)
{
    KysoPdfRequest *pdf = &self->pdf;
    gint64 contents = DEFAULT_CONTENTS, certify = 0;

    if (!kyso_json_get_int(params, "contents_size", KYSO_JSON_OPTIONAL, KYSO_PDF_MIN_CONTENTS,
                           KYSO_PDF_MAX_CONTENTS, &contents, error) ||
        !kyso_json_get_int(params, "certify", KYSO_JSON_OPTIONAL, 0, 3, &certify, error) ||
        !kyso_json_get_boolean(params, "timestamp", KYSO_JSON_OPTIONAL, &pdf->is_timestamp,
                               error) ||
        !kyso_json_get_string(params, "signing_time",
                              pdf->is_timestamp ? KYSO_JSON_OPTIONAL : KYSO_JSON_REQUIRED,
                              &pdf->signing_time, error) ||
        !kyso_json_get_string(params, "name", KYSO_JSON_OPTIONAL, &pdf->name, error) ||
        !kyso_json_get_string(params, "reason", KYSO_JSON_OPTIONAL, &pdf->reason, error) ||
        !kyso_json_get_string(params, "location", KYSO_JSON_OPTIONAL, &pdf->location, error))
        return FALSE;
    if (pdf->is_timestamp && (certify != 0 || pdf->signing_time != NULL || pdf->name != NULL ||
                              pdf->reason != NULL || pdf->location != NULL))
        return wrong(error, "timestamp: a service signs it, who says nothing");
    if (!pdf->is_timestamp && !is_pdf_date(pdf->signing_time))
        return wrong(error, "signing_time: needs a PDF date");
    pdf->contents_size = (gsize) contents;
    pdf->certify = (int) certify;
    return TRUE;
}

KysoDocumentRequest *
kyso_document_request_read(const json_t *params, KysoFdList *fds, GError **error)
{
    static const char *const members[] = {
        "document",  "field",  "contents_size", "signing_time",
        "name",      "reason", "location",      "certify",
        "image",     "text",   "reserve",       "fill",
        "draw",      "seal",   "seal_mm",       "reserved_seal_mm",
        "timestamp", NULL};
    g_autoptr(KysoDocumentRequest) self = g_new0(KysoDocumentRequest, 1);

    self->image_fd = -1;
    self->pdf.reserve = g_array_new(FALSE, FALSE, sizeof(KysoPdfNewField));
    self->pdf.fill = g_array_new(FALSE, FALSE, sizeof(KysoPdfFill));
    self->pdf.signature.parts = g_array_new(FALSE, FALSE, sizeof(KysoLookPart));
    if (!kyso_json_only_has(params, members, error) || !read_signature(self, params, error) ||
        !read_signature_field(self, params, error) || !read_signature_text(self, params, error) ||
        !read_fields(self, params, error) || !read_seal(self, params, error) ||
        !kyso_json_take_fd(params, "image", KYSO_JSON_OPTIONAL, fds, &self->image_fd, error) ||
        !read_parts(self, params, error))
        return NULL;
    self->pdf.signature.image_fd = self->image_fd;
    return g_steal_pointer(&self);
}

void
kyso_document_request_free(KysoDocumentRequest *self)
{
    if (self == NULL)
        return;
    kyso_fd_clear(&self->image_fd);
    g_array_unref(self->pdf.reserve);
    g_array_unref(self->pdf.fill);
    g_array_unref(self->pdf.signature.parts);
    g_free(self);
}
