/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/form-change.h"

#include "agent/document/widget-change.h"

#include <string.h>

static gboolean
is_empty(KysoPdfFile *file, const KysoPdfField *field)
{
    if (field->value == 0)
        return TRUE;
    if (g_str_equal(field->type, "Btn"))
        return kyso_qpdf_reader_is_name(file->reader, field->value, "/Off");
    g_autofree char *text = kyso_qpdf_reader_text(file->reader, field->value);
    return !g_str_equal(field->type, "Sig") && text != NULL && text[0] == '\0';
}

static gboolean
is_timestamp(KysoPdfComparison *self, const KysoPdfField *field)
{
    return kyso_qpdf_reader_is_name(self->new->reader,
                                    kyso_pdf_comparison_get_new(self, field->value, "/SubFilter"),
                                    "/ETSI.RFC3161");
}

static gboolean
is_shown(KysoPdfComparison *self, const KysoPdfField *field)
{
    KysoPdfRect rect;

    return field->widget != 0 &&
           kyso_pdf_pages_read_rect(
               self->new, kyso_pdf_comparison_get_new(self, field->widget, "/Rect"), &rect) &&
           rect.urx > rect.llx && rect.ury > rect.lly;
}

/* By the signature's own word. A document timestamp proves when, says nothing, and is always
 * allowed where it does not show (ISO 32000-2 §12.8.2.2). */
static gboolean
check_permission(KysoPdfComparison *self, const KysoPdfField *field, gboolean is_timestamp_only)
{
    guint page = kyso_pdf_comparison_page_of(self, field->widget);

    if (is_timestamp_only)
        return TRUE;
    if (self->permission.level == 1) {
        kyso_pdf_comparison_add(self, KYSO_PDF_NOT_PERMITTED, page, field->name);
        return FALSE;
    }
    if (kyso_pdf_comparison_is_locked(self, field->name)) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FIELD_LOCKED, page, field->name);
        return FALSE;
    }
    return TRUE;
}

/* Fields that were there */

static gboolean
is_unchanged(KysoPdfComparison *self, const KysoPdfField *old, const KysoPdfField *new)
{
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old->object, new->object);

    return changed[0] == NULL && kyso_pdf_comparison_is_equal(self, old->object, new->object) &&
           kyso_pdf_comparison_is_equal(self, old->value, new->value) &&
           kyso_widget_change_is_unchanged(self, old, new);
}

static void
check_known_field(KysoPdfComparison *self, const KysoPdfField *old, const KysoPdfField *new)
{
    guint page = kyso_pdf_comparison_page_of(self, new->widget);
    gboolean is_signature = g_str_equal(old->type, "Sig");

    if (is_unchanged(self, old, new))
        return;
    if (kyso_pdf_fields_is_signed(old)) {
        kyso_pdf_comparison_add(self, KYSO_PDF_SIGNATURE_CHANGED, page, old->name);
        return;
    }
    if (!g_str_equal(old->type, new->type) ||
        !kyso_pdf_comparison_is_equal(self, old->object, new->object) ||
        !is_empty(self->old, old) || is_empty(self->new, new) ||
        !kyso_widget_change_is_filling(self, old, new)) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FIELD_CHANGED, page, old->name);
        return;
    }
    gboolean is_time = is_signature && is_timestamp(self, new);
    if (!check_permission(self, new, is_time && !is_shown(self, new)))
        return;
    if (!kyso_widget_change_is_modest(self, new) ||
        (!is_signature && !kyso_widget_change_is_harmless(self, old, new))) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FIELD_COVERS, page, old->name);
        return;
    }
    kyso_widget_change_explain(self, old);
    kyso_pdf_comparison_add(self,
                            is_time        ? KYSO_PDF_TIMESTAMP_ADDED
                            : is_signature ? KYSO_PDF_SIGNATURE_ADDED
                                           : KYSO_PDF_FIELD_FILLED,
                            page, old->name);
}

static void
check_known_fields(KysoPdfComparison *self)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, self->old_fields);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const KysoPdfField *new = g_hash_table_lookup(self->new_fields, name);
        if (new != NULL)
            check_known_field(self, value, new);
        else
            kyso_pdf_comparison_add(self, KYSO_PDF_FIELD_CHANGED, 0, name);
    }
}

/* New fields */

static gboolean
is_new_object(KysoPdfComparison *self, KysoQpdfValue value)
{
    KysoPdfTouch *touch = kyso_pdf_touched_get(self->pair, self->new, value);

    return touch != NULL && touch->old_generation < 0;
}

static void
check_new_field(KysoPdfComparison *self, const KysoPdfField *field)
{
    guint page = kyso_pdf_comparison_page_of(self, field->widget);
    gboolean is_signed = kyso_pdf_fields_is_signed(field);
    gboolean is_time = is_signed && is_timestamp(self, field);

    if (!g_str_equal(field->type, "Sig") || !is_new_object(self, field->object) ||
        field->n_widgets > 1 || !kyso_widget_change_is_plain(self, field) ||
        (!is_signed && !kyso_widget_change_is_blank(self, field))) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FORM_CHANGED, page, field->name);
        return;
    }
    if (!check_permission(self, field, is_time && !is_shown(self, field)))
        return;
    if (!is_signed && self->permission.level != 0) {
        kyso_pdf_comparison_add(self, KYSO_PDF_NOT_PERMITTED, page, field->name);
        return;
    }
    if (!kyso_widget_change_is_modest(self, field)) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FIELD_COVERS, page, field->name);
        return;
    }
    kyso_widget_change_keep(self, field);
    kyso_pdf_comparison_add(self,
                            is_time     ? KYSO_PDF_TIMESTAMP_ADDED
                            : is_signed ? KYSO_PDF_SIGNATURE_ADDED
                                        : KYSO_PDF_SIGNATURE_FIELD_ADDED,
                            page, field->name);
}

