/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Places on a page as they are written on the command line: PAGE:x0,y0,x1,y1 in PDF points.
 */

#include "ipc/client/kyso.h"

/* FALSE where @text is no place; *ret is then as it was. */
gboolean kyso_place_parse(const char *text, KysoPlace *ret);

/* "number=PAGE:x0,y0,x1,y1" (also day=, month=, seal=) into @ret. FALSE: not of this form. */
gboolean kyso_place_parse_reserve(const char *text, KysoSignRequest *ret);
