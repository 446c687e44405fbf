/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/widget-change.h"

#include <string.h>

#include "agent/document/field-cover.h"
#include "agent/document/fill-drawing.h"

/* Annotation flags that change nothing to see: print, read only, locked, contents locked. And of
 * a field: read only (ISO 32000-2 tables 167, 227). */
#define HARMLESS_F ((gint64) (4 | 64 | 128 | 512))
#define HARMLESS_FF ((gint64) KYSO_PDF_FIELD_READ_ONLY)

#define MAX_STATES 64

static KysoQpdfValue
widget_of(KysoPdfFile *file, const KysoPdfField *field, guint index)
{
    KysoQpdfValue kids = kyso_qpdf_reader_get(file->reader, field->object, "/Kids");

    return kids != 0 ? kyso_qpdf_reader_item(file->reader, kids, index) : field->widget;
}

/* Runs over the objects that make up the appearance @value of the old revision. */
typedef gboolean (*PartSeen)(KysoPdfComparison *self, KysoQpdfValue part);

static gboolean
walk_appearance(KysoPdfComparison *self, KysoQpdfValue value, guint depth, PartSeen seen)
{
    KysoQpdfReader *reader = self->old->reader;

    if (!seen(self, value))
        return FALSE;
    if (depth >= 2 || kyso_qpdf_reader_type(reader, value) != KYSO_QPDF_DICTIONARY)
        return TRUE;
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(reader, value);
    for (guint i = 0; keys[i] != NULL && i < MAX_STATES; i++)
        if (!walk_appearance(self, kyso_pdf_comparison_get_old(self, value, keys[i]), depth + 1,
                             seen))
            return FALSE;
    return TRUE;
}

static gboolean
part_is_same(KysoPdfComparison *self, KysoQpdfValue part)
{
    KysoPdfTouch *touch = kyso_pdf_touched_get(self->pair, self->old, part);

    return touch == NULL || kyso_pdf_touched_is_same(self->pair, touch);
}

static gboolean
part_is_explained(KysoPdfComparison *self, KysoQpdfValue part)
{
    kyso_pdf_comparison_explain(self, part, 1);
    return TRUE;
}

gboolean
kyso_widget_change_is_unchanged(KysoPdfComparison *self, const KysoPdfField *old,
                                const KysoPdfField *new)
{
    if (old->n_widgets != new->n_widgets)
        return FALSE;
    for (guint i = 0; i < old->n_widgets; i++) {
        KysoQpdfValue a = widget_of(self->old, old, i), b = widget_of(self->new, new, i);
        g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, a, b);
        if (changed[0] != NULL ||
            !walk_appearance(self, kyso_pdf_comparison_get_old(self, a, "/AP"), 0, part_is_same))
            return FALSE;
    }
    return TRUE;
}

/* TRUE where flags were only added, and only harmless ones. */
static gboolean
is_harmless(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new, gint64 harmless)
{
    gint64 a = 0, b = 0;

    kyso_qpdf_reader_as_int(self->old->reader, old, &a);
    kyso_qpdf_reader_as_int(self->new->reader, new, &b);
    return (a & ~b) == 0 && (b & ~a & ~harmless) == 0;
}

static gboolean
is_filled(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    static const char *const filled[] = {"/V", "/AP", "/AS", "/DA", "/Q", "/M", NULL};
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old, new);

    for (char **key = changed; *key != NULL; key++) {
        KysoQpdfValue a = kyso_pdf_comparison_get_old(self, old, *key);
        KysoQpdfValue b = kyso_pdf_comparison_get_new(self, new, *key);
        gboolean is_allowed = g_str_equal(*key, "/F")    ? is_harmless(self, a, b, HARMLESS_F)
                              : g_str_equal(*key, "/Ff") ? is_harmless(self, a, b, HARMLESS_FF)
                                                         : g_strv_contains(filled, *key);
        if (!is_allowed)
            return FALSE;
    }
    return TRUE;
}

gboolean
kyso_widget_change_is_filling(KysoPdfComparison *self, const KysoPdfField *old,
                              const KysoPdfField *new)
{
    if (old->n_widgets != new->n_widgets || !is_filled(self, old->object, new->object))
        return FALSE;
    for (guint i = 0; i < old->n_widgets; i++)
        if (!is_filled(self, widget_of(self->old, old, i), widget_of(self->new, new, i)))
            return FALSE;
    return TRUE;
}

gboolean
kyso_widget_change_is_harmless(KysoPdfComparison *self, const KysoPdfField *old,
                               const KysoPdfField *new)
{
    gboolean is_button = g_str_equal(old->type, "Btn");

    for (guint i = 0; i < new->n_widgets; i++) {
        KysoQpdfValue a = kyso_pdf_comparison_get_old(self, widget_of(self->old, old, i), "/AP");
        KysoQpdfValue b = kyso_pdf_comparison_get_new(self, widget_of(self->new, new, i), "/AP");
        gboolean is_fine = is_button ? kyso_pdf_comparison_is_equal(self, a, b) &&
                                           walk_appearance(self, a, 0, part_is_same)
                                     : kyso_fill_drawing_is_text(self->new, b);
        if (!is_fine)
            return FALSE;
    }
    return TRUE;
}

