/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-difference.h"

#include "agent/document/catalogue-change.h"
#include "agent/document/form-change.h"
#include "agent/document/page-change.h"
#include "agent/document/pdf-layout.h"

#include <string.h>

#define MAX_FIELD 128 /* bytes of a field's name in the answer */

typedef struct {
    KysoPdfFile *file;
    const KysoPdfField *field;
    gint64 range[4];
    GPtrArray *changes; /* KysoPdfChange */
} Difference;

static void
add(Difference *self, KysoPdfChangeKind kind)
{
    kyso_pdf_comparison_list_add(self->changes, kind, 0, NULL);
}

/* The signature must have been there, in this field, when it was made. Its object is looked up in
 * the revision that it covers; an update can have moved it. */
static const KysoPdfField *
find_in_revision(Difference *self, KysoPdfFile *old, GHashTable *fields)
{
    const KysoPdfField *field = g_hash_table_lookup(fields, self->field->name);
    int id, generation, old_id, old_generation;

    if (field == NULL || !kyso_pdf_fields_is_signed(field) ||
        !kyso_qpdf_reader_reference(self->file->reader, self->field->value, &id, &generation) ||
        !kyso_qpdf_reader_reference(old->reader, field->value, &old_id, &old_generation) ||
        id != old_id || generation != old_generation)
        return NULL;
    return field;
}

static gboolean
has_gap(Difference *self, KysoPdfFile *old, const KysoPdfField *field)
{
    int id, generation;

    if (!kyso_qpdf_reader_reference(old->reader, field->value, &id, &generation))
        return FALSE;
    const KysoQpdfEntry *entry = kyso_qpdf_reader_find_entry(old->reader, id, generation);
    return entry != NULL && entry->container == 0 &&
           kyso_pdf_layout_has_gap(old, entry->offset, self->range);
}

static void
take_changes(Difference *self, const KysoPdfComparison *comparison)
{
    for (guint i = 0; i < comparison->changes->len; i++) {
        const KysoPdfChange *change = comparison->changes->pdata[i];
        kyso_pdf_comparison_list_add(self->changes, change->kind, change->page, change->field);
    }
}

static void
compare(Difference *self, KysoPdfFile *old)
{
    g_autoptr(KysoPdfTouched) pair = NULL;
    KysoPdfTouchedResult result = kyso_pdf_touched_find(old, self->file, &pair);

    if (result != KYSO_PDF_TOUCHED_FINE) {
        add(self, result == KYSO_PDF_TOUCHED_HIDDEN ? KYSO_PDF_HIDDEN_DATA : KYSO_PDF_TOO_LARGE);
        return;
    }
    g_autoptr(KysoPdfComparison) comparison = kyso_pdf_comparison_new(pair);
    if (comparison == NULL) {
        add(self, KYSO_PDF_TOO_LARGE);
        return;
    }
    const KysoPdfField *field = find_in_revision(self, old, comparison->old_fields);
    if (field == NULL || !has_gap(self, old, field)) {
        add(self, KYSO_PDF_GAP_WRONG);
        return;
    }
    kyso_pdf_comparison_read_permission(comparison, field->object, field->value);
    kyso_catalogue_change_check(comparison);
    kyso_form_change_check(comparison);
    kyso_page_change_check(comparison);
    kyso_page_change_blame(comparison);
    take_changes(self, comparison);
}

static void
find(Difference *self)
{
    goffset end = self->range[2] + self->range[3];

    if (self->range[0] != 0 || end > self->file->size) {
        add(self, KYSO_PDF_GAP_WRONG);
        return;
    }
    if (end == self->file->size) {
        if (!has_gap(self, self->file, self->field))
            add(self, KYSO_PDF_GAP_WRONG);
        return;
    }
    if (!kyso_pdf_layout_is_end(self->file, end)) {
        add(self, KYSO_PDF_REVISION_CUT);
        return;
    }
    g_autoptr(KysoPdfFile) old = kyso_pdf_file_open_part(self->file->fd, end, NULL);
    if (old == NULL) {
        add(self, KYSO_PDF_REVISION_UNREADABLE);
        return;
    }
    compare(self, old);
    if (!kyso_pdf_file_check(old, NULL))
        add(self, KYSO_PDF_REVISION_UNREADABLE);
}

static const char *
status_of(Difference *self)
{
    gboolean is_changed = FALSE, is_unclear = FALSE;

    for (guint i = 0; i < self->changes->len; i++) {
        const KysoPdfChange *change = self->changes->pdata[i];
        gboolean says_nothing = change->kind >= KYSO_PDF_REVISION_UNREADABLE;
        is_unclear |= says_nothing;
        is_changed |= !says_nothing && !kyso_pdf_comparison_is_allowed(change->kind);
    }
    return is_changed                                           ? "changed"
           : is_unclear                                         ? "unclear"
           : self->range[2] + self->range[3] < self->file->size ? "allowed"
                                                                : "none";
}

/* What is not allowed first, then by page: the list may be cut, and hash tables have no order. */
static int
compare_changes(gconstpointer a, gconstpointer b)
{
    const KysoPdfChange *x = *(KysoPdfChange *const *) a, *y = *(KysoPdfChange *const *) b;
    gboolean x_allowed = kyso_pdf_comparison_is_allowed(x->kind);
    gboolean y_allowed = kyso_pdf_comparison_is_allowed(y->kind);

    if (x_allowed != y_allowed)
        return x_allowed ? 1 : -1;
    if (x->page != y->page)
        return x->page < y->page ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return g_strcmp0(x->field, y->field);
}

static json_t *
json_field(const char *name)
{
    if (name == NULL)
        return json_null();
    g_autofree char *cut = g_strndup(name, MAX_FIELD);
    g_autofree char *text = g_utf8_make_valid(cut, -1);
    return json_string(text);
}

static json_t *
difference_to_json(Difference *self, KysoPdfDifferenceBudget *budget)
{
    json_t *list = json_array();

    g_ptr_array_sort(self->changes, compare_changes);
    for (guint i = 0; i < self->changes->len && budget->changes_left > 0; i++) {
        const KysoPdfChange *change = self->changes->pdata[i];
        budget->changes_left--;
        json_array_append_new(list,
                              json_pack("{s:s, s:b, s:i, s:o}", "kind",
                                        kyso_pdf_comparison_kind_name(change->kind), "allowed",
                                        (int) kyso_pdf_comparison_is_allowed(change->kind), "page",
                                        (int) change->page, "field", json_field(change->field)));
    }
    return json_pack("{s:s, s:o}", "status", status_of(self), "changes", list);
}

json_t *
kyso_pdf_difference_find(KysoPdfFile *file, const KysoPdfField *field, const gint64 range[4],
                         KysoPdfDifferenceBudget *budget)
{
    g_autoptr(GPtrArray) changes = kyso_pdf_comparison_list_new();
    Difference self = {file, field, {0}, changes};

    if (range != NULL)
        memcpy(self.range, range, sizeof self.range);
    if (range == NULL) {
        add(&self, KYSO_PDF_GAP_WRONG);
    } else if (budget->signatures_left == 0) {
        add(&self, KYSO_PDF_TOO_LARGE);
    } else {
        budget->signatures_left--;
        find(&self);
    }
    return difference_to_json(&self, budget);
}
