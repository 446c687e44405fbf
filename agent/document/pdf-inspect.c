/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-inspect.h"

#include "agent/document/pdf-difference.h"
#include "agent/document/pdf-fields.h"
#include "agent/document/pdf-proofs.h"
#include "agent/document/qpdf-security.h"
#include "ipc/base/error.h"

#include <string.h>

#define MAX_FIELDS 4096
#define MAX_SIGNATURES 256
#define MAX_TEXT 256 /* bytes of one string of the document; longer ones are cut */
/* bytes of all fields as JSON, about: a message has 256 KiB */
#define MAX_FIELDS_SIZE (96 * 1024)

typedef struct {
    json_t *entry;
    gint64 end; /* of the byte range: later revisions end later */
} SignatureFact;

typedef struct {
    KysoPdfFile *file;
    GArray *signatures; /* SignatureFact */
    json_t *fields;
    gsize fields_size;
    gboolean is_cut;      /* fields are missing from the list */
    GHashTable *page_ids; /* object number -> page number */
    guint64 page_steps;   /* left */
    KysoPdfDifferenceBudget budget;
} Inspection;

static KysoQpdfValue
get(Inspection *self, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(self->file->reader, dictionary, key);
}

/* NULL becomes null; long text is cut at a character. */
static json_t *
json_text(const char *text)
{
    if (text == NULL)
        return json_null();
    if (strlen(text) <= MAX_TEXT)
        return json_string(text);
    const char *end = g_utf8_find_prev_char(text, text + MAX_TEXT + 1);
    return json_stringn(text, (gsize) (end - text));
}

static json_t *
json_entry_text(Inspection *self, KysoQpdfValue dictionary, const char *key)
{
    g_autofree char *text = kyso_qpdf_reader_text(self->file->reader, get(self, dictionary, key));

    return json_text(text);
}

static json_t *
json_entry_name(Inspection *self, KysoQpdfValue dictionary, const char *key)
{
    g_autofree char *name = kyso_qpdf_reader_name(self->file->reader, get(self, dictionary, key));

    return json_text(name == NULL ? NULL : name + 1);
}

static json_t *
json_rect(const KysoPdfRect *rect)
{
    return json_pack("[f, f, f, f]", rect->llx, rect->lly, rect->urx, rect->ury);
}

/* Documents with very many pages and fields on each would take long; those get page 0. */
static guint
page_of_widget(Inspection *self, KysoQpdfValue widget)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue page = get(self, widget, "/P");
    int id, generation;

    if (!kyso_qpdf_reader_reference(reader, page, &id, &generation))
        return 0;
    gpointer known = NULL;
    if (g_hash_table_lookup_extended(self->page_ids, GINT_TO_POINTER(id), NULL, &known))
        return GPOINTER_TO_UINT(known);
    guint number = kyso_pdf_pages_number(self->file, page, &self->page_steps);
    g_hash_table_insert(self->page_ids, GINT_TO_POINTER(id), GUINT_TO_POINTER(number));
    return number;
}

/* /P of the DocMDP transform (ISO 32000-1 §12.8.2.2), 2 where it is left out; 0: none. */
static gint64
read_certification(Inspection *self, KysoQpdfValue signature)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue references = get(self, signature, "/Reference");
    guint n = MIN(kyso_qpdf_reader_n_items(reader, references), 16);

    for (guint i = 0; i < n; i++) {
        KysoQpdfValue reference = kyso_qpdf_reader_item(reader, references, i);
        gint64 level = 2;
        if (!kyso_qpdf_reader_is_name(reader, get(self, reference, "/TransformMethod"), "/DocMDP"))
            continue;
        kyso_qpdf_reader_as_int(reader, get(self, get(self, reference, "/TransformParams"), "/P"),
                                &level);
        return CLAMP(level, 1, 3);
    }
    return 0;
}

/* FALSE where it is not four numbers that could be: the agent judges them. */
static gboolean
read_byte_range(Inspection *self, KysoQpdfValue signature, gint64 ret[4])
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue range = get(self, signature, "/ByteRange");

    if (kyso_qpdf_reader_n_items(reader, range) != 4)
        return FALSE;
    for (guint i = 0; i < 4; i++)
        if (!kyso_qpdf_reader_as_int(reader, kyso_qpdf_reader_item(reader, range, i), &ret[i]) ||
            ret[i] < 0 || ret[i] > self->file->size)
            return FALSE;
    return TRUE;
}

