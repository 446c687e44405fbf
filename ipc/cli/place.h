/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Places on a page as they are written on the command line and in a list:
 *
 *     PAGE:x0,y0,x1,y1                          in PDF points, from the bottom left of the page
 *     [PAGE:]anchor:[x0,y0,x1,y1:]TEXT          beside a text of the document
 *     template:NAME                             as the administrator has said
 *     auto                                      where the document has room for it
 */

#include "ipc/client/kyso.h"

/* FALSE where @text is no place; *ret is then as it was. *ret borrows from @text. */
gboolean kyso_place_parse(const char *text, KysoPlace *ret);

/* Does it say anything? */
gboolean kyso_place_is_set(const KysoPlace *self);

/* "all", or "number=PLACE" (also day=, month=, seal=) into @ret. FALSE: not of this form. */
gboolean kyso_place_parse_reserve(const char *text, KysoSignRequest *ret);
