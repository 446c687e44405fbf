/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-touched.h"

#include "agent/document/pdf-layout.h"
#include "agent/document/pdf-lexer.h"

#include <string.h>

#define MAX_TOUCHED 100000

/* Tables that all point at one long object would have it read again and again. */
#define MAX_LEXED_FACTOR 4

typedef struct {
    KysoPdfTouched *pair;
    const GArray *old_table, *new_table; /* KysoQpdfEntry */
    goffset lexed_left;
    gboolean is_hidden, is_unclear;
} Finding;

static KysoPdfTouch *
touch_of(Finding *self, int id)
{
    GHashTable *touched = self->pair->touched;
    KysoPdfTouch *touch = g_hash_table_lookup(touched, GINT_TO_POINTER(id));

    if (touch == NULL) {
        touch = g_new0(KysoPdfTouch, 1);
        touch->id = id;
        touch->old_generation = touch->new_generation = -1;
        g_hash_table_insert(touched, GINT_TO_POINTER(id), touch);
    }
    self->is_unclear |= g_hash_table_size(touched) > MAX_TOUCHED;
    return touch;
}

static int
compare_entries(const KysoQpdfEntry *a, const KysoQpdfEntry *b)
{
    return a->id != b->id ? (a->id < b->id ? -1 : 1)
                          : (a->generation > b->generation) - (a->generation < b->generation);
}

/* One object number with two generations at once cannot be: readers would choose differently. */
static void
take_entry(Finding *self, const KysoQpdfEntry *entry, gboolean is_old)
{
    KysoPdfTouch *touch = touch_of(self, entry->id);
    int *generation = is_old ? &touch->old_generation : &touch->new_generation;

    self->is_hidden |= *generation >= 0 && *generation != entry->generation;
    *generation = entry->generation;
}

static gboolean
is_alike(const KysoQpdfEntry *a, const KysoQpdfEntry *b, GHashTable *moved)
{
    return a->container == b->container && a->offset == b->offset &&
           !g_hash_table_contains(moved, GINT_TO_POINTER(a->container));
}

/* Walks both tables in step. @moved: containers that are known to differ. */
static void
compare_tables(Finding *self, GHashTable *moved)
{
    guint i = 0, j = 0;

    while (!self->is_unclear && (i < self->old_table->len || j < self->new_table->len)) {
        KysoQpdfEntry *a =
            i < self->old_table->len ? &g_array_index(self->old_table, KysoQpdfEntry, i) : NULL;
        KysoQpdfEntry *b =
            j < self->new_table->len ? &g_array_index(self->new_table, KysoQpdfEntry, j) : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : compare_entries(a, b);
        if (order != 0 || !is_alike(a, b, moved)) {
            if (order <= 0)
                take_entry(self, a, TRUE);
            if (order >= 0)
                take_entry(self, b, FALSE);
        }
        i += order <= 0;
        j += order >= 0;
    }
}

/* First what stands in the file itself, object streams among it, then what stands in those. */
static void
find_touched(Finding *self)
{
    g_autoptr(GHashTable) moved = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer id;

    compare_tables(self, moved);
    g_hash_table_iter_init(&iter, self->pair->touched);
    while (g_hash_table_iter_next(&iter, &id, NULL))
        g_hash_table_add(moved, id);
    g_hash_table_remove(moved, GINT_TO_POINTER(0)); /* container 0: none */
    compare_tables(self, moved);
}

/* Objects that stand in the appended part -> offset of the last one. FALSE: one of them twice in
 * one revision. */
static gboolean
index_placed(GArray *placed, GHashTable *last)
{
    for (guint i = 0; i < placed->len; i++) {
        KysoPdfPlaced *one = &g_array_index(placed, KysoPdfPlaced, i);
        KysoPdfPlaced *earlier = g_hash_table_lookup(last, GINT_TO_POINTER(one->id));
        if (earlier != NULL && earlier->revision == one->revision)
            return FALSE;
        g_hash_table_insert(last, GINT_TO_POINTER(one->id), one);
    }
    return TRUE;
}

/* What a table says of an object that it changed must be what stands last in the file, and must
 * stand in the appended part. */