static void
add_coverage(Inspection *self, const KysoPdfField *field, SignatureFact *fact)
{
    gint64 v[4];
    gboolean is_range = read_byte_range(self, field->value, v);

    fact->end = is_range ? v[2] + v[3] : G_MAXINT64;
    json_object_set_new(fact->entry, "byte_range",
                        is_range ? json_pack("[I, I, I, I]", (json_int_t) v[0], (json_int_t) v[1],
                                             (json_int_t) v[2], (json_int_t) v[3])
                                 : json_null());
    json_object_set_new(
        fact->entry, "difference",
        kyso_pdf_difference_find(self->file, field, is_range ? v : NULL, &self->budget));
}

static void
add_signature(Inspection *self, const KysoPdfField *field, json_t *rect, guint page)
{
    SignatureFact fact = {json_object(), 0};
    json_t *entry = fact.entry;

    json_object_set_new(entry, "field", json_text(field->name));
    json_object_set_new(entry, "page", json_integer(page));
    json_object_set(entry, "rect", rect);
    json_object_set_new(entry, "filter", json_entry_name(self, field->value, "/Filter"));
    json_object_set_new(entry, "sub_filter", json_entry_name(self, field->value, "/SubFilter"));
    add_coverage(self, field, &fact);
    json_object_set_new(entry, "signing_time", json_entry_text(self, field->value, "/M"));
    json_object_set_new(entry, "name", json_entry_text(self, field->value, "/Name"));
    json_object_set_new(entry, "reason", json_entry_text(self, field->value, "/Reason"));
    json_object_set_new(entry, "location", json_entry_text(self, field->value, "/Location"));
    json_object_set_new(entry, "doc_mdp", json_integer(read_certification(self, field->value)));
    g_array_append_val(self->signatures, fact);
}

static json_t *
json_field_value(Inspection *self, const KysoPdfField *field)
{
    KysoQpdfReader *reader = self->file->reader;
    g_autofree char *text = NULL;

    if (g_str_equal(field->type, "Btn"))
        text = kyso_qpdf_reader_name(reader, field->value);
    else if (!g_str_equal(field->type, "Sig"))
        text = kyso_qpdf_reader_text(reader, field->value);
    return json_text(text);
}

static void
add_field(Inspection *self, const KysoPdfField *field, json_t *rect, guint page)
{
    gboolean is_signed = kyso_pdf_fields_is_signed(field);
    json_t *entry = json_object();

    json_object_set_new(entry, "name", json_text(field->name));
    json_object_set_new(entry, "type", json_string(field->type));
    json_object_set_new(entry, "page", json_integer(page));
    json_object_set(entry, "rect", rect);
    json_object_set_new(entry, "value", json_field_value(self, field));
    json_object_set_new(entry, "signed", json_boolean(is_signed));
    json_object_set_new(entry, "read_only",
                        json_boolean((field->flags & KYSO_PDF_FIELD_READ_ONLY) != 0));
    json_array_append_new(self->fields, entry);
    self->fields_size += json_dumpb(entry, NULL, 0, JSON_COMPACT) + 1;
}

static gboolean
field_seen(const KysoPdfField *field, gpointer user_data)
{
    Inspection *self = user_data;
    gboolean is_signed = kyso_pdf_fields_is_signed(field);
    gboolean is_room =
        json_array_size(self->fields) < MAX_FIELDS && self->fields_size < MAX_FIELDS_SIZE;
    KysoPdfRect box;

    self->is_cut |= !is_room;
    if (!is_signed && !is_room)
        return TRUE;

    guint page = page_of_widget(self, field->widget);
    g_autoptr(json_t) rect =
        kyso_pdf_pages_read_rect(self->file, get(self, field->widget, "/Rect"), &box)
            ? json_rect(&box)
            : json_null();
    if (is_signed)
        add_signature(self, field, rect, page);
    if (is_room)
        add_field(self, field, rect, page);
    return self->signatures->len <= MAX_SIGNATURES;
}

