/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the fields of one revision look like: one page of a cairo PDF for each, so that they share
 * one subset of the font. Units are points. Main thread only.
 */

#include "agent/document/drawing-text.h"

#define KYSO_APPEARANCE_MAX_IMAGE_SIDE 4096              /* pixels */
#define KYSO_APPEARANCE_MAX_IMAGE_SIZE (8 * 1024 * 1024) /* bytes of the PNG */
typedef struct _KysoAppearance KysoAppearance;

KysoAppearance *kyso_appearance_new(void);
void kyso_appearance_free(KysoAppearance *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoAppearance, kyso_appearance_free)

/* Adds a page of @width × @height with a PNG scaled to fit and centred (-1: none), and over it
 * @text (NULL: none). KYSO_ERROR_IMAGE_UNREADABLE; errors of kyso_drawing_text. After FALSE the
 * object is of no more use. */
gboolean kyso_appearance_add(KysoAppearance *self, double width, double height, int image_fd,
                             const KysoDrawingText *text, GError **error);

/* The PDF, with as many pages as were added, at least one. Once. */
GBytes *kyso_appearance_finish(KysoAppearance *self, GError **error);
