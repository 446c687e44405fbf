/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-comparison.h"

#include <string.h>

#define MAX_CHANGES 64
#define MAX_REFERENCES 16 /* of one signature */

static const char *const kind_names[] = {
    [KYSO_PDF_FIELD_FILLED] = "field_filled",
    [KYSO_PDF_SIGNATURE_ADDED] = "signature_added",
    [KYSO_PDF_SIGNATURE_FIELD_ADDED] = "signature_field_added",
    [KYSO_PDF_TIMESTAMP_ADDED] = "timestamp_added",
    [KYSO_PDF_VALIDATION_DATA_ADDED] = "validation_data_added",
    [KYSO_PDF_METADATA_CHANGED] = "metadata_changed",
    [KYSO_PDF_CONTENT_CHANGED] = "content_changed",
    [KYSO_PDF_PAGES_CHANGED] = "pages_changed",
    [KYSO_PDF_PAGE_BOX_CHANGED] = "page_box_changed",
    [KYSO_PDF_ANNOTATION_CHANGED] = "annotation_changed",
    [KYSO_PDF_FIELD_CHANGED] = "field_changed",
    [KYSO_PDF_FIELD_COVERS] = "field_covers",
    [KYSO_PDF_FIELD_LOCKED] = "field_locked",
    [KYSO_PDF_SIGNATURE_CHANGED] = "signature_changed",
    [KYSO_PDF_FORM_CHANGED] = "form_changed",
    [KYSO_PDF_CATALOGUE_CHANGED] = "catalogue_changed",
    [KYSO_PDF_NOT_PERMITTED] = "not_permitted",
    [KYSO_PDF_HIDDEN_DATA] = "hidden_data",
    [KYSO_PDF_OTHER_CHANGED] = "other_changed",
    [KYSO_PDF_REVISION_CUT] = "revision_cut",
    [KYSO_PDF_GAP_WRONG] = "gap_wrong",
    [KYSO_PDF_REVISION_UNREADABLE] = "revision_unreadable",
    [KYSO_PDF_TOO_LARGE] = "too_large",
};

const char *
kyso_pdf_comparison_kind_name(KysoPdfChangeKind kind)
{
    return kind_names[kind];
}

gboolean
kyso_pdf_comparison_is_allowed(KysoPdfChangeKind kind)
{
    return kind <= KYSO_PDF_METADATA_CHANGED;
}

static void
change_free(gpointer data)
{
    KysoPdfChange *change = data;

    g_free(change->field);
    g_free(change);
}

GPtrArray *
kyso_pdf_comparison_list_new(void)
{
    return g_ptr_array_new_with_free_func(change_free);
}

/* The list is cut where it gets long, but never so that only allowed changes are left in it. */
void
kyso_pdf_comparison_list_add(GPtrArray *list, KysoPdfChangeKind kind, guint page, const char *field)
{
    for (guint i = 0; i < list->len; i++) {
        KysoPdfChange *known = list->pdata[i];
        if (known->kind == kind && known->page == page && g_strcmp0(known->field, field) == 0)
            return;
    }
    if (list->len >= MAX_CHANGES && kyso_pdf_comparison_is_allowed(kind))
        return;
    if (list->len >= MAX_CHANGES)
        g_ptr_array_remove_index_fast(list, MAX_CHANGES - 1);

    KysoPdfChange *change = g_new0(KysoPdfChange, 1);
    change->kind = kind;
    change->page = page;
    change->field = g_strdup(field);
    g_ptr_array_add(list, change);
}

KysoPdfComparison *
kyso_pdf_comparison_new(KysoPdfTouched *pair)
{
    g_autoptr(KysoPdfComparison) self = g_new0(KysoPdfComparison, 1);

    self->pair = pair;
    self->old = pair->old;
    self->new = pair->new;
    self->permission.locked_names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->new_widgets = g_hash_table_new(NULL, NULL);
    self->changes = kyso_pdf_comparison_list_new();
    self->page_steps = KYSO_PDF_PAGES_MAX_STEPS;
    self->old_fields = kyso_pdf_fields_index(self->old, NULL);
    self->new_fields = kyso_pdf_fields_index(self->new, NULL);
    return self->old_fields != NULL && self->new_fields != NULL ? g_steal_pointer(&self) : NULL;
}

void
kyso_pdf_comparison_free(KysoPdfComparison *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->permission.locked_names);
    g_hash_table_unref(self->new_widgets);
    g_ptr_array_unref(self->changes);
    g_clear_pointer(&self->old_fields, g_hash_table_unref);
    g_clear_pointer(&self->new_fields, g_hash_table_unref);
    g_free(self);
}

void
kyso_pdf_comparison_add(KysoPdfComparison *self, KysoPdfChangeKind kind, guint page,
                        const char *field)
{
    kyso_pdf_comparison_list_add(self->changes, kind, page, field);
}

/* Permission */

/* FieldMDP's parameters and a field's /Lock have the same entries (ISO 32000-2 tables 236, 259).
 * An action that is not known locks everything. */
