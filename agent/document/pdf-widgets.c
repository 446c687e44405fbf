/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-widgets.h"

#include <string.h>

#include "agent/document/field-cover.h"
#include "ipc/base/error.h"

#define FLAGS_TEXT 4        /* print (ISO 32000-1 table 165) */
#define FLAGS_SIGNATURE 132 /* print, locked */
#define MAX_NAME 127        /* bytes */

/* Where a field that exists shows. */
typedef struct {
    KysoPdfRect rect;
    int rotate;
} Place;

static gboolean
check_new_name(KysoPdfDraft *draft, const char *name, GError **error)
{
    if (name[0] == '\0' || strlen(name) > MAX_NAME || strchr(name, '.') != NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"%s\" cannot be the name of a field", name);
        return FALSE;
    }
    if (g_hash_table_contains(draft->known, name)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "document has a field \"%s\" already", name);
        return FALSE;
    }
    return TRUE;
}

static void
put_new_field(KysoPdfDraft *draft, const KysoPdfNewField *field, const KysoPdfPage *page,
              const KysoPdfRect *r, GString *text)
{
    g_string_append_printf(text, "<< /Type /Annot /Subtype /Widget /FT /%s /T ",
                           field->is_signature ? "Sig" : "Tx");
    kyso_pdf_increment_put_text(text, field->name);
    if (field->tooltip != NULL) {
        g_string_append(text, " /TU ");
        kyso_pdf_increment_put_text(text, field->tooltip);
    }
    g_string_append_printf(text, " /F %d /P %d %d R /Rect ",
                           field->is_signature ? FLAGS_SIGNATURE : FLAGS_TEXT, page->id,
                           page->generation);
    kyso_pdf_increment_put_rect(text, (double[]){r->llx, r->lly, r->urx, r->ury});
    g_string_append_c(text, ' ');
    if (page->rotate != 0)
        g_string_append_printf(text, "/MK << /R %d >> ", page->rotate);
    if (!field->is_signature)
        g_string_append(text, "/DA (/Helv 0 Tf 0 g) ");
}

/* How large the seal is: what we are told, else what the image says of itself. 0: unknown. */
static gboolean
find_seal_size(const KysoPdfSignatureField *signature, double *ret_width, double *ret_height,
               GError **error)
{
    KysoPngSides sides = {1, 1, 0};

    if (signature->image_fd >= 0 && !kyso_png_image_read_sides(signature->image_fd, &sides, error))
        return FALSE;
    *ret_width = signature->seal_width > 0 ? signature->seal_width : sides.print_width;
    *ret_height = *ret_width * sides.height / sides.width;
    return TRUE;
}

/* Fits *rect, as shown, to what will be drawn in it. */
static gboolean
fit_place(const KysoPdfSignatureField *signature, KysoPdfFit fit, KysoPdfRect *rect, GError **error)
{
    KysoPngSides sides;
    double width, height;

    if (fit == KYSO_PDF_FIT_IMAGE) {
        if (signature->image_fd < 0)
            return TRUE;
        if (!kyso_png_image_read_sides(signature->image_fd, &sides, error))
            return FALSE;
        *rect = kyso_pdf_place_fit_image(rect, &sides);
        return TRUE;
    }
    if (!find_seal_size(signature, &width, &height, error))
        return FALSE;
    if (width <= 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "nobody says how large the seal is: \"seal_mm\" is missing");
        return FALSE;
    }
    *rect = kyso_pdf_place_over_third(rect, width, height);
    return TRUE;
}