/* Two fields that share one signature would both show it as theirs. */
static void
check_values_apart(KysoPdfComparison *self)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer value;
    int id, generation;

    g_hash_table_iter_init(&iter, self->new_fields);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const KysoPdfField *field = value;
        if (kyso_pdf_fields_is_signed(field) &&
            kyso_qpdf_reader_reference(self->new->reader, field->value, &id, &generation) &&
            !g_hash_table_add(seen, GINT_TO_POINTER(id)))
            kyso_pdf_comparison_add(self, KYSO_PDF_SIGNATURE_CHANGED, 0, field->name);
    }
}

static void
check_new_fields(KysoPdfComparison *self)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, self->new_fields);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (!g_hash_table_contains(self->old_fields, name))
            check_new_field(self, value);
}

/* The form itself */

static gboolean
count_field(const KysoPdfField *field, gpointer user_data)
{
    (*(guint *) user_data)++;
    return TRUE;
}

/* Fields of one name: a reader may take either, and the rules above looked at the first only. */
static guint
count_namesakes(KysoPdfFile *file, GHashTable *fields)
{
    guint n = 0;

    kyso_pdf_fields_walk(file, count_field, &n);
    return n - g_hash_table_size(fields);
}

/* TRUE where the items of @old are the first of @new. */
static gboolean
is_longer_list(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    guint n = kyso_qpdf_reader_n_items(self->old->reader, old);

    if (kyso_qpdf_reader_n_items(self->new->reader, new) < n)
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (!kyso_pdf_comparison_is_equal(self, kyso_qpdf_reader_item(self->old->reader, old, i),
                                          kyso_qpdf_reader_item(self->new->reader, new, i)))
            return FALSE;
    return TRUE;
}

/* Fonts and the like may be added, none may change: filled fields are drawn with them. */
static gboolean
is_more_resources(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    g_auto(GStrv) categories = kyso_qpdf_reader_keys(self->old->reader, old);

    kyso_pdf_comparison_explain(self, old, 1);
    for (char **category = categories; *category != NULL; category++) {
        KysoQpdfValue a = kyso_pdf_comparison_get_old(self, old, *category);
        KysoQpdfValue b = kyso_pdf_comparison_get_new(self, new, *category);
        g_auto(GStrv) names = kyso_qpdf_reader_keys(self->old->reader, a);
        if (names[0] == NULL && !kyso_pdf_comparison_is_equal(self, a, b))
            return FALSE;
        for (char **name = names; *name != NULL; name++)
            if (!kyso_pdf_comparison_is_equal(self, kyso_pdf_comparison_get_old(self, a, *name),
                                              kyso_pdf_comparison_get_new(self, b, *name)))
                return FALSE;
        kyso_pdf_comparison_explain(self, a, 1);
    }
    return TRUE;
}

static gboolean
is_key_allowed(KysoPdfComparison *self, const char *key, KysoQpdfValue old, KysoQpdfValue new)
{
    gint64 old_flags = 0, new_flags = 0;

    if (g_str_equal(key, "/Fields"))
        return is_longer_list(self, old, new);
    if (g_str_equal(key, "/DR"))
        return is_more_resources(self, old, new);
    if (g_str_equal(key, "/DA"))
        return old == 0;
    if (g_str_equal(key, "/NeedAppearances"))
        return new == 0;
    if (!g_str_equal(key, "/SigFlags"))
        return FALSE;
    kyso_qpdf_reader_as_int(self->old->reader, old, &old_flags);
    return kyso_qpdf_reader_as_int(self->new->reader, new, &new_flags) &&
           (old_flags & ~new_flags) == 0 && new_flags <= 3;
}

static void
check_form(KysoPdfComparison *self)
{
    KysoQpdfValue old = kyso_pdf_comparison_get_old(self, self->old->root, "/AcroForm");
    KysoQpdfValue new = kyso_pdf_comparison_get_new(self, self->new->root, "/AcroForm");
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old, new);
    KysoQpdfValue old_list = kyso_pdf_comparison_get_old(self, old, "/Fields");
    KysoQpdfValue new_list = kyso_pdf_comparison_get_new(self, new, "/Fields");
    KysoQpdfValue old_resources = kyso_pdf_comparison_get_old(self, old, "/DR");
    gboolean is_allowed = is_longer_list(self, old_list, new_list);

    for (char **key = changed; *key != NULL; key++)
        is_allowed =
            is_allowed && is_key_allowed(self, *key, kyso_pdf_comparison_get_old(self, old, *key),
                                         kyso_pdf_comparison_get_new(self, new, *key));
    if (is_allowed && old_resources != 0)
        is_allowed =
            is_more_resources(self, old_resources, kyso_pdf_comparison_get_new(self, new, "/DR"));
    if (!is_allowed) {
        kyso_pdf_comparison_add(self, KYSO_PDF_FORM_CHANGED, 0, NULL);
        return;
    }
    kyso_pdf_comparison_explain(self, old, 1);
    kyso_pdf_comparison_explain(self, old_list, 1);
}

void
kyso_form_change_check(KysoPdfComparison *comparison)
{
    check_form(comparison);
    check_known_fields(comparison);
    check_new_fields(comparison);
    check_values_apart(comparison);
    if (count_namesakes(comparison->new, comparison->new_fields) >
        count_namesakes(comparison->old, comparison->old_fields))
        kyso_pdf_comparison_add(comparison, KYSO_PDF_FORM_CHANGED, 0, NULL);
}
