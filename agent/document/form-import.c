/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/form-import.h"

#include "agent/document/font-strip.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define MAX_DEPTH 32

typedef struct {
    KysoPdfIncrement *increment;
    KysoQpdfReader *reader;
    GHashTable *ids; /* number in the drawing -> number in the increment */
    GQueue waiting;  /* KysoQpdfValue: indirect objects still to be copied */
} Import;

static guint32
import_id(Import *import, KysoQpdfValue value, int old_id)
{
    gpointer known = g_hash_table_lookup(import->ids, GINT_TO_POINTER(old_id));

    if (known != NULL)
        return GPOINTER_TO_UINT(known);
    guint32 id = kyso_pdf_increment_new_id(import->increment);
    g_hash_table_insert(import->ids, GINT_TO_POINTER(old_id), GUINT_TO_POINTER(id));
    g_queue_push_tail(&import->waiting, GUINT_TO_POINTER(value));
    return id;
}

static void put_body(Import *import, GString *text, KysoQpdfValue value, guint depth);

static void
put_value(Import *import, GString *text, KysoQpdfValue value, guint depth)
{
    int id, generation;

    if (kyso_qpdf_reader_reference(import->reader, value, &id, &generation))
        g_string_append_printf(text, "%u 0 R", import_id(import, value, id));
    else
        put_body(import, text, value, depth);
}

static void
put_entry(Import *import, GString *text, KysoQpdfValue dictionary, const char *key, guint depth)
{
    KysoQpdfValue value = kyso_qpdf_reader_get(import->reader, dictionary, key);

    if (value == 0)
        return;
    g_autofree char *name = kyso_qpdf_reader_escape_name(key);
    g_string_append_printf(text, "%s ", name);
    put_value(import, text, value, depth);
    g_string_append_c(text, ' ');
}

/* All but what is written anew of a stream: /Length, and the /Length1 of a font. */
static void
put_entries(Import *import, GString *text, KysoQpdfValue dictionary, gboolean is_stream,
            guint depth)
{
    static const char *const own[] = {"/Length", "/Length1", NULL};
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(import->reader, dictionary);

    for (char **key = keys; *key != NULL; key++)
        if (!is_stream || !g_strv_contains(own, *key))
            put_entry(import, text, dictionary, *key, depth);
}

static void
put_body(Import *import, GString *text, KysoQpdfValue value, guint depth)
{
    KysoQpdfType type = kyso_qpdf_reader_type(import->reader, value);

    if (depth > MAX_DEPTH) {
        g_string_append(text, "null");
    } else if (type == KYSO_QPDF_DICTIONARY) {
        g_string_append(text, "<< ");
        put_entries(import, text, value, FALSE, depth + 1);
        g_string_append(text, ">>");
    } else if (type == KYSO_QPDF_ARRAY) {
        guint n = kyso_qpdf_reader_n_items(import->reader, value);
        g_string_append(text, "[ ");
        for (guint i = 0; i < n; i++) {
            put_value(import, text, kyso_qpdf_reader_item(import->reader, value, i), depth + 1);
            g_string_append_c(text, ' ');
        }
        g_string_append_c(text, ']');
    } else {
        g_autofree char *scalar = kyso_qpdf_reader_unparse_resolved(import->reader, value);
        g_string_append(text, scalar);
    }
}

/* The bytes of @stream; of a font, which has /Length1, without hinting. NULL: no stream. */
static GBytes *
stream_bytes(Import *import, KysoQpdfValue stream, gint64 *ret_length1)
{
    GBytes *bytes = kyso_qpdf_reader_stream(import->reader, stream);
    KysoQpdfValue length1 = kyso_qpdf_reader_get(import->reader, stream, "/Length1");
    gsize stripped_length;

    *ret_length1 = 0;
    if (bytes == NULL || !kyso_qpdf_reader_as_int(import->reader, length1, ret_length1))
        return bytes;
    GBytes *stripped = kyso_font_strip(bytes, &stripped_length);
    if (stripped == NULL)
        return bytes;
    g_bytes_unref(bytes);
    *ret_length1 = (gint64) stripped_length;
    return stripped;
}

/* Writes stream @id: @head, then what @stream's dictionary says, and its bytes. */
static gboolean
put_stream(Import *import, guint32 id, const char *head, KysoQpdfValue stream, GError **error)
{
    gint64 length1;
    g_autoptr(GBytes) bytes = stream_bytes(import, stream, &length1);
    g_autoptr(GString) entries = g_string_new(head);

    if (bytes == NULL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "drawing has no stream");
        return FALSE;
    }
    put_entries(import, entries, stream, TRUE, 0);
    if (length1 > 0)
        g_string_append_printf(entries, "/Length1 %" G_GINT64_FORMAT " ", length1);

    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    GString *text = kyso_pdf_increment_begin(import->increment, id, 0);
    g_string_append_printf(text, "<< %s/Length %zu >>\nstream\n", entries->str, size);
    g_string_append_len(text, data, (gssize) size);
    g_string_append(text, "\nendstream");
    kyso_pdf_increment_end(import->increment);
    return TRUE;
}