static gboolean
is_placed(Finding *self, const KysoQpdfEntry *entry, GHashTable *last)
{
    int id = entry->container != 0 ? entry->container : entry->id;
    const KysoPdfPlaced *placed = g_hash_table_lookup(last, GINT_TO_POINTER(id));

    if (placed == NULL)
        return FALSE;
    if (entry->container != 0)
        return g_hash_table_contains(self->pair->touched, GINT_TO_POINTER(id));
    return placed->offset == entry->offset ||
           placed->offset == kyso_pdf_layout_start(self->pair->new, entry->offset);
}

static void
check_placed(Finding *self, GArray *placed)
{
    g_autoptr(GHashTable) last = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    self->is_hidden |= !index_placed(placed, last);
    for (guint i = 0; i < self->new_table->len && !self->is_hidden; i++) {
        KysoQpdfEntry *entry = &g_array_index(self->new_table, KysoQpdfEntry, i);
        gpointer id = GINT_TO_POINTER(entry->id);
        if (!g_hash_table_contains(self->pair->touched, id))
            continue;
        self->is_hidden |= !is_placed(self, entry, last);
        if (entry->container == 0)
            g_hash_table_add(known, id);
    }
    for (guint i = 0; i < placed->len && !self->is_hidden; i++) {
        KysoPdfPlaced *one = &g_array_index(placed, KysoPdfPlaced, i);
        self->is_hidden |= !one->is_xref && !g_hash_table_contains(known, GINT_TO_POINTER(one->id));
    }
}

/* References */

static void
count_reference(Finding *self, gint64 id)
{
    if (id <= 0 || id > G_MAXINT)
        return;
    KysoPdfTouch *touch = g_hash_table_lookup(self->pair->touched, GINT_TO_POINTER((int) id));
    if (touch != NULL)
        touch->n_references++;
}

/* Counts "n g R" up to the end of one object, or of everything where @is_stream. */
static void
count_references(Finding *self, KysoPdfLexer *lexer, gboolean is_stream)
{
    gint64 before_last = -1, last = -1; /* the two integers just read, or -1 */
    goffset start = kyso_pdf_lexer_tell(lexer);
    KysoPdfToken token;

    while (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_END) {
        if (token.type == KYSO_PDF_TOKEN_WORD) {
            if (before_last >= 0 && token.text[0] == 'R')
                count_reference(self, before_last);
            if (!is_stream && (strcmp(token.text, "stream") == 0 ||
                               strncmp(token.text, "endobj", strlen("endobj")) == 0))
                break;
        }
        before_last = token.type == KYSO_PDF_TOKEN_INTEGER ? last : -1;
        last = token.type == KYSO_PDF_TOKEN_INTEGER ? token.integer : -1;
    }
    self->lexed_left -= kyso_pdf_lexer_tell(lexer) - start;
    self->is_unclear |= self->lexed_left < 0;
}

static void
count_in_container(Finding *self, int id)
{
    KysoQpdfReader *reader = self->pair->old->reader;
    g_autoptr(GBytes) bytes =
        kyso_qpdf_reader_stream_decoded(reader, kyso_qpdf_reader_object(reader, id, 0));

    if (bytes == NULL) {
        self->is_unclear = TRUE;
        return;
    }
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new_memory(data, size);
    self->lexed_left += (goffset) size; /* each container is read once */
    count_references(self, lexer, TRUE);
}

/* In every object of the old revision. A reference to nothing is harmless until something is put
 * there; an object used in two places is changed in both. */
static void
count_all_references(Finding *self)
{
    KysoPdfFile *old = self->pair->old;
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new(old->fd, 0, old->size);
    g_autoptr(GHashTable) containers = g_hash_table_new(NULL, NULL);

    self->lexed_left = MAX_LEXED_FACTOR * old->size;
    for (guint i = 0; i < self->old_table->len && !self->is_unclear; i++) {
        KysoQpdfEntry *entry = &g_array_index(self->old_table, KysoQpdfEntry, i);
        if (entry->container != 0) {
            if (g_hash_table_add(containers, GINT_TO_POINTER(entry->container)))
                count_in_container(self, entry->container);
            continue;
        }
        kyso_pdf_lexer_seek(lexer, entry->offset);
        count_references(self, lexer, FALSE);
    }
}