/* The page of @field and its final place there. */
static gboolean
find_place(KysoPdfDraft *draft, const KysoPdfNewField *field,
           const KysoPdfSignatureField *signature, KysoPdfPage *ret, KysoPdfRect *ret_rect,
           GError **error)
{
    gint64 number = field->is_over_signature ? draft->signature_page : field->page;

    *ret_rect = field->rect;
    if (!check_new_name(draft, field->name, error) ||
        !kyso_pdf_pages_find(draft->file, number, ret, error))
        return FALSE;
    if (!field->has_rect)
        return TRUE;
    KysoPdfRect shown = field->is_over_signature ? draft->signature
                        : field->is_shown_rect   ? field->rect
                                                 : kyso_pdf_place_to_shown(ret, &field->rect);
    if (field->fit != KYSO_PDF_FIT_NONE && !fit_place(signature, field->fit, &shown, error))
        return FALSE;
    if (field->fit != KYSO_PDF_FIT_NONE || field->is_shown_rect)
        *ret_rect = kyso_pdf_place_from_shown(ret, &shown);
    return kyso_pdf_pages_check_rect(ret, ret_rect, error);
}

/* Whether signatures that are there already, and the one made now, bear a seal or a number at @rect
 * when it comes. */
static gboolean
check_reserved(KysoPdfDraft *draft, const char *name, const KysoPdfPage *page,
               const KysoPdfRect *rect, GError **error)
{
    if (draft->signature_page == page->number) {
        KysoPdfRect signature = kyso_pdf_place_from_shown(page, &draft->signature);
        if (kyso_field_cover_hides(rect, &signature, TRUE)) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_COVERS,
                        "\"%s\" would hide the signature", name);
            return FALSE;
        }
    }
    return kyso_field_cover_check(draft->file, draft->known, name, page, rect, error);
}

/* The first signature may take what it likes. */
static gboolean
check_covers_nothing(KysoPdfDraft *draft, const char *name, const KysoPdfPage *page,
                     const KysoPdfRect *rect, GError **error)
{
    return !draft->is_signed ||
           kyso_field_cover_check(draft->file, draft->known, name, page, rect, error);
}

static gboolean
check_existing_covers_nothing(KysoPdfDraft *draft, const KysoPdfField *field,
                              const KysoPdfRect *rect, GError **error)
{
    KysoPdfPage page = kyso_field_cover_page(draft->file, field->widget, &draft->page_steps);

    return check_covers_nothing(draft, field->name, &page, rect, error);
}

gboolean
kyso_pdf_widgets_reserve(KysoPdfDraft *draft, const KysoPdfNewField *field, double seal_width,
                         GError **error)
{
    const KysoPdfSignatureField seal = {.image_fd = -1, .seal_width = seal_width};
    KysoPdfRect rect;
    KysoPdfPage page;

    if (field->is_over_signature && draft->signature_page == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "a seal can only be reserved over a signature that shows");
        return FALSE;
    }
    if (!find_place(draft, field, &seal, &page, &rect, error) ||
        !check_reserved(draft, field->name, &page, &rect, error))
        return FALSE;
    guint32 form =
        kyso_pdf_draft_draw_nothing(draft, rect.urx - rect.llx, rect.ury - rect.lly, page.rotate);
    guint32 id = kyso_pdf_increment_new_id(draft->increment);
    GString *text = kyso_pdf_increment_begin(draft->increment, id, 0);
    put_new_field(draft, field, &page, &rect, text);
    g_string_append_printf(text, "/AP << /N %u 0 R >> >>", form);
    kyso_pdf_increment_end(draft->increment);
    kyso_pdf_draft_add_field(draft, &page, id);
    return TRUE;
}

/* /MK /R is how a widget says that it stands turned on its page (ISO 32000-1 table 189). */
static gboolean
read_place(KysoPdfFile *file, KysoQpdfValue widget, Place *ret)
{
    KysoQpdfValue look = kyso_qpdf_reader_get(file->reader, widget, "/MK");
    gint64 rotate = 0;

    kyso_qpdf_reader_as_int(file->reader, kyso_qpdf_reader_get(file->reader, look, "/R"), &rotate);
    ret->rotate = rotate == 90 || rotate == 180 || rotate == 270 ? (int) rotate : 0;
    return kyso_pdf_pages_read_rect(file, kyso_qpdf_reader_get(file->reader, widget, "/Rect"),
                                    &ret->rect);
}