static gboolean
put_waiting(Import *import, GError **error)
{
    while (!g_queue_is_empty(&import->waiting)) {
        KysoQpdfValue value = GPOINTER_TO_UINT(g_queue_pop_head(&import->waiting));
        int old_id = 0, generation;
        kyso_qpdf_reader_reference(import->reader, value, &old_id, &generation);
        guint32 id = GPOINTER_TO_UINT(g_hash_table_lookup(import->ids, GINT_TO_POINTER(old_id)));

        if (kyso_qpdf_reader_type(import->reader, value) == KYSO_QPDF_STREAM) {
            if (!put_stream(import, id, "", value, error))
                return FALSE;
            continue;
        }
        g_autoptr(GString) body = g_string_new(NULL);
        put_body(import, body, value, 0);
        g_string_append(kyso_pdf_increment_begin(import->increment, id, 0), body->str);
        kyso_pdf_increment_end(import->increment);
    }
    return TRUE;
}

void
kyso_form_import_sides(const KysoForm *form, double *ret_width, double *ret_height)
{
    gboolean is_lying = form->rotate % 180 != 0;

    *ret_width = is_lying ? form->height : form->width;
    *ret_height = is_lying ? form->width : form->height;
}

/* The /Matrix turns the drawing against the page's own turn and shifts it back into its box
 * (ISO 32000-1 §12.5.5, algorithm 8.1). */
static void
put_form_head(GString *text, const KysoForm *form)
{
    double width, height;

    kyso_form_import_sides(form, &width, &height);
    g_string_append(text, "/Type /XObject /Subtype /Form /BBox ");
    kyso_pdf_increment_put_rect(text, (double[]){0, 0, width, height});
    g_string_append_c(text, ' ');
    if (form->rotate == 0)
        return;

    g_string_append(text, form->rotate == 90    ? "/Matrix [0 1 -1 0 "
                          : form->rotate == 180 ? "/Matrix [-1 0 0 -1 "
                                                : "/Matrix [0 -1 1 0 ");
    kyso_pdf_increment_put_number(text, form->rotate == 270 ? 0 : form->width);
    g_string_append_c(text, ' ');
    kyso_pdf_increment_put_number(text, form->rotate == 90 ? 0 : form->height);
    g_string_append(text, "] ");
}

static gboolean
import_page(Import *import, KysoQpdfValue page, const KysoForm *form, GError **error)
{
    g_autoptr(GString) head = g_string_new(NULL);

    put_form_head(head, form);
    put_entry(import, head, page, "/Resources", 0);
    put_entry(import, head, page, "/Group", 0);
    return put_stream(import, form->id, head->str,
                      kyso_qpdf_reader_get(import->reader, page, "/Contents"), error);
}

static gboolean
import_pages(Import *import, const KysoForm *forms, guint n_forms, GError **error)
{
    KysoQpdfReader *reader = import->reader;
    KysoQpdfValue pages = kyso_qpdf_reader_get(reader, kyso_qpdf_reader_root(reader), "/Pages");
    KysoQpdfValue kids = kyso_qpdf_reader_get(reader, pages, "/Kids");

    for (guint i = 0; i < n_forms; i++)
        if (!import_page(import, kyso_qpdf_reader_item(reader, kids, i), &forms[i], error))
            return FALSE;
    return put_waiting(import, error) && kyso_qpdf_reader_check(reader, error);
}

gboolean
kyso_form_import(KysoPdfIncrement *increment, GBytes *pdf, const KysoForm *forms, guint n_forms,
                 GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(pdf, &size);
    g_auto(KysoFd) fd = kyso_fd_new_memory("drawing", data, size, error);
    if (fd < 0)
        return FALSE;

    g_autoptr(KysoQpdfReader) reader = kyso_qpdf_reader_open(fd, (goffset) size, error);
    if (reader == NULL)
        return FALSE;

    g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);
    Import import = {increment, reader, ids, G_QUEUE_INIT};
    gboolean is_done = import_pages(&import, forms, n_forms, error);
    g_queue_clear(&import.waiting);
    return is_done;
}

void
kyso_form_import_empty(KysoPdfIncrement *increment, const KysoForm *form)
{
    g_autoptr(GString) head = g_string_new(NULL);

    put_form_head(head, form);
    g_string_append_printf(kyso_pdf_increment_begin(increment, form->id, 0),
                           "<< %s/Resources << >> /Length 12 >>\nstream\n/Tx BMC\nEMC\n\nendstream",
                           head->str);
    kyso_pdf_increment_end(increment);
}
