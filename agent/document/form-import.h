/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Turns the pages of a PDF that cairo has drawn into Form XObjects of an increment, under new
 * numbers; what pages share (the font) is copied once.
 */

#include "agent/document/pdf-increment.h"

typedef struct {
    guint32 id;           /* of the form; given by the caller */
    double width, height; /* of the rectangle that shows it, in points of the page */
    int rotate; /* of that page: the form is turned so that it stands upright when shown */
} KysoForm;

/* The sides of the drawing of @form: those of the rectangle, swapped on a page that lies. */
void kyso_form_import_sides(const KysoForm *form, double *ret_width, double *ret_height);

/* Page i of @pdf becomes @forms[i]. KYSO_ERROR_INTERNAL where @pdf is not as cairo makes them. */
gboolean kyso_form_import(KysoPdfIncrement *increment, GBytes *pdf, const KysoForm *forms,
                          guint n_forms, GError **error);

/* A form that shows nothing, for a field not filled yet. */
void kyso_form_import_empty(KysoPdfIncrement *increment, const KysoForm *form);