static gboolean
is_visible(const Place *place)
{
    return place->rect.urx > place->rect.llx && place->rect.ury > place->rect.lly;
}

/* Writes the dictionary of @object again, without the keys of @skip and with @added. */
static gboolean
write_again(KysoPdfDraft *draft, KysoQpdfValue object, const char *const *skip, const char *added,
            GError **error)
{
    KysoQpdfReader *reader = draft->file->reader;
    int id, generation;

    if (!kyso_qpdf_reader_reference(reader, object, &id, &generation)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                            "the field is no object of its own");
        return FALSE;
    }
    GString *text = kyso_pdf_increment_begin(draft->increment, (guint32) id, generation);
    g_string_append(text, "<< ");
    kyso_pdf_increment_put_entries(text, reader, object, skip);
    g_string_append_printf(text, "%s>>", added);
    kyso_pdf_increment_end(draft->increment);
    return TRUE;
}

/* The value goes into the field, the appearance (0: none) into its widget: often one object. */
static gboolean
write_value(KysoPdfDraft *draft, const KysoPdfField *field, const char *value, guint32 form,
            GError **error)
{
    static const char *const value_keys[] = {"/V", "/Ff", NULL};
    static const char *const both_keys[] = {"/V", "/Ff", "/AP", "/AS", NULL};
    static const char *const form_keys[] = {"/AP", "/AS", NULL};
    g_autofree char *look =
        form == 0 ? g_strdup("") : g_strdup_printf("/AP << /N %u 0 R >> ", form);
    int id, generation, widget_id, widget_generation;

    gboolean is_merged =
        field->widget == 0 ||
        (kyso_qpdf_reader_reference(draft->file->reader, field->object, &id, &generation) &&
         kyso_qpdf_reader_reference(draft->file->reader, field->widget, &widget_id,
                                    &widget_generation) &&
         id == widget_id);
    if (is_merged) {
        g_autofree char *all = g_strconcat(value, look, NULL);
        return write_again(draft, field->object, form != 0 ? both_keys : value_keys, all, error);
    }
    return write_again(draft, field->object, value_keys, value, error) &&
           (form == 0 || write_again(draft, field->widget, form_keys, look, error));
}

gboolean
kyso_pdf_widgets_fill(KysoPdfDraft *draft, const KysoPdfFill *fill, GError **error)
{
    const KysoPdfField *field = g_hash_table_lookup(draft->known, fill->name);
    Place place;

    if (field == NULL || !g_str_equal(field->type, "Tx") ||
        (field->flags & KYSO_PDF_FIELD_READ_ONLY) != 0 || field->n_widgets != 1 ||
        !read_place(draft->file, field->widget, &place) || !is_visible(&place)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                    "document has no text field \"%s\" that can be filled", fill->name);
        return FALSE;
    }
    if (!check_existing_covers_nothing(draft, field, &place.rect, error))
        return FALSE;

    const KysoLook look = {.image_fd = -1, .text = &fill->text};
    guint32 form = kyso_pdf_draft_draw(draft, place.rect.urx - place.rect.llx,
                                       place.rect.ury - place.rect.lly, place.rotate, &look, error);
    if (form == 0)
        return FALSE;
    g_autoptr(GString) value = g_string_new("/V ");
    kyso_pdf_increment_put_text(value, fill->text.value);
    g_string_append_printf(value, " /Ff %" G_GINT64_FORMAT " ",
                           field->flags | KYSO_PDF_FIELD_READ_ONLY);
    return write_value(draft, field, value->str, form, error);
}

static gboolean
is_shown(const KysoPdfSignatureField *signature)
{
    return signature->image_fd >= 0 || signature->text != NULL ||
           (signature->parts != NULL && signature->parts->len > 0);
}