/* The tables of a later revision: all that they place in the earlier part must stand there in the
 * earlier table too, else it is a part of the file that nobody looked at when signing. */
static KysoPdfTouchedResult
find(Finding *self)
{
    g_autoptr(GArray) placed = kyso_pdf_layout_read(self->pair->new, self->pair->old->size);

    if (placed == NULL)
        return KYSO_PDF_TOUCHED_HIDDEN;
    find_touched(self);
    if (!self->is_unclear)
        check_placed(self, placed);
    if (!self->is_unclear && !self->is_hidden)
        count_all_references(self);
    return self->is_hidden    ? KYSO_PDF_TOUCHED_HIDDEN
           : self->is_unclear ? KYSO_PDF_TOUCHED_UNCLEAR
                              : KYSO_PDF_TOUCHED_FINE;
}

KysoPdfTouchedResult
kyso_pdf_touched_find(KysoPdfFile *old, KysoPdfFile *new, KysoPdfTouched **ret)
{
    g_autoptr(KysoPdfTouched) pair = g_new0(KysoPdfTouched, 1);
    Finding finding = {
        pair, kyso_qpdf_reader_table(old->reader), kyso_qpdf_reader_table(new->reader), 0, FALSE,
        FALSE};

    pair->old = old;
    pair->new = new;
    pair->touched = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    KysoPdfTouchedResult result = find(&finding);
    if (result == KYSO_PDF_TOUCHED_FINE)
        *ret = g_steal_pointer(&pair);
    return result;
}

void
kyso_pdf_touched_free(KysoPdfTouched *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->touched);
    g_free(self);
}

KysoPdfTouch *
kyso_pdf_touched_get(KysoPdfTouched *self, KysoPdfFile *file, KysoQpdfValue value)
{
    int id, generation;

    if (!kyso_qpdf_reader_reference(file->reader, value, &id, &generation))
        return NULL;
    return g_hash_table_lookup(self->touched, GINT_TO_POINTER(id));
}

static KysoQpdfValue
object_at(KysoPdfFile *file, int id, int generation)
{
    return generation < 0 ? 0 : kyso_qpdf_reader_object(file->reader, id, generation);
}

KysoQpdfValue
kyso_pdf_touched_old(KysoPdfTouched *self, const KysoPdfTouch *touch)
{
    return object_at(self->old, touch->id, touch->old_generation);
}

KysoQpdfValue
kyso_pdf_touched_new(KysoPdfTouched *self, const KysoPdfTouch *touch)
{
    return object_at(self->new, touch->id, touch->new_generation);
}

static gboolean
is_same_stream(KysoPdfTouched *self, KysoQpdfValue a, KysoQpdfValue b)
{
    static const char *const nothing[] = {NULL};
    g_autofree char *x = kyso_qpdf_reader_unparse_entries(self->old->reader, a, nothing);
    g_autofree char *y = kyso_qpdf_reader_unparse_entries(self->new->reader, b, nothing);

    if (strcmp(x, y) != 0)
        return FALSE;
    g_autoptr(GBytes) p = kyso_qpdf_reader_stream(self->old->reader, a);
    g_autoptr(GBytes) q = kyso_qpdf_reader_stream(self->new->reader, b);
    return p != NULL && q != NULL && g_bytes_equal(p, q);
}

gboolean
kyso_pdf_touched_is_same(KysoPdfTouched *self, const KysoPdfTouch *touch)
{
    KysoQpdfValue a = kyso_pdf_touched_old(self, touch), b = kyso_pdf_touched_new(self, touch);
    gboolean is_stream = kyso_qpdf_reader_type(self->old->reader, a) == KYSO_QPDF_STREAM;

    if (touch->old_generation != touch->new_generation)
        return FALSE;
    if (is_stream != (kyso_qpdf_reader_type(self->new->reader, b) == KYSO_QPDF_STREAM))
        return FALSE;
    if (is_stream)
        return is_same_stream(self, a, b);
    g_autofree char *x = kyso_qpdf_reader_unparse_resolved(self->old->reader, a);
    g_autofree char *y = kyso_qpdf_reader_unparse_resolved(self->new->reader, b);
    return strcmp(x, y) == 0;
}
