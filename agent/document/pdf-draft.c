/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-draft.h"

#include "ipc/base/error.h"

#define SIG_FLAGS 3 /* signatures exist; append only (ISO 32000-1 table 219) */

/* For viewers that draw a text field themselves. */
#define DEFAULT_RESOURCES                                                                          \
    "/DR << /Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica "                   \
    "/Encoding /WinAnsiEncoding >> >> >> /DA (/Helv 0 Tf 0 g) "

typedef struct {
    KysoPdfPage page;
    GString *annotations; /* "n 0 R " of each new one */
} PageChange;

static void
page_change_free(gpointer data)
{
    PageChange *change = data;

    g_string_free(change->annotations, TRUE);
    g_free(change);
}

static gboolean
has_signature(GHashTable *fields)
{
    GHashTableIter iter;
    gpointer field;

    g_hash_table_iter_init(&iter, fields);
    while (g_hash_table_iter_next(&iter, NULL, &field))
        if (kyso_pdf_fields_is_signed(field))
            return TRUE;
    return FALSE;
}

KysoPdfDraft *
kyso_pdf_draft_new(KysoPdfFile *file, GError **error)
{
    GHashTable *known = kyso_pdf_fields_index(file, error);
    if (known == NULL)
        return NULL;

    KysoPdfDraft *self = g_new0(KysoPdfDraft, 1);
    self->file = file;
    self->known = known;
    self->is_signed = has_signature(known);
    self->page_steps = KYSO_PDF_PAGES_MAX_STEPS;
    self->increment = kyso_pdf_increment_new(file);
    self->appearance = kyso_appearance_new();
    self->forms = g_array_new(FALSE, FALSE, sizeof(KysoForm));
    self->pages = g_ptr_array_new_with_free_func(page_change_free);
    self->fields = g_string_new(NULL);
    return self;
}

void
kyso_pdf_draft_free(KysoPdfDraft *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->known);
    kyso_pdf_increment_free(self->increment);
    kyso_appearance_free(self->appearance);
    g_array_unref(self->forms);
    g_ptr_array_unref(self->pages);
    g_string_free(self->fields, TRUE);
    g_free(self);
}

guint32
kyso_pdf_draft_draw(KysoPdfDraft *self, double width, double height, int rotate,
                    const KysoLook *look, GError **error)
{
    KysoForm form = {kyso_pdf_increment_new_id(self->increment), width, height, rotate};
    double drawn_width, drawn_height;

    kyso_form_import_sides(&form, &drawn_width, &drawn_height);
    if (!kyso_appearance_add(self->appearance, drawn_width, drawn_height, look, error))
        return 0;
    g_array_append_val(self->forms, form);
    return form.id;
}

guint32
kyso_pdf_draft_draw_nothing(KysoPdfDraft *self, double width, double height, int rotate)
{
    KysoForm form = {kyso_pdf_increment_new_id(self->increment), width, height, rotate};

    kyso_form_import_empty(self->increment, &form);
    return form.id;
}

static PageChange *
change_of_page(KysoPdfDraft *self, const KysoPdfPage *page)
{
    for (guint i = 0; i < self->pages->len; i++) {
        PageChange *known = g_ptr_array_index(self->pages, i);
        if (known->page.id == page->id)
            return known;
    }
    PageChange *change = g_new0(PageChange, 1);
    change->page = *page;
    change->annotations = g_string_new(NULL);
    g_ptr_array_add(self->pages, change);
    return change;
}

void
kyso_pdf_draft_add_field(KysoPdfDraft *self, const KysoPdfPage *page, guint32 id)
{
    g_string_append_printf(self->fields, "%u 0 R ", id);
    g_string_append_printf(change_of_page(self, page)->annotations, "%u 0 R ", id);
}

static void
put_object(KysoPdfDraft *self, int id, int generation, const char *body)
{
    g_string_append(kyso_pdf_increment_begin(self->increment, (guint32) id, generation), body);
    kyso_pdf_increment_end(self->increment);
}

/* Where @array is an indirect array, it is written anew under its number and NULL returned; else
 * the text of the longer array. Validators take the one for the other as tampering. */
static char *
extend_in_place(KysoPdfDraft *self, KysoQpdfValue array, const char *added)
{
    KysoQpdfReader *reader = self->file->reader;
    g_autofree char *items = kyso_qpdf_reader_unparse_items(reader, array);
    g_autofree char *text = g_strdup_printf("[ %s%s]", items, added);
    int id, generation;

    if (kyso_qpdf_reader_type(reader, array) != KYSO_QPDF_ARRAY ||
        !kyso_qpdf_reader_reference(reader, array, &id, &generation))
        return g_steal_pointer(&text);
    put_object(self, id, generation, text);
    return NULL;
}