static int
compare_signatures(gconstpointer a, gconstpointer b)
{
    const SignatureFact *x = a, *y = b;

    return x->end < y->end ? -1 : x->end > y->end;
}

static void
drop_signature(gpointer data)
{
    SignatureFact *fact = data;

    json_decref(fact->entry);
}

static json_t *
list_pages(KysoPdfFile *file, const gint64 *pages, guint n_pages, GError **error)
{
    g_autoptr(json_t) list = json_array();

    for (guint i = 0; i < n_pages; i++) {
        KysoPdfPage page;
        if (!kyso_pdf_pages_find(file, pages[i], &page, error))
            return NULL;
        json_array_append_new(
            list, json_pack("{s:I, s:f, s:f, s:i, s:o}", "page", (json_int_t) page.number, "width",
                            page.box.urx - page.box.llx, "height", page.box.ury - page.box.lly,
                            "rotate", page.rotate, "box", json_rect(&page.box)));
    }
    return g_steal_pointer(&list);
}

/* /Version of the catalogue where it is later than the header's (ISO 32000-1 §7.5.2). */
static char *
read_version(KysoPdfFile *file)
{
    char *version = kyso_qpdf_reader_version(file->reader);
    g_autofree char *later = kyso_qpdf_reader_name(
        file->reader, kyso_qpdf_reader_get(file->reader, file->root, "/Version"));

    if (later == NULL || strlen(later) != 4 || strcmp(later + 1, version) <= 0)
        return version;
    g_free(version);
    return g_strdup(later + 1);
}

static json_t *
inspection_result(Inspection *self, json_t *pages)
{
    g_autofree char *version = read_version(self->file);
    json_t *signatures = json_array();

    g_array_sort(self->signatures, compare_signatures);
    for (guint i = 0; i < self->signatures->len; i++)
        json_array_append(signatures, g_array_index(self->signatures, SignatureFact, i).entry);

    json_t *result = json_object();
    json_object_set_new(result, "size", json_integer(self->file->size));
    json_object_set_new(result, "version", json_text(version));
    json_object_set_new(result, "page_count", json_integer(self->file->page_count));
    json_object_set(result, "pages", pages);
    json_object_set_new(result, "signatures", signatures);
    json_object_set(result, "fields", self->fields);
    json_object_set_new(result, "has_proofs", json_boolean(kyso_pdf_proofs_exist(self->file)));
    json_object_set_new(
        result, "has_xfa",
        json_boolean(get(self, get(self, self->file->root, "/AcroForm"), "/XFA") != 0));
    json_object_set_new(result, "fields_complete", json_boolean(!self->is_cut));
    KysoQpdfSecurity security = kyso_qpdf_security_read(self->file->reader);
    json_object_set_new(result, "permissions",
                        json_pack("{s:b, s:b}", "sign", (int) security.may_sign, "add_fields",
                                  (int) security.may_add_fields));
    return result;
}

json_t *
kyso_pdf_inspect(KysoPdfFile *file, const gint64 *pages, guint n_pages, GError **error)
{
    g_autoptr(json_t) list = list_pages(file, pages, n_pages, error);
    if (list == NULL)
        return NULL;

    g_autoptr(json_t) fields = json_array();
    g_autoptr(GArray) signatures = g_array_new(FALSE, FALSE, sizeof(SignatureFact));
    g_array_set_clear_func(signatures, drop_signature);
    g_autoptr(GHashTable) page_ids = g_hash_table_new(NULL, NULL);
    Inspection self = {file,
                       signatures,
                       fields,
                       0,
                       FALSE,
                       page_ids,
                       KYSO_PDF_PAGES_MAX_STEPS,
                       KYSO_PDF_DIFFERENCE_BUDGET};

    if (!kyso_pdf_fields_walk(file, field_seen, &self))
        self.is_cut = TRUE;
    if (signatures->len > MAX_SIGNATURES) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                    "document has more than %d signatures", MAX_SIGNATURES);
        return NULL;
    }
    g_autoptr(json_t) result = inspection_result(&self, list);
    return kyso_pdf_file_check(file, error) ? g_steal_pointer(&result) : NULL;
}