static gboolean
draw_signature(KysoPdfDraft *draft, const KysoPdfSignatureField *signature, const Place *place,
               guint32 *ret_form, GError **error)
{
    if (is_shown(signature) && !is_visible(place)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE,
                            "the signature field has no place to show an image or text");
        return FALSE;
    }
    double width = place->rect.urx - place->rect.llx, height = place->rect.ury - place->rect.lly;
    double seal_width = 0, seal_height = 0;
    *ret_form = 0;
    if (!is_visible(place))
        return TRUE;
    if (signature->is_seal && !find_seal_size(signature, &seal_width, &seal_height, error))
        return FALSE;
    const KysoLook look = {signature->image_fd, seal_width, signature->text, signature->parts};
    if (!is_shown(signature))
        *ret_form = kyso_pdf_draft_draw_nothing(draft, width, height, place->rotate);
    else
        *ret_form = kyso_pdf_draft_draw(draft, width, height, place->rotate, &look, error);
    return *ret_form != 0;
}

static gboolean
sign_new(KysoPdfDraft *draft, const KysoPdfSignatureField *signature, guint32 value_id,
         GError **error)
{
    KysoPdfRect rect;
    KysoPdfPage page;
    guint32 form;

    if (!find_place(draft, &signature->field, signature, &page, &rect, error))
        return FALSE;
    KysoPdfRect shown = kyso_pdf_place_to_shown(&page, &rect);
    Place place = {rect, page.rotate};
    if (!check_covers_nothing(draft, signature->field.name, &page, &rect, error) ||
        !draw_signature(draft, signature, &place, &form, error))
        return FALSE;

    guint32 id = kyso_pdf_increment_new_id(draft->increment);
    GString *text = kyso_pdf_increment_begin(draft->increment, id, 0);
    put_new_field(draft, &signature->field, &page, &rect, text);
    if (is_visible(&place)) {
        draft->signature = shown;
        draft->signature_page = page.number;
    }
    if (form != 0)
        g_string_append_printf(text, "/AP << /N %u 0 R >> ", form);
    g_string_append_printf(text, "/V %u 0 R >>", value_id);
    kyso_pdf_increment_end(draft->increment);
    kyso_pdf_draft_add_field(draft, &page, id);
    return TRUE;
}

static gboolean
sign_existing(KysoPdfDraft *draft, const KysoPdfSignatureField *signature, guint32 value_id,
              KysoQpdfValue *ret_lock, GError **error)
{
    const KysoPdfField *field = g_hash_table_lookup(draft->known, signature->existing);
    Place place = {0};
    guint32 form;

    if (field == NULL || !g_str_equal(field->type, "Sig") || field->value != 0 ||
        field->n_widgets > 1) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                    "document has no signature field \"%s\" that can be signed",
                    signature->existing);
        return FALSE;
    }
    if (field->widget != 0 && !read_place(draft->file, field->widget, &place))
        place = (Place){0};
    if (!check_existing_covers_nothing(draft, field, &place.rect, error) ||
        !draw_signature(draft, signature, &place, &form, error))
        return FALSE;

    g_autofree char *value =
        field->flags != 0
            ? g_strdup_printf("/Ff %" G_GINT64_FORMAT " /V %u 0 R ", field->flags, value_id)
            : g_strdup_printf("/V %u 0 R ", value_id);
    *ret_lock = kyso_qpdf_reader_get(draft->file->reader, field->object, "/Lock");
    return write_value(draft, field, value, form, error);
}

gboolean
kyso_pdf_widgets_sign(KysoPdfDraft *draft, const KysoPdfSignatureField *signature, guint32 value_id,
                      KysoQpdfValue *ret_lock, GError **error)
{
    *ret_lock = 0;
    if (signature->existing != NULL)
        return sign_existing(draft, signature, value_id, ret_lock, error);
    return sign_new(draft, signature, value_id, error);
}
