/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-increment.h"

#include "agent/document/pdf-encryption.h"
#include "ipc/base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

typedef struct {
    guint32 id;
    guint16 generation;
    goffset offset;
} Entry;

struct _KysoPdfIncrement {
    KysoPdfFile *file;
    guint32 next_id;
    GString *text;
    GArray *entries; /* Entry */
    KysoQpdfSecurity security;
    gsize clear; /* from here on the object begun last is not encrypted yet */
    GError *fault;
};

KysoPdfIncrement *
kyso_pdf_increment_new(KysoPdfFile *file)
{
    KysoPdfIncrement *self = g_new0(KysoPdfIncrement, 1);

    self->file = file;
    self->next_id = file->next_id;
    self->security = kyso_qpdf_security_read(file->reader);
    self->text = g_string_new("\n"); /* the old %%EOF may end without one */
    self->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    return self;
}

void
kyso_pdf_increment_free(KysoPdfIncrement *self)
{
    if (self == NULL)
        return;
    g_string_free(self->text, TRUE);
    g_array_unref(self->entries);
    g_clear_error(&self->fault);
    g_free(self);
}

guint32
kyso_pdf_increment_new_id(KysoPdfIncrement *self)
{
    return self->next_id++;
}

static void
add_entry(KysoPdfIncrement *self, guint32 id, int generation)
{
    Entry entry = {id, (guint16) generation, self->file->size + (goffset) self->text->len};

    g_array_append_val(self->entries, entry);
}

GString *
kyso_pdf_increment_begin(KysoPdfIncrement *self, guint32 id, int generation)
{
    add_entry(self, id, generation);
    g_string_append_printf(self->text, "%u %d obj\n", id, generation);
    self->clear = self->text->len;
    return self->text;
}

void
kyso_pdf_increment_encrypt(KysoPdfIncrement *self)
{
    const Entry *entry = &g_array_index(self->entries, Entry, self->entries->len - 1);

    if (self->fault == NULL)
        kyso_pdf_encryption_apply(self->file->reader, &self->security, entry->id, entry->generation,
                                  self->text, self->clear, &self->fault);
    self->clear = self->text->len;
}

void
kyso_pdf_increment_keep_clear(KysoPdfIncrement *self)
{
    self->clear = self->text->len;
}

void
kyso_pdf_increment_end(KysoPdfIncrement *self)
{
    kyso_pdf_increment_encrypt(self);
    g_string_append(self->text, "\nendobj\n");
}

/* Locale-proof: vi_VN writes a decimal comma. */
void
kyso_pdf_increment_put_number(GString *text, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(number, sizeof number, "%.3f", value);
    for (gsize n = strlen(number); n > 0 && (number[n - 1] == '0' || number[n - 1] == '.'); n--) {
        gboolean is_point = number[n - 1] == '.';
        number[n - 1] = '\0';
        if (is_point)
            break;
    }
    g_string_append(text, number);
}

void
kyso_pdf_increment_put_rect(GString *text, const double rect[4])
{
    for (guint i = 0; i < 4; i++) {
        g_string_append_c(text, i == 0 ? '[' : ' ');
        kyso_pdf_increment_put_number(text, rect[i]);
    }
    g_string_append_c(text, ']');
}

/* Text string type (ISO 32000-1 §7.9.2.2). */
void
kyso_pdf_increment_put_text(GString *text, const char *utf8)
{
    glong n = 0;
    g_autofree gunichar2 *units = g_utf8_to_utf16(utf8, -1, NULL, &n, NULL);

    g_string_append(text, "<FEFF");
    for (glong i = 0; i < n; i++)
        g_string_append_printf(text, "%04X", units[i]);
    g_string_append_c(text, '>');
}

void
kyso_pdf_increment_put_entries(GString *text, KysoQpdfReader *reader, KysoQpdfValue dictionary,
                               const char *const *skip)
{
    g_autofree char *entries = kyso_qpdf_reader_unparse_entries(reader, dictionary, skip);

    g_string_append(text, entries);
}

/* Same first half for all revisions, a fresh second half (ISO 32000-1 §14.4). */
static gboolean
put_file_id(KysoPdfIncrement *self, GString *trailer, GError **error)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue ids = kyso_qpdf_reader_get(reader, kyso_qpdf_reader_trailer(reader), "/ID");
    KysoQpdfValue first = kyso_qpdf_reader_item(reader, ids, 0);
    g_autoptr(GString) fresh = g_string_new("<");
    guint8 random[16];

    if (getrandom(random, sizeof random, 0) != (ssize_t) sizeof random) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "no random bytes");
        return FALSE;
    }
    for (guint i = 0; i < sizeof random; i++)
        g_string_append_printf(fresh, "%02x", random[i]);
    g_string_append_c(fresh, '>');

    g_autofree char *old = kyso_qpdf_reader_type(reader, first) == KYSO_QPDF_STRING
                               ? kyso_qpdf_reader_unparse(reader, first)
                               : g_strdup(fresh->str);
    g_string_append_printf(trailer, "/ID [%s %s] ", old, fresh->str);
    return TRUE;
}

/* All that the old trailer says, but what describes its own section and place in the chain. Its
 * strings are never encrypted, even those of /Encrypt, where that stands here. */