void
kyso_widget_change_explain(KysoPdfComparison *self, const KysoPdfField *old)
{
    kyso_pdf_comparison_explain(self, old->object, G_MAXUINT);
    for (guint i = 0; i < old->n_widgets; i++) {
        KysoQpdfValue widget = widget_of(self->old, old, i);
        kyso_pdf_comparison_explain(self, widget, G_MAXUINT);
        walk_appearance(self, kyso_pdf_comparison_get_old(self, widget, "/AP"), 0,
                        part_is_explained);
    }
}

static gboolean
has_only_plain_keys(KysoPdfComparison *self, KysoQpdfValue dictionary)
{
    static const char *const plain[] = {
        "/Type", "/Subtype", "/FT",   "/T",        "/TU",   "/TM", "/V",      "/F",
        "/Ff",   "/Rect",    "/P",    "/AP",       "/AS",   "/MK", "/BS",     "/Border",
        "/DA",   "/DR",      "/M",    "/NM",       "/Lock", "/SV", "/Parent", "/Kids",
        "/Q",    "/H",       "/Lang", "/Contents", "/C",    NULL};
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(self->new->reader, dictionary);

    for (char **key = keys; *key != NULL; key++)
        if (!g_strv_contains(plain, *key))
            return FALSE;
    return TRUE;
}

gboolean
kyso_widget_change_is_plain(KysoPdfComparison *self, const KysoPdfField *field)
{
    return has_only_plain_keys(self, field->object) &&
           (field->widget == 0 || has_only_plain_keys(self, field->widget));
}

gboolean
kyso_widget_change_is_blank(KysoPdfComparison *self, const KysoPdfField *field)
{
    KysoQpdfValue appearance = kyso_pdf_comparison_get_new(self, field->widget, "/AP");
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(self->new->reader, appearance);

    for (char **key = keys; *key != NULL; key++) {
        g_autoptr(GBytes) drawing = kyso_qpdf_reader_stream(
            self->new->reader, kyso_pdf_comparison_get_new(self, appearance, *key));
        if (drawing == NULL || g_bytes_get_size(drawing) > 0)
            return FALSE;
    }
    return TRUE;
}

void
kyso_widget_change_keep(KysoPdfComparison *self, const KysoPdfField *field)
{
    int id, generation;

    if (kyso_qpdf_reader_reference(self->new->reader, field->widget, &id, &generation))
        g_hash_table_insert(self->new_widgets, GINT_TO_POINTER(id),
                            GUINT_TO_POINTER(field->widget));
}

/* Places */

static gboolean
covers(KysoPdfComparison *self, const KysoPdfRect *rect, KysoQpdfValue page,
       const KysoPdfField *old)
{
    KysoPdfRect other;

    if (old->value == 0 || old->widget == 0 ||
        !kyso_pdf_pages_read_rect(
            self->old, kyso_pdf_comparison_get_old(self, old->widget, "/Rect"), &other) ||
        !kyso_pdf_comparison_is_equal(self, kyso_pdf_comparison_get_old(self, old->widget, "/P"),
                                      page))
        return FALSE;
    return kyso_field_cover_hides(rect, &other, g_str_equal(old->type, "Sig"));
}

static gboolean
is_modest_widget(KysoPdfComparison *self, KysoQpdfValue widget, const char *name)
{
    KysoQpdfValue page = kyso_pdf_comparison_get_new(self, widget, "/P");
    GHashTableIter iter;
    gpointer other_name, other;
    KysoPdfRect rect;

    if (widget == 0 || !kyso_pdf_pages_read_rect(
                           self->new, kyso_pdf_comparison_get_new(self, widget, "/Rect"), &rect))
        return TRUE;
    KysoPdfPage shown = kyso_field_cover_page(self->new, widget, &self->page_steps);
    if (!kyso_field_cover_is_small(&rect, &shown))
        return FALSE;
    g_hash_table_iter_init(&iter, self->old_fields);
    while (g_hash_table_iter_next(&iter, &other_name, &other))
        if (strcmp(other_name, name) != 0 && covers(self, &rect, page, other))
            return FALSE;
    return TRUE;
}

gboolean
kyso_widget_change_is_modest(KysoPdfComparison *self, const KysoPdfField *field)
{
    for (guint i = 0; i < MAX(field->n_widgets, 1); i++)
        if (!is_modest_widget(self, widget_of(self->new, field, i), field->name))
            return FALSE;
    return TRUE;
}