static void
write_page(KysoPdfDraft *self, PageChange *change)
{
    static const char *const annotations_only[] = {"/Annots", NULL};
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue old = kyso_qpdf_reader_get(reader, change->page.object, "/Annots");
    g_autofree char *array = extend_in_place(self, old, change->annotations->str);

    if (array == NULL)
        return;
    g_autoptr(GString) body = g_string_new("<< ");
    kyso_pdf_increment_put_entries(body, reader, change->page.object, annotations_only);
    g_string_append_printf(body, "/Annots %s >>", array);
    put_object(self, change->page.id, change->page.generation, body->str);
}

/* The text of the form's dictionary, or NULL where it need not change. */
static char *
form_text(KysoPdfDraft *self, KysoQpdfValue form)
{
    static const char *const ours[] = {"/Fields", "/SigFlags", NULL};
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue fields = kyso_qpdf_reader_get(reader, form, "/Fields");
    g_autofree char *array = NULL;
    gint64 flags = 0;

    kyso_qpdf_reader_as_int(reader, kyso_qpdf_reader_get(reader, form, "/SigFlags"), &flags);
    if (self->fields->len > 0)
        array = extend_in_place(self, fields, self->fields->str);
    if (array == NULL && (flags & SIG_FLAGS) == SIG_FLAGS)
        return NULL;
    if (array == NULL)
        array = kyso_qpdf_reader_unparse(reader, fields);

    GString *text = g_string_new("<< ");
    kyso_pdf_increment_put_entries(text, reader, form, ours);
    if (kyso_qpdf_reader_get(reader, form, "/DR") == 0 &&
        kyso_qpdf_reader_get(reader, form, "/DA") == 0)
        g_string_append(text, DEFAULT_RESOURCES);
    g_string_append_printf(text, "/Fields %s /SigFlags %" G_GINT64_FORMAT " >>", array,
                           flags | SIG_FLAGS);
    return g_string_free(text, FALSE);
}

/* The form as an entry of the catalogue, or nothing where it is an object of its own. */
static char *
write_form(KysoPdfDraft *self)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue form = kyso_qpdf_reader_get(reader, self->file->root, "/AcroForm");
    g_autofree char *text = form_text(self, form);
    int id, generation;

    if (text == NULL)
        return NULL;
    if (kyso_qpdf_reader_type(reader, form) != KYSO_QPDF_DICTIONARY) {
        guint32 new_id = kyso_pdf_increment_new_id(self->increment);
        put_object(self, (int) new_id, 0, text);
        return g_strdup_printf("/AcroForm %u 0 R ", new_id);
    }
    if (!kyso_qpdf_reader_reference(reader, form, &id, &generation))
        return g_strdup_printf("/AcroForm %s ", text);
    put_object(self, id, generation, text);
    return NULL;
}

/* ISO 32000-1 §12.8.4: the catalogue names the certifying signature. Other permissions stay. */
static char *
permissions_text(KysoPdfDraft *self)
{
    static const char *const certification_only[] = {"/DocMDP", NULL};
    KysoQpdfReader *reader = self->file->reader;

    if (self->certifying_id == 0)
        return NULL;
    GString *text = g_string_new("/Perms << ");
    kyso_pdf_increment_put_entries(
        text, reader, kyso_qpdf_reader_get(reader, self->file->root, "/Perms"), certification_only);
    g_string_append_printf(text, "/DocMDP %u 0 R >> ", self->certifying_id);
    return g_string_free(text, FALSE);
}

static void
write_catalogue(KysoPdfDraft *self)
{
    g_autofree char *form = write_form(self);
    g_autofree char *permissions = permissions_text(self);
    const char *skip[3] = {NULL};
    guint n_skip = 0;
    int id = 0, generation = 0;

    if (form != NULL)
        skip[n_skip++] = "/AcroForm";
    if (permissions != NULL)
        skip[n_skip++] = "/Perms";
    if (n_skip == 0)
        return;

    g_autoptr(GString) body = g_string_new("<< ");
    kyso_pdf_increment_put_entries(body, self->file->reader, self->file->root, skip);
    g_string_append_printf(body, "%s%s>>", form != NULL ? form : "",
                           permissions != NULL ? permissions : "");
    kyso_qpdf_reader_reference(self->file->reader, self->file->root, &id, &generation);
    put_object(self, id, generation, body->str);
}

GString *
kyso_pdf_draft_finish(KysoPdfDraft *self, GError **error)
{
    if (self->forms->len > 0) {
        g_autoptr(GBytes) drawing = kyso_appearance_finish(self->appearance, error);
        if (drawing == NULL ||
            !kyso_form_import(self->increment, drawing, &g_array_index(self->forms, KysoForm, 0),
                              self->forms->len, error))
            return NULL;
    }
    for (guint i = 0; i < self->pages->len; i++)
        write_page(self, g_ptr_array_index(self->pages, i));
    write_catalogue(self);
    return kyso_pdf_increment_finish(self->increment, error);
}
