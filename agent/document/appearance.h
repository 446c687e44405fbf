/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the fields of one revision look like: one page of a cairo PDF for each, so that they share
 * one subset of the font. Units are points. Main thread only.
 */

#include "agent/document/drawing-text.h"

/* Points of the drawing, upright; origin at its bottom left. */
typedef struct {
    double x0, y0, x1, y1;
} KysoLookBox;

typedef enum { KYSO_LOOK_TEXT, KYSO_LOOK_IMAGE, KYSO_LOOK_FRAME } KysoLookKind;

/* One thing of several that a field shows, at its place. */
typedef struct {
    KysoLookKind kind;
    KysoLookBox box;
    KysoDrawingText text;
} KysoLookPart;

/* What a field shows. */
typedef struct {
    int image_fd;                /* PNG, borrowed; -1: none */
    double print_width;          /* of the image, at the right edge; 0: as large as fits, centred */
    const KysoDrawingText *text; /* over all of it; NULL: none */
    const GArray *parts;         /* KysoLookPart; NULL or empty: the image takes all the room */
} KysoLook;

typedef struct _KysoAppearance KysoAppearance;

KysoAppearance *kyso_appearance_new(void);
void kyso_appearance_free(KysoAppearance *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoAppearance, kyso_appearance_free)

/* Adds a page of @width × @height with @look. KYSO_ERROR_IMAGE_UNREADABLE; errors of
 * kyso_drawing_text; KYSO_ERROR_PLACE_OUTSIDE where a part or the image has no room. After FALSE
 * the object is of no more use. */
gboolean kyso_appearance_add(KysoAppearance *self, double width, double height,
                             const KysoLook *look, GError **error);

/* The PDF, with as many pages as were added, at least one. Once. */
GBytes *kyso_appearance_finish(KysoAppearance *self, GError **error);