static void
read_lock(KysoPdfComparison *self, KysoQpdfValue lock)
{
    KysoQpdfReader *reader = self->old->reader;
    KysoPdfPermission *permission = &self->permission;
    KysoQpdfValue action = kyso_pdf_comparison_get_old(self, lock, "/Action");
    KysoQpdfValue names = kyso_pdf_comparison_get_old(self, lock, "/Fields");
    gboolean is_include = kyso_qpdf_reader_is_name(reader, action, "/Include");
    gboolean is_exclude = kyso_qpdf_reader_is_name(reader, action, "/Exclude");

    if (permission
            ->is_locking) { /* two locks: what either locks; all, to be sure, if they differ */
        is_exclude = FALSE;
        is_include = is_include && !permission->is_all_but;
    } else {
        permission->is_all_but = !is_include;
    }
    if (!is_include) {
        permission->is_all_but = TRUE;
        if (permission->is_locking)
            g_hash_table_remove_all(permission->locked_names);
    }
    permission->is_locking = TRUE;
    for (guint i = 0; (is_include || is_exclude) && i < kyso_qpdf_reader_n_items(reader, names);
         i++) {
        char *name = kyso_qpdf_reader_text(reader, kyso_qpdf_reader_item(reader, names, i));
        if (name != NULL)
            g_hash_table_add(permission->locked_names, name);
    }
}

static void
read_level(KysoPdfComparison *self, KysoQpdfValue parameters, gint64 otherwise)
{
    gint64 level = otherwise;

    kyso_qpdf_reader_as_int(self->old->reader, kyso_pdf_comparison_get_old(self, parameters, "/P"),
                            &level);
    if (level == 0)
        return;
    level = CLAMP(level, 1, 3);
    if (self->permission.level == 0 || level < self->permission.level)
        self->permission.level = level;
}

void
kyso_pdf_comparison_read_permission(KysoPdfComparison *self, KysoQpdfValue field,
                                    KysoQpdfValue signature)
{
    KysoQpdfReader *reader = self->old->reader;
    KysoQpdfValue references = kyso_pdf_comparison_get_old(self, signature, "/Reference");
    KysoQpdfValue lock = kyso_pdf_comparison_get_old(self, field, "/Lock");
    guint n = MIN(kyso_qpdf_reader_n_items(reader, references), MAX_REFERENCES);
    gboolean has_transform = FALSE;

    for (guint i = 0; i < n; i++) {
        KysoQpdfValue reference = kyso_qpdf_reader_item(reader, references, i);
        KysoQpdfValue method = kyso_pdf_comparison_get_old(self, reference, "/TransformMethod");
        KysoQpdfValue parameters = kyso_pdf_comparison_get_old(self, reference, "/TransformParams");
        if (kyso_qpdf_reader_is_name(reader, method, "/DocMDP"))
            read_level(self, parameters, 2);
        if (kyso_qpdf_reader_is_name(reader, method, "/FieldMDP")) {
            read_lock(self, parameters);
            has_transform = TRUE;
        }
    }
    if (lock == 0)
        return;
    if (!has_transform) /* else the same once more */
        read_lock(self, lock);
    read_level(self, lock, 0);
}

gboolean
kyso_pdf_comparison_is_locked(const KysoPdfComparison *self, const char *field)
{
    const KysoPdfPermission *permission = &self->permission;
    gboolean is_named = FALSE;
    GHashTableIter iter;
    gpointer name;

    if (!permission->is_locking)
        return FALSE;
    /* A name stands for the fields below it too. */
    g_hash_table_iter_init(&iter, permission->locked_names);
    while (!is_named && g_hash_table_iter_next(&iter, &name, NULL)) {
        gsize length = strlen(name);
        is_named =
            strncmp(field, name, length) == 0 && (field[length] == '\0' || field[length] == '.');
    }
    return is_named != permission->is_all_but;
}

/* Comparing */

KysoQpdfValue
kyso_pdf_comparison_get_old(KysoPdfComparison *self, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(self->old->reader, dictionary, key);
}

KysoQpdfValue
kyso_pdf_comparison_get_new(KysoPdfComparison *self, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(self->new->reader, dictionary, key);
}

gboolean
kyso_pdf_comparison_is_equal(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    g_autofree char *x = kyso_qpdf_reader_unparse(self->old->reader, old);
    g_autofree char *y = kyso_qpdf_reader_unparse(self->new->reader, new);

    return strcmp(x, y) == 0;
}

GStrv
kyso_pdf_comparison_changed_keys(KysoPdfComparison *self, KysoQpdfValue old, KysoQpdfValue new)
{
    g_auto(GStrv) old_keys = kyso_qpdf_reader_keys(self->old->reader, old);
    g_auto(GStrv) new_keys = kyso_qpdf_reader_keys(self->new->reader, new);
    g_autoptr(GStrvBuilder) changed = g_strv_builder_new();

    for (char **key = old_keys; *key != NULL; key++)
        if (!kyso_pdf_comparison_is_equal(self, kyso_pdf_comparison_get_old(self, old, *key),
                                          kyso_pdf_comparison_get_new(self, new, *key)))
            g_strv_builder_add(changed, *key);
    for (char **key = new_keys; *key != NULL; key++)
        if (!g_strv_contains((const char *const *) old_keys, *key) &&
            kyso_pdf_comparison_get_new(self, new, *key) != 0)
            g_strv_builder_add(changed, *key);
    return g_strv_builder_end(changed);
}

void
kyso_pdf_comparison_explain(KysoPdfComparison *self, KysoQpdfValue old, guint max_references)
{
    KysoPdfTouch *touch = kyso_pdf_touched_get(self->pair, self->old, old);

    if (touch != NULL && touch->n_references <= max_references)
        touch->is_explained = TRUE;
}

guint
kyso_pdf_comparison_page_of(KysoPdfComparison *self, KysoQpdfValue widget)
{
    KysoQpdfValue page = kyso_pdf_comparison_get_new(self, widget, "/P");

    return page == 0 ? 0 : kyso_pdf_pages_number(self->new, page, &self->page_steps);
}