static gboolean
put_trailer_entries(KysoPdfIncrement *self, GString *trailer, GError **error)
{
    static const char *const own[] = {
        "/Size", "/Prev",  "/ID",      "/XRefStm",      "/Type",
        "/W",    "/Index", "/Filter",  "/Length",       "/DecodeParms",
        "/DL",   "/F",     "/FFilter", "/FDecodeParms", NULL};
    KysoQpdfReader *reader = self->file->reader;

    kyso_pdf_increment_put_entries(trailer, reader, kyso_qpdf_reader_trailer(reader), own);
    if (!put_file_id(self, trailer, error))
        return FALSE;
    g_string_append_printf(trailer, "/Prev %" G_GOFFSET_FORMAT " ", self->file->startxref);
    return TRUE;
}

static int
compare_entries(gconstpointer a, gconstpointer b)
{
    const Entry *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

/* The number of entries from @start on whose numbers follow each other. */
static guint
run_length(GArray *entries, guint start)
{
    guint n = 1;

    while (start + n < entries->len && g_array_index(entries, Entry, start + n).id ==
                                           g_array_index(entries, Entry, start).id + n)
        n++;
    return n;
}

/* A hostile form may name one object as two fields; what a reader would make of that is anybody's
 * guess. */
static gboolean
sort_entries(KysoPdfIncrement *self, GError **error)
{
    g_array_sort(self->entries, compare_entries);
    for (guint i = 1; i < self->entries->len; i++)
        if (g_array_index(self->entries, Entry, i).id ==
            g_array_index(self->entries, Entry, i - 1).id) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                        "object %u has two parts in the document",
                        g_array_index(self->entries, Entry, i).id);
            return FALSE;
        }
    return TRUE;
}

static void
put_table(KysoPdfIncrement *self, const char *trailer)
{
    GString *text = self->text;

    g_string_append(text, "xref\n");
    for (guint i = 0, n; i < self->entries->len; i += n) {
        n = run_length(self->entries, i);
        g_string_append_printf(text, "%u %u\n", g_array_index(self->entries, Entry, i).id, n);
        for (guint k = i; k < i + n; k++) {
            const Entry *entry = &g_array_index(self->entries, Entry, k);
            g_string_append_printf(text, "%010" G_GOFFSET_FORMAT " %05u n \n", entry->offset,
                                   entry->generation);
        }
    }
    g_string_append_printf(text, "trailer\n<< /Size %u %s>>\n", self->next_id, trailer);
}

static void
put_big_endian(GString *text, guint64 value, guint n_bytes)
{
    for (guint i = n_bytes; i > 0; i--)
        g_string_append_c(text, (char) (value >> (8 * (i - 1)) & 0xff));
}

/* The stream lists itself too; its entries are few, so it is not compressed. */
static void
put_stream(KysoPdfIncrement *self, guint32 id, const char *trailer)
{
    g_autoptr(GString) index = g_string_new(NULL);
    g_autoptr(GString) rows = g_string_new(NULL);

    for (guint i = 0, n; i < self->entries->len; i += n) {
        n = run_length(self->entries, i);
        g_string_append_printf(index, "%s%u %u", i == 0 ? "" : " ",
                               g_array_index(self->entries, Entry, i).id, n);
        for (guint k = i; k < i + n; k++) {
            const Entry *entry = &g_array_index(self->entries, Entry, k);
            put_big_endian(rows, 1, 1);
            put_big_endian(rows, (guint64) entry->offset, 4);
            put_big_endian(rows, entry->generation, 2);
        }
    }
    g_string_append_printf(self->text,
                           "%u 0 obj\n<< /Type /XRef /Size %u /W [1 4 2] /Index [%s] /Length %zu "
                           "%s>>\nstream\n",
                           id, self->next_id, index->str, rows->len, trailer);
    g_string_append_len(self->text, rows->str, (gssize) rows->len);
    g_string_append(self->text, "\nendstream\nendobj\n");
}

/* A hostile file may take a page for its encryption: written again, with its strings encrypted, it
 * would fit no password any more. */
static gboolean
check_encryption(KysoPdfIncrement *self, GError **error)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue encrypt =
        kyso_qpdf_reader_get(reader, kyso_qpdf_reader_trailer(reader), "/Encrypt");
    int id, generation;

    if (!kyso_qpdf_reader_reference(reader, encrypt, &id, &generation))
        return TRUE;
    for (guint i = 0; i < self->entries->len; i++)
        if (g_array_index(self->entries, Entry, i).id == (guint32) id) {
            g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                        "object %d is a part of the document and its encryption", id);
            return FALSE;
        }
    return TRUE;
}

GString *
kyso_pdf_increment_finish(KysoPdfIncrement *self, GError **error)
{
    g_autoptr(GString) trailer = g_string_new(NULL);
    goffset position = self->file->size + (goffset) self->text->len;

    if (self->fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->fault));
        return NULL;
    }
    if (!put_trailer_entries(self, trailer, error))
        return NULL;
    guint32 stream_id = 0;
    if (self->file->has_xref_stream) {
        stream_id = kyso_pdf_increment_new_id(self);
        add_entry(self, stream_id, 0);
    }
    if (!sort_entries(self, error) || !check_encryption(self, error))
        return NULL;
    if (self->file->has_xref_stream)
        put_stream(self, stream_id, trailer->str);
    else
        put_table(self, trailer->str);
    g_string_append_printf(self->text, "startxref\n%" G_GOFFSET_FORMAT "\n%%%%EOF\n", position);
    return self->text;
}
