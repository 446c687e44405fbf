/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the appearance of a filled text field draws. A field that was reserved may lie over what was
 * signed: text over text is seen to be that, a white box with other text on it is not. One thread
 * at a time.
 */

#include "agent/document/pdf-file.h"

/* TRUE where @appearance (the /AP of a widget) draws nothing but dark text in fonts that are fonts:
 * no filled areas, images or other forms, no colour that is near to white or cannot be told. */
gboolean kyso_fill_drawing_is_text(KysoPdfFile *file, KysoQpdfValue appearance);
