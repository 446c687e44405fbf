/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a form field shows, before and after a signature: its dictionary, its widgets, and their
 * appearances. The questions that form-change.h asks; nothing is put down here.
 */

#include "agent/document/pdf-comparison.h"

/* TRUE where no widget of the field and no appearance of one changed. */
gboolean kyso_widget_change_is_unchanged(KysoPdfComparison *comparison, const KysoPdfField *old,
                                         const KysoPdfField *new);

/* TRUE where nothing but value, appearance and harmless flags changed. */
gboolean kyso_widget_change_is_filling(KysoPdfComparison *comparison, const KysoPdfField *old,
                                       const KysoPdfField *new);

/* Of a filled field that is no signature: what it draws now is text, not an area over what was
 * signed; or, of a button, one of the drawings that it had. */
gboolean kyso_widget_change_is_harmless(KysoPdfComparison *comparison, const KysoPdfField *old,
                                        const KysoPdfField *new);

/* The objects of @old may differ: they were filled. An appearance that is in use elsewhere too
 * stays unexplained. */
void kyso_widget_change_explain(KysoPdfComparison *comparison, const KysoPdfField *old);

/* Of a new field: it has no actions or other entries that a signature field does not need. */
gboolean kyso_widget_change_is_plain(KysoPdfComparison *comparison, const KysoPdfField *field);

/* Of a new field: nothing is drawn. */
gboolean kyso_widget_change_is_blank(KysoPdfComparison *comparison, const KysoPdfField *field);

/* Keeps the widgets of a new field: page-change.h lets them into /Annots. */
void kyso_widget_change_keep(KysoPdfComparison *comparison, const KysoPdfField *field);

/* TRUE where @field (of the new revision) neither takes up much of its page nor covers most of a
 * field that was filled or signed: a stamp, not another page over the page. */
gboolean kyso_widget_change_is_modest(KysoPdfComparison *comparison, const KysoPdfField *field);
